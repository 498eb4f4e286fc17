"""Somebody at a browser who uses the keyboard only, and notes everything that is not right."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    ViewportSize,
    expect,
)

from tests.browser.desk import PASSWORD

# No page has that many stops; who has not arrived by then never will.
MOST_TABS = 150

# Playwright's own half minute would only make failures slow.
PATIENCE_MS = 10_000

SMALL_SCREEN: ViewportSize = {"width": 360, "height": 740}

_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_AXE = Axe()

_IS_FOCUSED = "element => element === document.activeElement"
_IS_IN_FOCUSED_GROUP = (
    "element => document.activeElement.type === 'radio'"
    " && document.activeElement.form === element.form"
    " && document.activeElement.name === element.name"
)
_STYLESHEETS = "Array.from(document.styleSheets, sheet => sheet.cssRules.length > 0)"
_OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Visitor:
    """One window of a browser of their own; `complaints` are what was not right in it."""

    def __init__(self, page: Page, desk_url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._desk_url = desk_url
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._note_policy)

    @classmethod
    @contextmanager
    def opened(
        cls, browser: Browser, desk_url: str, *, theme: Any = "light", **options: Any
    ) -> Iterator["Visitor"]:
        """Open a window for the block. `theme` is the system's; `options` are Playwright's."""
        context = browser.new_context(
            color_scheme=theme, locale="en-GB", reduced_motion="reduce", **options
        )
        try:
            yield cls(context.new_page(), desk_url)
        finally:
            context.close()

    # Getting somewhere.

    def visit(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self._desk_url + path)

    def sign_in(self, email: str) -> None:
        self.visit("/sign-in/")
        self.write("E-mail", email)
        self.write("Password", PASSWORD)
        self.follow("button", "Sign in")

    def follow(self, role: Any, name: str) -> None:
        """Go to a link or button, press Enter, and arrive on the next page."""
        self.focus(self.page.get_by_role(role, name=name, exact=True).first)
        self.enter()

    def enter(self, key: str = "Enter") -> None:
        """Press a key that leads to another page, and arrive there."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def speak(self, language: str) -> None:
        """Choose a language in the menu at the top; `language` is its code."""
        self.focus(self.page.locator("[popovertarget=languages]"))
        self.page.keyboard.press("Enter")
        self.focus(self.page.locator(f"#languages button[value={language}]"))
        self.enter()

    # Filling in.

    def focus(self, target: Locator) -> None:
        """Press Tab until `target` has the focus."""
        self._tab_until(target, _IS_FOCUSED)
        expect(target).to_be_focused()

    def write(self, label: str, text: str) -> None:
        self.focus(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, name: str) -> None:
        """Reach the group of a radio button and move to it with the arrows."""
        radio = self.page.get_by_role("radio", name=name)
        self._tab_until(radio, _IS_IN_FOCUSED_GROUP)
        self.page.keyboard.press("Space")
        for _ in range(radio.evaluate("element => element.form[element.name].length")):
            if radio.evaluate(_IS_FOCUSED):
                break
            self.page.keyboard.press("ArrowDown")
        expect(radio).to_be_checked()

    def _tab_until(self, target: Locator, condition: str) -> None:
        for _ in range(MOST_TABS):
            if target.evaluate(condition):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not lead to {target}.")

    # Looking at it.

    def assert_well_made(self) -> None:
        """The page has its style, and axe finds nothing in it, in either theme."""
        loaded = self.page.evaluate(_STYLESHEETS)
        assert loaded == [True] * max(2, len(loaded))
        # Between the themes only colours differ.
        self.page.emulate_media(color_scheme="dark")
        self._assert_no_finding({"type": "rule", "values": ["color-contrast"]})
        self.page.emulate_media(color_scheme="light")
        self._assert_no_finding({"type": "tag", "values": list(_RULES)})

    def assert_fits(self) -> None:
        """On a small telephone, nothing sticks out to the side."""
        with self.on_a_small_screen():
            assert not self.sticks_out(), self.page.url

    @contextmanager
    def on_a_small_screen(self) -> Iterator[None]:
        usual = self.page.viewport_size
        assert usual is not None
        self.page.set_viewport_size(SMALL_SCREEN)
        yield
        self.page.set_viewport_size(usual)

    def sticks_out(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.page.evaluate(_OVERFLOWS))

    def _assert_no_finding(self, rules: dict[str, Any]) -> None:
        found = _AXE.run(
            self.page,
            options={
                "resultTypes": ["violations"],
                "preload": False,  # it copies stylesheets into the page, which our policy refuses
                "runOnly": rules,
            },
        )
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"

    def forget_refusal(self, status: str) -> None:
        """Take back the one complaint that Chromium makes of an answer such as `422 (…)`."""
        assert self.complaints == [
            f"error: Failed to load resource: the server responded with a status of {status}"
        ]
        self.complaints.clear()

    def _note_message(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def _note_policy(self, response: Response) -> None:
        if not response.url.startswith(self._desk_url):
            self.complaints.append(f"{response.url} is not the desk's")
        policy = response.headers.get("content-security-policy", "")
        is_page = response.request.resource_type == "document"
        if "unsafe" in policy or (is_page and "default-src 'self'" not in policy):
            self.complaints.append(f"{response.url} has the policy {policy!r}")
