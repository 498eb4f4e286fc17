"""Pages that no walk comes by: before signing in, of the admin, and after a refusal."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.desk import MAIL_SECONDS
from tests.browser.people import ALICE
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

ADA = "ada.novak@northlight.example"  # an administrator

ANY_MAIL = "main tbody th a"
ANY_RECORD = "#result_list tbody th a"


def test_the_pages_before_signing_in(visit):
    visitor = visit()
    for path in ("/sign-in/", "/mailbox/"):
        inspect(visitor, path)
    await_mail(visitor)
    inspect(visitor, first(visitor, ANY_MAIL))


def test_the_pages_of_an_administrator(visit):
    ada = visit()
    ada.sign_in(ADA)
    for path in ("/admin/", "/admin/what-if/", "/admin/accounts/certificate/"):
        inspect(ada, path)
    record = first(ada, ANY_RECORD)
    inspect(ada, record)
    inspect(ada, record.replace("/change/", "/history/"))
    inspect(ada, f"/admin/accounts/certificate/renew/?ids={record.split('/')[-3]}")
    for path in ("certificate", "customer", "user"):
        inspect(ada, f"/admin/accounts/{path}/import/")


def test_a_filing_that_is_refused(visit):
    """It leads to what is wrong, and keeps what was typed."""
    alice = visit()
    alice.sign_in(ALICE)
    alice.visit("/incidents/new/")
    alice.choose("Show the whole list")
    alice.choose("Information or documentation")
    alice.write("What is wrong?", " ")
    alice.write("What happened?", "Where is the manual?")
    alice.follow("button", "File incident")

    alice.forget_refusal("422 (Unprocessable Entity)")
    expect(alice.page.locator(".error-summary")).to_be_focused()
    expect(alice.page.get_by_label("What happened?")).to_have_value("Where is the manual?")
    alice.assert_well_made()
    alice.focus(alice.page.get_by_role("link", name="What is wrong?"))
    alice.page.keyboard.press("Enter")
    expect(alice.page.get_by_label("What is wrong?")).to_be_focused()


def inspect(visitor: Visitor, path: str) -> None:
    visitor.visit(path)
    assert visitor.page.url.endswith(path)
    visitor.assert_well_made()
    visitor.assert_fits()


def await_mail(visitor: Visitor) -> None:
    """Reload the mailbox until the demo's first mails are sent."""
    deadline = time.monotonic() + MAIL_SECONDS
    while not visitor.page.locator(ANY_MAIL).count() and time.monotonic() < deadline:
        visitor.page.reload()


def first(visitor: Visitor, selector: str) -> str:
    return paths(visitor, selector)[0]


def paths(visitor: Visitor, selector: str) -> list[str]:
    """Return where the links lead, of which there is at least one."""
    found: list[str] = visitor.page.eval_on_selector_all(
        selector, "links => links.map(link => link.getAttribute('href'))"
    )
    assert found != []
    return found
