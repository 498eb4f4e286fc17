"""Files go off while a person writes, and go on by themselves after an interruption."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import CLAIRE
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

INCIDENT = "/incidents/INC-2026-000021/"  # of the demo: Claire's, and open
MEGABYTE = 1024 * 1024


@pytest.fixture
def claire(visit):
    visitor = visit()
    sign_in(visitor)
    return visitor


def sign_in(visitor: Visitor) -> None:
    """Sign in, in English, and go to an incident that can be written to."""
    visitor.sign_in(CLAIRE)
    visitor.speak("en")
    visitor.visit(INCIDENT)
    expect(visitor.page.get_by_label("Your message")).to_be_visible()
    leftover = visitor.page.get_by_role("button", name=re.compile("^Remove "))
    for _ in range(leftover.count()):
        leftover.first.click()
    expect(rows(visitor).get_by_role("button")).to_have_count(0)


def a_file(name="trace.log", size=9):
    return {"name": name, "mimeType": "text/plain", "buffer": b"x" * size}


def choose(visitor, *files):
    visitor.page.get_by_label("Attach files").set_input_files(list(files))


def rows(visitor):
    return visitor.page.get_by_role("list", name="Files to be sent").get_by_role("listitem")


def sent_files(visitor):
    return visitor.page.locator(".message").last.locator("a.attachment")


def send(visitor):
    visitor.write("Your message", "Here it is.")
    visitor.follow("button", "Send")


def test_files_are_sent_while_one_writes_and_go_with_the_message(claire):
    choose(claire, a_file("a.log", 3 * MEGABYTE), a_file("b.log"))
    expect(rows(claire).filter(has_text="Arrived")).to_have_count(2)
    claire.assert_well_made()
    choose(claire, a_file("unwanted.log"))
    expect(rows(claire)).to_have_count(3)
    claire.focus(claire.page.get_by_role("button", name="Remove unwanted.log"))
    claire.page.keyboard.press("Enter")
    expect(rows(claire)).to_have_count(2)
    expect(claire.page.get_by_role("button", name="Remove b.log")).to_be_focused()
    send(claire)
    expect(sent_files(claire)).to_have_text(
        [re.compile(r"a\.log\s+3\.0\sMB"), re.compile(r"b\.log\s+9\sB")]
    )
    expect(rows(claire)).to_have_count(0)


def test_a_message_waits_for_its_files(claire):
    choose(claire, a_file("large.log", 9 * MEGABYTE))
    send(claire)
    expect(sent_files(claire)).to_contain_text("large.log")


def test_a_lost_connection_is_no_loss(claire):
    cut = {"left": 2}

    def unreliable(route):
        if route.request.method == "PATCH" and cut["left"]:
            cut["left"] -= 1
            route.abort()
        else:
            route.continue_()

    claire.page.route("**/uploads/**", unreliable)
    choose(claire, a_file("trace.log", 3 * MEGABYTE))
    expect(rows(claire)).to_contain_text("Arrived")
    claire.complaints[:] = [each for each in claire.complaints if "ERR_FAILED" not in each]
    send(claire)
    expect(sent_files(claire)).to_contain_text("trace.log")


def test_what_arrived_is_there_after_a_reload_and_what_did_not_goes_on(claire):
    choose(claire, a_file("whole.log"))
    expect(rows(claire).filter(has_text="Arrived")).to_have_count(1)

    sent = []

    def first_piece_only(route):
        if route.request.method == "PATCH":
            sent.append(route.request.headers["upload-offset"])
            if len(sent) > 1:
                route.abort()
                return
        route.continue_()

    claire.page.route("**/uploads/**", first_piece_only)
    choose(claire, a_file("half.log", 3 * MEGABYTE))
    bar = rows(claire).filter(has_text="half.log").locator("progress")
    expect(bar).to_have_js_property("value", 1 / 3)
    claire.page.unroute("**/uploads/**")
    claire.page.reload()
    claire.complaints[:] = [each for each in claire.complaints if "ERR_FAILED" not in each]

    expect(rows(claire).filter(has_text="Arrived")).to_contain_text("whole.log")
    interrupted = rows(claire).filter(has_text="half.log")
    expect(interrupted).to_contain_text("Choose the same file again")
    offsets = []
    claire.page.on(
        "request",
        lambda request: (
            offsets.append(request.headers["upload-offset"]) if request.method == "PATCH" else None
        ),
    )
    choose(claire, a_file("half.log", 3 * MEGABYTE))
    expect(interrupted).to_contain_text("Arrived")
    assert offsets[-1] == str(2 * MEGABYTE)
    assert "0" not in offsets
    send(claire)
    expect(sent_files(claire)).to_have_count(2)


def test_what_the_server_refuses_is_said_and_holds_the_message(claire):
    choose(claire, a_file("empty.log", 0))
    expect(rows(claire)).to_contain_text("“empty.log” is empty.")
    claire.complaints[:] = [each for each in claire.complaints if "422" not in each]
    claire.write("Your message", "Here it is.")
    claire.focus(claire.page.get_by_role("button", name="Send"))
    claire.page.keyboard.press("Enter")
    expect(claire.page.locator("[data-note]")).to_contain_text("Some files have not arrived.")
    expect(claire.page.get_by_label("Your message")).to_have_value("Here it is.")
    claire.assert_well_made()


def test_files_are_dropped_on_the_form(claire):
    claire.page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["dropped"], "dropped.log"));
            const form = document.querySelector("form[data-composer]");
            for (const type of ["dragover", "drop"]) {
                form.dispatchEvent(new DragEvent(type, {
                    bubbles: true, cancelable: true, dataTransfer: carried,
                }));
            }
        }"""
    )
    expect(rows(claire)).to_contain_text("dropped.log")
    expect(rows(claire)).to_contain_text("Arrived")


def test_without_a_script_files_go_with_the_form(visit):
    claire = visit(java_script_enabled=False)
    sign_in(claire)
    choose(claire, a_file("plain.log"))
    claire.page.get_by_label("Your message").fill("Here it is.")
    claire.page.get_by_role("button", name="Send").click()
    expect(sent_files(claire).first).to_contain_text("plain.log")
