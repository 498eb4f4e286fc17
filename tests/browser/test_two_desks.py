"""Two technical account managers on one incident: the second learns of it, and no text is lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import ALICE, TESS, TOM
from tests.browser.test_first_journey import compose, file, write_message
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

# Milliseconds. Two beats of the page, and a little more.
HEARD_MS = 25_000


@pytest.fixture
def three(visit):
    """Alice, her account manager Tom and his deputy Tess, each in a browser of their own."""
    alice, tom, tess = visit(), visit(), visit()
    for visitor, email in ((alice, ALICE), (tom, TOM), (tess, TESS)):
        visitor.sign_in(email)
    return alice, tom, tess


def test_the_second_learns_of_it_and_loses_no_text(three):
    alice, tom, tess = three
    reference = file(alice, "Two desks")
    for visitor in (tom, tess):
        visitor.visit(f"/incidents/{reference}/")

    tom.write("Your message", "My own half a")
    expect(tess.page.locator("#presence")).to_contain_text(
        "Tom Peeters is replying", timeout=HEARD_MS
    )
    expect(tom.page.locator("#presence")).to_contain_text(
        "Tess Janssen is reading", timeout=HEARD_MS
    )
    tom.assert_well_made()
    tom.assert_fits()

    write_message(tess, "We look into it.")
    notice = tom.page.locator("#presence .notice")
    expect(notice).to_contain_text(
        "Tess Janssen acted on this incident meanwhile.", timeout=HEARD_MS
    )
    tom.assert_well_made()
    tom.focus(tom.page.get_by_role("link", name="Show", exact=True))
    tom.page.keyboard.press("Enter")
    expect(tom.page.locator(".timeline")).to_contain_text("We look into it.")
    expect(tom.page.get_by_label("Your message")).to_have_value("My own half a")
    expect(notice).to_have_count(0)
    tom.write("Your message", "My own words")
    tom.follow("button", "Send")
    expect(tom.page.locator(".timeline")).to_contain_text("My own words")


def test_who_writes_without_having_seen_the_other_is_told_and_keeps_the_text(three):
    alice, tom, tess = three
    reference = file(alice, "At once")
    for visitor in (tom, tess):
        visitor.visit(f"/incidents/{reference}/")
        visitor.write("Your message", "We look into it.")
    tess.follow("button", "Send")
    tom.follow("button", "Send")
    expect(tom.page.locator(".composer .field-error")).to_contain_text(
        "Meanwhile Tess Janssen acted on this incident."
    )
    expect(tom.page.get_by_label("Your message")).to_have_value("We look into it.")
    tom.forget_refusal("409 (Conflict)")
    tom.follow("button", "Send")
    expect(tom.page.locator(".timeline").get_by_text("We look into it.")).to_have_count(2)


def test_what_is_typed_at_one_desk_is_there_at_the_other(visit, three):
    alice, tom, _tess = three
    other = visit()
    other.sign_in(TOM)
    reference = file(alice, "One draft")
    tom.visit(f"/incidents/{reference}/?act=note")
    expect(tom.page.get_by_label("Your message")).to_be_focused()
    tom.page.keyboard.type("Look into the firewall")
    expect(tom.page.get_by_text("Draft saved")).to_be_visible()
    other.visit(f"/incidents/{reference}/")
    expect(other.page.get_by_label("Your message")).to_have_value("Look into the firewall")
    expect(other.page.get_by_role("radio", name="Internal note")).to_be_checked()
    other.follow("button", "Discard the draft")
    expect(other.page.get_by_label("Your message")).to_have_value("")


def test_points_are_asked_and_answered_with_the_keyboard(three):
    alice, tom, _tess = three
    reference = file(alice, "A list of points")
    tom.visit(f"/incidents/{reference}/")
    tom.choose("Ask")
    tom.focus(tom.page.get_by_role("button", name="Add a point"))
    tom.page.keyboard.press("Enter")
    tom.page.keyboard.type("Which version?")
    tom.page.keyboard.press("Enter")
    tom.page.keyboard.type("Since when?")
    tom.assert_well_made()
    tom.assert_fits()
    tom.page.keyboard.press("Control+Enter")
    expect(tom.page.locator("#points")).to_contain_text("2 of 2 open")
    tom.assert_well_made()

    alice.page.reload()
    alice.assert_well_made()
    alice.assert_fits()
    answer(alice, "2. Since when?", "Since nine.")
    expect(alice.page.locator("#points")).to_contain_text("Since nine.")
    expect(alice.page.get_by_label("1. Which version?")).to_be_visible()
    answer(alice, "1. Which version?", "12.4")
    tom.page.reload()
    expect(tom.page.locator("#points")).to_contain_text("0 of 2 open")
    compose(tom, "Reply to customer", "Thank you.")


def test_a_template_is_written_and_put_in(three):
    alice, tom, _tess = three
    reference = file(alice, "A template")
    tom.visit("/templates/new/")
    tom.write("Name", "Greeting")
    tom.write("English (optional)", "Dear {contact}, about {reference}:")
    tom.assert_well_made()
    tom.assert_fits()
    tom.follow("button", "Save")
    tom.assert_well_made()
    tom.visit(f"/incidents/{reference}/")
    tom.page.get_by_label("Template").select_option(label="Greeting · Reply")
    tom.focus(tom.page.get_by_role("button", name="Insert"))
    tom.page.keyboard.press("Enter")
    words = f"Dear Alice Martin, about {reference}:"
    expect(tom.page.get_by_label("Your message")).to_have_value(words)


def hears(visitor: Visitor, text: str) -> None:
    expect(visitor.page.locator("#presence")).to_contain_text(text, timeout=HEARD_MS)


def answer(alice: Visitor, point: str, text: str) -> None:
    alice.write(point, text)
    alice.follow("button", "Send")
