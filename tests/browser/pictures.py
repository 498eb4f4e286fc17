"""The pictures of the README, taken from the demo: `make pictures`."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ViewportSize

from msa.embedded.layout import PROJECT
from tests.browser.chromium import chromium
from tests.browser.desk import running_desk
from tests.browser.friday import CLARA, TITLE
from tests.browser.visitor import Visitor

FOLDER = PROJECT / "docs" / "pictures"

SCREEN: ViewportSize = {"width": 1440, "height": 900}
STATEMENT: ViewportSize = {"width": 1160, "height": 1240}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}

INES = "ines.duval@northlight.example"  # technical account manager
MEI = "mei.lin@northlight.example"  # another
JAMES = "james.whitcombe@valmorin.example"  # contact
ADA = "ada.novak@northlight.example"  # administrator

INCIDENT = "Undetected worm spreading between depot servers"
CERTIFICATE = "MSA-FR-10147"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_desk(Path(folder) / "var") as desk,
        chromium() as browser,
    ):
        desk.run("-m", "tests.browser.friday")
        for picture in PICTURES:
            with Visitor.opened(browser, desk.url, theme=picture.theme) as visitor:
                visitor.page.set_viewport_size(SCREEN)
                picture.arrange(visitor)
                visitor.page.set_viewport_size(picture.size)
                visitor.page.wait_for_load_state("networkidle")  # panels that a page asks for
                path = FOLDER / f"{picture.name}.png"
                visitor.page.screenshot(path=path)
                assert visitor.complaints == []
                print(path)  # noqa: T201 - it is a command


def _queue(visitor: Visitor, email: str = INES, language: str = "en") -> None:
    visitor.sign_in(email)
    visitor.speak(language)


def _chinese(visitor: Visitor) -> None:
    _queue(visitor, MEI, "zh-hans")


def _russian(visitor: Visitor) -> None:
    _queue(visitor, MEI, "ru")


def _incident(visitor: Visitor) -> None:
    _queue(visitor)
    visitor.follow("link", INCIDENT)


def _filing(visitor: Visitor) -> None:
    visitor.sign_in(JAMES)
    visitor.visit("/incidents/new/")
    visitor.choose("Show the whole list")
    visitor.choose("Product not working properly")
    visitor.page.locator("#file-promise time").first.wait_for()


def _home(visitor: Visitor) -> None:
    visitor.sign_in(JAMES)


def _certificate(visitor: Visitor) -> None:
    visitor.sign_in(ADA)
    visitor.visit("/admin/accounts/certificate/")
    visitor.follow("link", CERTIFICATE)


def _explanation(visitor: Visitor, language: str = "en") -> None:
    visitor.sign_in(CLARA)
    visitor.visit("/?show=ours")
    visitor.page.get_by_role("link", name=TITLE).click()
    visitor.page.goto(f"{visitor.page.url}explanation/")
    visitor.speak(language)


def _explanation_russian(visitor: Visitor) -> None:
    _explanation(visitor, "ru")


def _explanation_chinese(visitor: Visitor) -> None:
    _explanation(visitor, "zh-hans")


@dataclass(frozen=True)
class Picture:
    """A picture's name, and how a new window is led to what it shows."""

    name: str
    arrange: Callable[[Visitor], None]
    theme: str = "light"
    size: ViewportSize = field(default_factory=lambda: SCREEN)


PICTURES = (
    Picture("queue", _queue),
    Picture("queue-dark", _queue, theme="dark"),
    Picture("queue-mobile", _queue, size=TELEPHONE),
    Picture("queue-chinese", _chinese),
    Picture("queue-russian", _russian),
    Picture("incident", _incident),
    Picture("filing", _filing),
    Picture("home", _home),
    Picture("certificate", _certificate),
    Picture("explanation", _explanation, size=STATEMENT),
    Picture("explanation-dark", _explanation, theme="dark", size=STATEMENT),
    Picture("explanation-mobile", _explanation, size=TELEPHONE),
    Picture("explanation-russian", _explanation_russian, size=STATEMENT),
    Picture("explanation-chinese", _explanation_chinese, size=STATEMENT),
)


if __name__ == "__main__":
    main()
