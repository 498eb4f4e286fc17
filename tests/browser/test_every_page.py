"""Every page that links lead to: axe, the console, a small screen, and five languages."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from msa import clock
from tests.browser.conftest import Visit
from tests.browser.people import CLAIRE, HANNA, INES, NOOR, TOMAS
from tests.browser.test_pages import paths
from tests.browser.visitor import Visitor
from tests.browser.walk import walk

pytestmark = pytest.mark.browser

# Where each begins: their home, and pages that look otherwise for them than for those before.
STARTS: Final = {
    CLAIRE: ["/", "/?show=closed", "/certificates/MSA-FR-10147/contacts/?change=add"],
    INES: ["/queue/", "/queue/?tab=closed"],
    HANNA: ["/roster/", "/queue/views/", "/inbox/", "/escalations/", "/complaints/"],
    TOMAS: ["/pages/", "/handovers/"],
}

# The addresses that the walk does not come by, by the reason.
ELSEWHERE: Final = {
    "a part of a page, or a redirect": """
        certificate-responsible file-look-alikes file-promise incident-draft incident-insertions
        incident-presence incident-responsible incident-templates incident-writing
        notices-bell queue-bulk-acts queue-clocks queue-next queue-rows ready""",
    "a file": """
        attachment attachment-preview call-in-code certificate-version-pdf incident-evidence
        incident-evidence-sheet
        """,
    "only posted to": """
        complaint-closing contact-request-withdrawal escalation-acknowledgement file-draft
        handover-acceptance handover-note incident-acceptance incident-exports incident-follow-ups
        incident-messages incident-messages-handed incident-readings incident-refusals
        incidents-exports mfa_login_webauthn notice-reading notices-read other-sessions-end
        session-end upload uploads incident-reopenings incident-retractions incident-return
        incident-take
        incident-unrelate logout page-acknowledgement point-withdrawal queue-bulk-undoing
        queue-view-position queue-view-removal reply-template-deletion roster-shift-removal
        roster-swap-answer set_language set_theme""",
    "brought about by another test": """
        handover incident-filed login mailbox:html mailbox:list mailbox:mail queue-bulk
        queue-bulk-act roster-new-swap""",
    "reached by a letter, or before signing in": """
        account_login invitation mfa_authenticate openid_connect_callback openid_connect_login
        password_reset password_reset_confirm password_reset_done single-sign-on verify
        verify-form""",
    "asks for a proof or a second factor first": """
        account_reauthenticate mfa_deactivate_totp mfa_edit_webauthn mfa_generate_recovery_codes
        mfa_reauthenticate mfa_reauthenticate_webauthn mfa_remove_webauthn
        mfa_view_recovery_codes""",
    "not in the demo": "certificate-comparison incident-escalation",
}

# Everybody's pages are read in the languages with the longest words, a contact's in all.
LONGEST: Final = ("nl", "ru")


def test_every_page(visit: Visit) -> None:
    people = {email: visit() for email in (*STARTS, NOOR)}
    for email, visitor in people.items():
        visitor.sign_in(email)
        visitor.speak("en")
    furnish(people)
    of_customers: set[str] = set()
    of_staff: set[str] = set()
    walked = {
        email: walk(people[email], starts, of_customers if email == CLAIRE else of_staff)
        for email, starts in STARTS.items()
    }
    elsewhere = {name for names in ELSEWHERE.values() for name in names.split()}
    assert addresses() <= of_customers | of_staff | elsewhere

    for email, theirs in walked.items():
        reader = visit(java_script_enabled=False)
        reader.sign_in(email)
        for language in ("fr", "zh-hans", *LONGEST) if email == CLAIRE else LONGEST:
            reader.speak(language)
            assert too_wide(reader, theirs) == []


def furnish(people: dict[str, Visitor]) -> None:
    """Add what the demo does not have: a complaint, a view, and a pattern of shifts."""
    claire, ines, hanna, noor = (people[email] for email in (CLAIRE, INES, HANNA, NOOR))
    claire.visit("/complaints/new/")
    claire.write("In one line", "Nobody calls back")
    claire.write("What happened, or what you suggest", "We have waited since Monday.")
    claire.follow("button", "Send")
    ines.visit("/queue/views/?tab=overdue")
    ines.write("Name", "What burns")
    ines.follow("button", "Save view")
    hanna.visit("/roster/patterns/new/?office=1")
    hanna.page.get_by_label("Duty manager").select_option(label="Noor Haddad")
    for day in ("Monday", "Sunday"):
        hanna.page.get_by_label(day).check()
    hanna.page.get_by_label("First day").fill(next_week())
    hanna.page.get_by_label("From").fill("02:00")
    hanna.page.get_by_label("Until").fill("03:00")
    hanna.follow("button", "See what this does")
    hanna.assert_well_made()
    hanna.assert_fits()
    hanna.follow("button", "Make this pattern")
    noor.visit(paths(hanna, "a[href^='/roster/shifts/']")[-1])
    noor.follow("link", "Ask a colleague to take it")
    noor.assert_well_made()
    noor.assert_fits()


def next_week() -> str:
    """Return a day whose week has not begun, as a field for dates takes it."""
    return (clock.now().date() + timedelta(days=7)).isoformat()


def addresses() -> set[str]:
    """Name every address of the product but the admin's."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterable[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"
        elif pattern.namespace != "admin":
            below = f"{pattern.namespace}:" if pattern.namespace else prefix
            yield from _names(pattern.url_patterns, below)


def too_wide(reader: Visitor, paths: Iterable[str]) -> list[str]:
    """Return the pages that stick out to the side on a small telephone."""
    found = []
    with reader.on_a_small_screen():
        for path in paths:
            reader.visit(path)
            if reader.sticks_out():
                found.append(path)
    return found
