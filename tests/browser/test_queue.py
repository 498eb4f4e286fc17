"""The queue by keyboard: choosing, narrowing while typing, news that move nothing, and undoing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import ALICE, INES, TOM
from tests.browser.test_first_journey import file
from tests.browser.test_pages import inspect

pytestmark = pytest.mark.browser

LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"  # as on coming back to the tab


@pytest.fixture
def ines(visit):
    visitor = visit()
    visitor.sign_in(INES)
    visitor.visit("/queue/")
    visitor.speak("en")
    return visitor


def titles(page):
    return page.locator(".queue-title").all_text_contents()


def focused_title(page):
    return page.evaluate("document.activeElement.textContent")


def test_keys_move_choose_and_open(ines):
    page = ines.page
    listed = titles(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused_title(page) == listed[1]
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator(".queue-check:checked")).to_have_count(3)
    expect(page.locator(".queue-bulk-count")).to_have_text("Chosen: 3")
    ines.assert_well_made()
    ines.assert_fits()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    ines.assert_well_made()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()

    page.keyboard.press("/")
    page.keyboard.type("jjx?")
    assert page.locator("[data-search]").input_value() == "jjx?"
    ines.visit("/queue/")
    page.keyboard.press("j")
    ines.enter()
    expect(page.get_by_role("heading", level=1)).to_have_text(listed[0])


def test_keys_lead_to_the_acts_of_an_incident(ines):
    page = ines.page
    address = page.locator(".queue-title").first.get_attribute("href")
    acts = {"r": "?act=reply", "n": "?act=note", "a": "assignment/", "e": "escalations/"}
    for key, act in acts.items():
        ines.visit("/queue/")
        page.keyboard.press("j")
        ines.enter(key)
        assert page.url.endswith(f"{address}{act}")


def test_all_clocks_are_shown_on_focus_and_on_hover(ines):
    page = ines.page
    clocks = page.locator("#queue-clocks")
    link = page.locator(".queue-clock-link").first
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(clocks).to_be_visible()
    expect(clocks.locator(".clock-label").first).to_be_visible()
    ines.assert_well_made()
    page.keyboard.press("Escape")
    expect(clocks).to_be_hidden()
    page.locator(".queue-clock-link").nth(1).hover()
    expect(clocks).to_be_visible()
    clocks.hover()
    page.wait_for_timeout(500)
    expect(clocks).to_be_visible()
    page.locator("h1").hover()
    expect(clocks).to_be_hidden()


def test_typing_narrows_keeps_the_focus_and_says_how_many(ines):
    page = ines.page
    word = page.locator(".queue .mono").first.text_content()[:-1]
    page.keyboard.press("/")
    page.keyboard.type(word)
    expect(page).to_have_url(re.compile(rf"/queue/\?q={word}$"))
    expect(page.locator("#announce")).to_have_text(re.compile(r"^\d+ incidents?$"))
    expect(page.locator(".chip")).to_contain_text(word)
    expect(page.locator("[data-search]")).to_be_focused()
    assert all(word in row for row in page.locator("tbody tr").all_text_contents())
    page.keyboard.press("Control+a")
    page.keyboard.type("nothing is called so")
    expect(page.get_by_text("Nothing open matches")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")
    expect(page).to_have_url(re.compile(r"/queue/$"))
    expect(page.locator(".chip")).to_have_count(0)


def test_the_filter_opens_narrows_and_is_saved_as_a_view(ines):
    page = ines.page
    ines.focus(page.get_by_role("button", name="Filter"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("form", name="Filter")).to_be_visible()
    ines.assert_well_made()
    page.get_by_role("checkbox", name="Critical").check()
    page.get_by_label("Side").select_option("vendor")
    ines.follow("button", "Show")
    expect(page).to_have_url(re.compile(r"severity=1"))
    expect(page.locator(".chip")).to_have_count(2)
    ines.follow("link", "Save view")
    ines.write("Name", "Critical and ours")
    ines.follow("button", "Save view")
    expect(page.locator("#queue-views")).to_contain_text("Critical and ours")
    ines.assert_well_made()
    inspect(ines, "/queue/views/")
    inspect(ines, "/queue/preference/")
    inspect(ines, "/queue/filter/?severity=1")
    inspect(ines, "/queue/views/?severity=2")


def test_news_move_no_row_under_the_cursor(visit):
    alice, tom = visit(), visit()
    alice.sign_in(ALICE)
    file(alice, "First of all")
    tom.sign_in(TOM)
    tom.visit("/queue/")
    page = tom.page
    page.keyboard.press("j")
    before = titles(page)
    alice.visit("/")
    file(alice, "Second of all")
    page.evaluate(LOOK_NOW)
    news = page.locator("#queue-news")
    expect(news).to_be_visible()
    expect(news).to_contain_text("Show new 1")
    expect(page.locator("#announce")).to_contain_text("Second of all")
    assert titles(page) == before
    assert focused_title(page) == before[0]
    tom.assert_well_made()
    page.keyboard.press(".")
    expect(page.locator(".queue-title")).to_have_count(len(before) + 1)
    expect(news).to_be_hidden()
    assert focused_title(page) == before[0]


def test_rows_that_would_move_are_counted_and_stay(ines):
    """The list that a poll brings is turned about, as if deadlines had come nearer."""
    page = ines.page
    page.keyboard.press("j")
    before = titles(page)
    page.evaluate("""async () => {
        const list = document.getElementById("queue");
        const answer = await fetch(list.dataset.poll, { headers: { "HX-Request": "true" } });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const rows = fresh.querySelectorAll("tr[data-reference]");
        rows[0].parentNode.append(rows[0], rows[1]);
        const detail = { html: fresh.documentElement.outerHTML };
        const news = new CustomEvent("msa:fresh", { bubbles: true, cancelable: true, detail });
        list.dispatchEvent(news);
    }""")
    expect(page.get_by_role("button", name="Show moved 2", exact=True)).to_be_visible()
    assert titles(page) == before
    page.keyboard.press(".")
    expect(page.locator("#queue-news")).to_be_hidden()
    assert titles(page) == [*before[2:], *before[:2]]


def test_going_back_leads_to_the_row_that_was_opened(ines):
    page = ines.page
    listed = titles(page)
    for _ in range(3):
        page.keyboard.press("j")
    ines.enter()
    expect(page.get_by_role("heading", level=1)).to_have_text(listed[2])
    page.go_back()
    expect(page.locator(".queue-title").nth(2)).to_be_focused()


def test_an_act_on_many_is_previewed_done_and_undone(ines):
    page = ines.page
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_label("What to do").select_option("follow")
    ines.focus(page.get_by_role("button", name="Preview"))
    ines.enter()
    expect(page.get_by_role("heading", level=1)).to_have_text("Follow")
    ines.assert_well_made()
    ines.assert_fits()
    ines.follow("button", "Do it for 2 incidents")
    expect(page.locator("#queue-undo")).to_contain_text("Follow: done for 2 incidents.")
    ines.assert_well_made()
    page.locator("#queue-undo").get_by_role("button", name="Dismiss").click()
    ines.visit("/queue/")
    expect(page.locator("#queue-undo")).to_have_count(0)
    page.evaluate("sessionStorage.clear()")
    ines.visit("/queue/")
    ines.follow("button", "Undo")
    expect(page.locator("#queue-undo")).to_have_count(0)
    expect(page.get_by_text("It is undone.")).to_be_visible()


def test_columns_and_density_are_chosen_by_keyboard(ines):
    page = ines.page
    ines.visit("/queue/preference/")
    ines.focus(page.get_by_role("checkbox", name="Certificate"))
    page.keyboard.press("Space")
    ines.choose("Compact")
    ines.follow("button", "Save")
    expect(page.get_by_role("columnheader", name="Certificate")).to_be_visible()
    expect(page.locator(".queue.is-compact")).to_be_visible()
    ines.assert_well_made()
    ines.assert_fits()
