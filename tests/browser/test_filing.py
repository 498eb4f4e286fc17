"""Filing under stress: found by two questions, kept whatever happens, confirmed at once."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import ALICE, TOM
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

# Keys and clicks apart, what a person does: two answers, two texts, and the button.
STEPS_MOST = 6


@pytest.fixture
def alice(visit):
    visitor = visit()
    visitor.sign_in(ALICE)
    return visitor


def test_two_questions_two_texts_and_it_is_filed(alice):
    alice.visit("/incidents/new/")
    alice.assert_well_made()
    alice.assert_fits()
    steps = [
        lambda: alice.choose("The product"),
        lambda: alice.choose("Something important"),
        lambda: alice.write("What is wrong?", "The console hangs"),
        lambda: alice.write("What happened?", "Since nine, for everybody."),
        lambda: alice.follow("button", "File incident"),
    ]
    assert len(steps) < STEPS_MOST
    for step in steps[:2]:
        step()
    expect(alice.page.get_by_role("radio", name="Product not working properly")).to_be_checked()
    expect(promise(alice)).to_contain_text("Qualified response at the latest")
    alice.assert_well_made()
    for step in steps[2:]:
        step()

    expect(alice.page).to_have_url(re.compile(r"/incidents/INC-\d{4}-\d{6}/filed/$"))
    expect(alice.page.get_by_text("We have received it.")).to_be_visible()
    expect(alice.page.locator("#filed-reference")).to_have_text(re.compile(r"^INC-\d{4}-\d{6}$"))
    expect(alice.page.locator(".responsible-now")).to_contain_text("Tom Peeters")
    alice.assert_well_made()
    alice.assert_fits()
    alice.follow("link", "To the incident")
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("The console hangs")


def test_the_answers_narrow_the_list_and_the_whole_of_it_is_one_choice_away(alice):
    alice.visit("/incidents/new/")
    assert shown(alice) == []
    alice.choose("Malware")
    assert shown(alice) == []
    alice.choose("Our business Work has stopped")
    assert shown(alice) == [
        "Network down because of malware",
        "Outbreak of an undetected virus",
        "False alarm on a critical file",
    ]
    alice.page.get_by_role("radio", name="Outbreak of an undetected virus").check()
    alice.page.get_by_role("radio", name="A question or a request").check()
    assert shown(alice) == []
    expect(alice.page.get_by_role("radio", name="Our business Work has stopped")).to_have_count(0)
    alice.page.get_by_role("radio", name="Show the whole list").check()
    assert len(shown(alice)) == 13


def test_without_a_script_the_answers_narrow_it_too(visit):
    alice = visit(java_script_enabled=False)
    alice.sign_in(ALICE)
    alice.visit("/incidents/new/")
    alice.choose("The product")
    alice.choose("A part of it")
    assert shown(alice) == ["Part of the product fails"]
    alice.choose("Part of the product fails")
    alice.write("What is wrong?", "One button is dead")
    alice.write("What happened?", "It does nothing.")
    alice.follow("button", "Show what we promise")
    alice.visit("/")
    alice.visit("/incidents/new/")
    expect(alice.page.get_by_text("You had begun this and not filed it.")).to_be_visible()
    expect(alice.page.get_by_label("What happened?")).to_have_value("It does nothing.")
    alice.follow("button", "File incident")
    expect(alice.page.get_by_text("We have received it.")).to_be_visible()
    alice.follow("link", "To the incident")
    alice.visit("/incidents/new/")
    expect(alice.page.get_by_label("What is wrong?")).to_have_value("")


def test_what_is_typed_survives_a_reload_and_is_there_on_another_machine(alice, visit):
    begin(alice, "Half a title")
    alice.page.reload()
    expect(alice.page.get_by_label("What is wrong?")).to_have_value("Half a title")
    alice.assert_well_made()

    other = visit()
    other.sign_in(ALICE)
    other.visit("/incidents/new/")
    expect(other.page.get_by_label("What is wrong?")).to_have_value("Half a title")
    other.follow("button", "Discard it and begin anew")
    expect(other.page.get_by_label("What is wrong?")).to_have_value("")


def test_an_expired_session_loses_nothing(alice):
    begin(alice, "Signed out meanwhile")
    alice.page.context.clear_cookies(name="sessionid")
    alice.write("What happened?", "All of it is still there.")
    alice.page.wait_for_timeout(2_000)  # the save that is answered with the sign-in page
    alice.complaints.clear()
    alice.follow("button", "File incident")
    alice.write("E-mail", ALICE)
    alice.write("Password", "northlight")
    alice.follow("button", "Sign in")

    expect(alice.page.get_by_text("You had been signed out.")).to_be_visible()
    expect(alice.page.get_by_label("What is wrong?")).to_have_value("Signed out meanwhile")
    expect(alice.page.get_by_label("What happened?")).to_have_value("All of it is still there.")
    expect(saved(alice)).to_have_text("Draft saved")
    alice.follow("button", "File incident")
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("Signed out meanwhile")


def test_going_back_after_filing_files_nothing_again(alice):
    begin(alice, "Filed and gone back")
    alice.write("What happened?", "Once.")
    alice.follow("button", "File incident")
    alice.page.reload()
    alice.page.go_back()
    expect(alice.page.get_by_label("What is wrong?")).to_have_value("")
    alice.visit("/")
    expect(alice.page.get_by_role("link", name="Filed and gone back", exact=True)).to_have_count(1)


def test_what_looks_alike_is_shown_while_the_title_is_typed(alice, visit):
    begin(alice, "The quarantine folder overflows")
    alice.write("What happened?", "It is full.")
    alice.follow("button", "File incident")
    alice.visit("/incidents/new/")
    alice.write("What is wrong?", "quarantine overflow")

    alike = alice.page.get_by_role("region", name="Is it one of these?")
    expect(alike).to_contain_text("already filed, still open")
    alice.assert_well_made()
    alice.assert_fits()

    tom = visit()
    tom.sign_in(TOM)
    tom.visit("/incidents/new/")
    assert len(shown(tom)) == 13
    alice.write("What is wrong?", " ")
    expect(alike).to_have_count(0)


def begin(alice: Visitor, title: str) -> None:
    """Fill in all but what happened, and wait until the server has it."""
    alice.visit("/incidents/new/")
    alice.choose("A question or a request")
    alice.choose("I cannot tell")
    alice.choose("Information or documentation")
    expect(promise(alice)).to_contain_text("Qualified response at the latest")
    alice.write("What is wrong?", title)
    expect(saved(alice)).to_have_text("Draft saved")
    time.sleep(1.2)  # the last key's save


def promise(visitor: Visitor):
    return visitor.page.locator("#file-promise")


def saved(visitor: Visitor):
    return visitor.page.locator("[data-draft-state]")


def shown(visitor: Visitor) -> list[str]:
    cards = visitor.page.locator(".finder-list .category-card b")
    return [card.inner_text() for card in cards.all() if card.is_visible()]
