"""What the script adds to pages that work without it."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import ALICE
from tests.browser.test_first_journey import file

pytestmark = pytest.mark.browser


@pytest.fixture
def alice(visit):
    visitor = visit()
    visitor.sign_in(ALICE)
    return visitor


def test_typed_text_survives_a_reload(alice):
    file(alice, "Drafts stay")
    alice.write("Your message", "Half a sent")
    alice.page.reload()
    expect(alice.page.get_by_label("Your message")).to_have_value("Half a sent")
    expect(alice.page.get_by_text("Your unsent text was restored.")).to_be_visible()


def test_a_double_click_files_one_incident(alice):
    alice.visit("/incidents/new/")
    alice.choose("Show the whole list")
    alice.choose("Information or documentation")
    expect(alice.page.locator("#file-promise")).to_contain_text("Qualified response at the latest")
    alice.write("What is wrong?", "Clicked twice")
    alice.write("What happened?", "My finger slipped.")
    button = alice.page.get_by_role("button", name="File incident")
    button.dblclick()
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("Clicked twice")
    alice.visit("/incidents/?q=Clicked+twice")
    expect(alice.page.get_by_role("link", name="Clicked twice", exact=True)).to_have_count(1)


def test_the_theme_is_chosen_with_the_keyboard_and_stays(alice):
    alice.focus(alice.page.get_by_role("button", name="Dark").first)
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("html")).to_have_attribute("data-theme", "dark")
    alice.page.reload()
    expect(alice.page.locator("html")).to_have_attribute("data-theme", "dark")
    assert alice.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_the_language_is_chosen_with_the_keyboard_and_stays(alice):
    for language in ("nl", "en"):
        alice.speak(language)
        alice.page.reload()
        expect(alice.page.locator("html")).to_have_attribute("lang", language)
