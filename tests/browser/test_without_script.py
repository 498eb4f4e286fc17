"""Everything that matters, in a browser that runs no script."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import ALICE, TOM
from tests.browser.test_first_journey import compose, write_message

pytestmark = pytest.mark.browser


def test_filing_answering_and_replying(visit):
    alice, tom = visit(java_script_enabled=False), visit(java_script_enabled=False)
    alice.sign_in(ALICE)
    alice.follow("link", "New incident")
    alice.choose("Show the whole list")
    alice.choose("Information or documentation")
    alice.write("What is wrong?", "The manual is missing")
    alice.write("What happened?", "Where is it?")
    alice.follow("button", "File incident")
    promise = alice.page.locator("#file-promise")
    expect(promise).to_contain_text("Please read by when we answer, then file it.")
    expect(promise).to_contain_text("Qualified response at the latest")
    alice.follow("button", "File incident")
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("The manual is missing")

    tom.sign_in(TOM)
    tom.follow("link", "The manual is missing")
    compose(tom, "Reply to customer", "It is on its way.")
    expect(tom.page.locator(".clock.is-met")).to_have_count(1)

    alice.page.reload()
    expect(alice.page.locator(".timeline")).to_contain_text("It is on its way.")
    write_message(alice, "Thank you.")
