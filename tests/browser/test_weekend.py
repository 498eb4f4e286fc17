"""From Friday evening to Monday morning: the office hands over, a response is missed at night, and
the customer escalates to the top. The clock is the test's (`stage`).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.stage import Stage, raised_stage
from tests.browser.test_first_journey import file
from tests.browser.visitor import Visitor
from tests.browser.weekend import BRUNO, CLARA, CRASH, DANA, LINES, LUC, REPORTS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with raised_stage(tmp_path_factory.mktemp("stage"), LINES) as raised:
        yield raised


@pytest.fixture
def enter(browser: Browser, stage: Stage) -> Iterator[Callable[[str], Visitor]]:
    """Return a way to sign in on the stage; nobody may have seen anything that is not right."""
    with ExitStack() as windows:
        visitors = []

        def sign_in(email: str) -> Visitor:
            visitor = windows.enter_context(Visitor.opened(browser, stage.url))
            visitor.sign_in(email)
            visitors.append(visitor)
            return visitor

        yield sign_in
        for visitor in visitors:
            assert visitor.complaints == []


def test_a_weekend(stage, enter):
    luc = enter(LUC)
    leave_a_note(luc)

    stage.let_time_pass("2026-11-27T18:00:15+01:00")
    dana = enter(DANA)
    take_over(dana, "Luc Aubry hands over to Dana Roux", REPORTS)

    stage.let_time_pass("2026-11-28T02:30:00+01:00")
    clara = enter(CLARA)
    reference = file(clara, CRASH)  # at night: the clock waits for her call
    dana_logs_the_call(dana, reference)

    stage.let_time_pass("2026-11-28T03:00:15+01:00")
    the_breach_pages(dana, reference)
    the_portal_tells_of_level(clara, reference, 2, "Hanna Berg")

    stage.let_time_pass("2026-11-28T03:20:00+01:00")
    escalate(clara, reference)
    the_portal_tells_of_level(clara, reference, 3, "Bruno Sand")
    bruno = enter(BRUNO)
    take_up(bruno, reference)
    clara.visit(f"/incidents/{reference}/")
    expect(clara.page.locator("#level-3")).to_contain_text("Our best people are on it.")

    stage.let_time_pass("2026-11-30T09:00:15+01:00")
    take_over(luc, "Dana Roux hands over to Luc Aubry", CRASH)


def leave_a_note(luc: Visitor) -> None:
    luc.visit("/handovers/next/")
    luc.write("Your note for who takes over (optional)", "Clara expects a call on Monday.")
    luc.follow("button", "Keep the note")
    luc.assert_well_made()
    luc.assert_fits()


def take_over(person: Visitor, heading: str, title: str) -> None:
    """Find the handover from the banner, read it, and accept it."""
    person.visit("/queue/")
    person.follow("link", "See and accept")
    person.focus(person.page.locator(".handover-lines a").first)
    person.enter()
    expect(person.page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(person.page.get_by_role("link", name=title).first).to_be_visible()
    person.assert_well_made()
    person.assert_fits()
    person.follow("button", "Accept the handover")
    expect(person.page.get_by_text("Accepted by")).to_be_visible()
    person.visit("/queue/")
    expect(person.page.get_by_role("link", name="See and accept")).to_have_count(0)


def dana_logs_the_call(dana: Visitor, reference: str) -> None:
    """Her call starts the half hour."""
    dana.visit(f"/incidents/{reference}/calls/")
    dana.page.get_by_label("Caller").select_option(label="Clara Hoffmann")
    dana.write("Summary", "She reports the crash by phone as well.")
    dana.follow("button", "Log the call")


def the_breach_pages(dana: Visitor, reference: str) -> None:
    dana.visit("/queue/")
    dana.follow("link", "See and acknowledge")
    expect(dana.page.locator("main")).to_contain_text("Response time missed")
    dana.assert_well_made()
    dana.assert_fits()
    acknowledge(dana)
    dana.visit(f"/incidents/{reference}/")
    expect(dana.page.locator(".timeline")).to_contain_text("The response time was missed")
    expect(dana.page.locator("#level-2")).to_contain_text("By a missed response time")


def acknowledge(person: Visitor) -> None:
    person.focus(person.page.get_by_role("button", name="Acknowledge").first)
    person.enter()


def the_portal_tells_of_level(clara: Visitor, reference: str, level: int, reached: str) -> None:
    clara.visit(f"/incidents/{reference}/")
    step = clara.page.locator(f"#level-{level}")
    expect(step).to_contain_text(reached)
    expect(step).to_contain_text("Waits for us")
    clara.assert_well_made()
    clara.assert_fits()


def escalate(clara: Visitor, reference: str) -> None:
    clara.visit(f"/incidents/{reference}/escalations/")
    clara.write("Your message", "Nobody has answered, and we stand still.")
    clara.follow("button", "Escalate")


def take_up(bruno: Visitor, reference: str) -> None:
    """Acknowledge with one key press, then answer, which the customer reads."""
    bruno.visit("/escalations/")
    bruno.assert_well_made()
    bruno.assert_fits()
    acknowledge(bruno)
    bruno.focus(bruno.page.get_by_role("link", name="Answer").first)
    bruno.enter()
    bruno.write("Your message", "Our best people are on it.")
    bruno.follow("button", "Answer")
