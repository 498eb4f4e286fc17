"""The administrators' page of a request: what would change, approving, declining with a reason."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from accounts.actions.certificates import name_contact, remove_contact
from accounts.actions.contacts import Details, decline_request
from accounts.models import ContactRequest, Role, User
from msa import clock
from tests.accounts.contact_changes import ask as ask_for
from tests.accounts.contact_changes import certificate_of_bob, details_of
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/contactrequest/"
CLEO = Details("Cleo Marsh", "cleo@acme.example", "+33 1 99 00 55 55", "", "nl")
LIST_QUERIES = 12


@pytest.fixture(autouse=True)
def monday_nine():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def ask(cast, kind="add", person=None, details=CLEO, **changes):
    return ask_for(cast, kind, person, details, **changes)


def page_of(request):
    return f"{LIST}{request.pk}/change/"


def words(response):
    main = response.content.decode().partition('id="content-main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def told(response):
    return [str(message) for message in response.context["messages"]]


def test_what_waits_stands_first_the_oldest_on_top(cast, admin):
    hours = [MONDAY_NINE + timedelta(hours=number) for number in range(4)]
    requests = [
        ask(cast, details=Details(f"P{number}", f"p{number}@acme.example"), at=at)
        for number, at in enumerate(hours)
    ]
    for request in requests[:2]:
        decline_request(request=request, reason="No.", actor=cast.ada, at=hours[3])
    shown = admin.get(LIST).context["cl"].result_list
    assert [request.name for request in shown] == ["P2", "P3", "P1", "P0"]


def test_the_list_is_filtered_and_searched(cast, admin):
    ask(cast)
    ask(cast, "remove", cast.bob, Details())
    for query, found in (
        ({"state": "waiting"}, 2),
        ({"state": "approved"}, 0),
        ({"kind": "remove"}, 1),
        ({"customer__id__exact": cast.acme.pk}, 2),
        ({"q": "cleo@"}, 1),
        ({"q": "bob"}, 1),
        ({"q": "MSA-1"}, 2),
        ({"q": "globex"}, 0),
    ):
        assert len(admin.get(LIST, query).context["cl"].result_list) == found, query


def test_the_list_costs_the_same_for_one_row_and_for_three(cast, admin, django_assert_num_queries):
    ask(cast)
    with django_assert_num_queries(LIST_QUERIES):
        admin.get(LIST)
    ask(cast, "remove", cast.bob, Details())
    ask(cast, "correct", cast.alice, details_of(cast.alice, phone="1"))
    with django_assert_num_queries(LIST_QUERIES):
        admin.get(LIST)


def test_the_page_shows_before_and_after(cast, admin):
    page = admin.get(page_of(ask(cast, "replace", cast.bob, note="From May.")))
    assert page.context["lines"] == [
        (
            "Contact",
            "Bob, bob@acme.example",
            "Cleo Marsh, cleo@acme.example, +33 1 99 00 55 55",
        )
    ]
    assert page.context["consequences"] == [
        "Bob can no longer sign in: no other certificate names them.",
        "Cleo Marsh is entered, and invited by mail to choose a password.",
    ]
    text = words(page)
    assert "Asked for by Alice, 2 Mar 2026 09:00 CET" in text
    assert "From May." in text


def test_the_page_of_a_correction_shows_what_differs(cast, admin):
    changed = details_of(cast.bob, phone="+33 1", language="fr")
    page = admin.get(page_of(ask(cast, "correct", cast.bob, changed)))
    assert page.context["lines"] == [("Phone", "", "+33 1"), ("Language", "English", "French")]


def test_who_reads_the_new_mailbox_is_said(cast, admin):
    certificate_of_bob(cast)
    changed = details_of(cast.bob, email="robert@acme.example")
    page = admin.get(page_of(ask(cast, "correct", cast.bob, changed, by=cast.bob)))
    assert page.context["consequences"] == [
        "A new version is issued of MSA-3, too.",
        "Bob signs in with the new address; whoever reads that mailbox gets MSA-1, MSA-3.",
    ]


def test_somebody_on_record_is_shown_as_they_are(cast, admin):
    User.objects.create_user(
        "cleo@acme.example", "a quiet harbour", name="C. Marsh", role="contact", customer=cast.acme
    )
    page = admin.get(page_of(ask(cast)))
    assert page.context["lines"] == [("Contact", "", "C. Marsh, cleo@acme.example")]
    assert page.context["consequences"] == [
        "C. Marsh is on record; their details stay as they are."
    ]


def test_approving(cast, admin):
    request = ask(cast)
    answer = admin.post(f"{LIST}{request.pk}/approve/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert told(answer) == ["Approved. Version 2 of MSA-1 is issued."]
    request = ContactRequest.objects.get()
    assert (request.state, request.decided_by) == ("approved", cast.ada)
    assert request.version == cast.certificate.versions.get(number=2)
    assert list(LogEntry.objects.order_by("pk").values_list("object_repr", "change_message")) == [
        ("Add somebody · MSA-1", "Approved."),
        (
            "MSA-1",
            "Contacts changed: Add somebody (Cleo Marsh), asked for by Alice. Version 2 is issued.",
        ),
    ]


def test_approving_what_prints_nothing(cast, admin):
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, language="fr"))
    answer = admin.post(f"{LIST}{request.pk}/approve/", follow=True)
    assert told(answer) == ["Approved. Nothing that the certificate prints has changed."]


def test_what_is_impossible_by_now_is_shown_and_refused(cast, admin):
    request = ask(cast)
    for number in range(3, 9):
        person = User.objects.create_user(
            f"p{number}@acme.example", name=f"P{number}", role=Role.CONTACT, customer=cast.acme
        )
        name_contact(certificate=cast.certificate, user=person)
    sentence = (
        "This certificate names at most 8 contacts; the slots are taken by Alice, Bob, P3, P4, "
        "P5, P6, P7, P8."
    )
    page = admin.get(page_of(request))
    assert page.context["obstacle"] == sentence
    assert "/approve/" not in page.content.decode()
    answer = admin.post(f"{LIST}{request.pk}/approve/", follow=True)
    assert told(answer) == [f"Not approved: {sentence}"]
    assert ContactRequest.objects.get().state == "waiting"
    assert not User.objects.filter(email="cleo@acme.example").exists()
    assert LogEntry.objects.count() == 0


def test_a_correction_of_somebody_who_left(cast, admin):
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, phone="1"))
    remove_contact(contact=cast.bob.contact_slots.get())
    assert admin.get(page_of(request)).context["obstacle"] == (
        "Bob is not a contact of this certificate."
    )
    answer = admin.post(f"{LIST}{request.pk}/approve/", follow=True)
    assert told(answer) == ["Not approved: Bob is not a contact of this certificate."]


@pytest.mark.parametrize(
    ("email", "name"), [("tom@northlight.example", "Tom"), ("olga@globex.example", "Olga")]
)
def test_an_address_of_staff_or_of_another_customer_is_an_obstacle(cast, admin, email, name):
    request = ask(cast, details=Details("T", email))
    sentence = f"The address {email} belongs to {name}, who cannot be named on this certificate."
    page = admin.get(page_of(request))
    assert (page.context["obstacle"], page.context["consequences"]) == (sentence, [])
    answer = admin.post(f"{LIST}{request.pk}/approve/", follow=True)
    assert told(answer) == [f"Not approved: {sentence}"]


def test_that_who_asked_has_left_is_an_obstacle(cast, admin):
    request = ask(cast, by=cast.bob)
    remove_contact(contact=cast.bob.contact_slots.get())
    sentence = (
        "Bob, who asked, is no longer a contact of this certificate. Please decline the request; "
        "another contact can ask anew."
    )
    assert admin.get(page_of(request)).context["obstacle"] == sentence
    answer = admin.post(f"{LIST}{request.pk}/approve/", follow=True)
    assert told(answer) == [f"Not approved: {sentence}"]
    answer = admin.post(f"{LIST}{request.pk}/decline/", {"reason": "Bob left."}, follow=True)
    assert told(answer) == ["Declined. Bob is told the reason."]


def test_declining_with_a_reason(cast, admin):
    request = ask(cast)
    answer = admin.post(f"{LIST}{request.pk}/decline/", {"reason": "Not of Acme."}, follow=True)
    assert told(answer) == ["Declined. Alice is told the reason."]
    request = ContactRequest.objects.get()
    assert (request.state, request.reason) == ("declined", "Not of Acme.")
    assert LogEntry.objects.get().change_message == "Declined: Not of Acme."
    text = words(admin.get(page_of(request)))
    assert "Reason Not of Acme." in text
    assert "What was asked for" in text


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (" ", "Please give a reason; whoever asked reads it."),
        ("x" * 2001, "Ensure this value has at most 2000 characters (it has 2001)."),
    ],
)
def test_a_bad_reason_is_told_and_kept(cast, admin, reason, error):
    request = ask(cast)
    answer = admin.post(f"{LIST}{request.pk}/decline/", {"reason": reason})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"reason": [error]}
    assert answer.context["form"]["reason"].value() == reason
    assert ContactRequest.objects.get().state == "waiting"


def test_declining_what_is_settled_keeps_the_reason_typed(cast, admin):
    request = ask(cast)
    admin.post(f"{LIST}{request.pk}/approve/")
    answer = admin.post(f"{LIST}{request.pk}/decline/", {"reason": "Too late."})
    assert answer.status_code == 422
    assert "This request has been settled meanwhile: Approved." in words(answer)


@pytest.mark.parametrize("who", ["alice", "olga", "tom", "dana", "hanna"])
def test_nobody_else_decides(cast, signed_in, who):
    request, client = ask(cast), signed_in(getattr(cast, who))
    assert client.get(LIST).status_code == 403
    assert client.get(page_of(request)).status_code == 403
    for act in ("approve", "decline"):
        assert client.post(f"{LIST}{request.pk}/{act}/", {"reason": "No."}).status_code == 403
    assert ContactRequest.objects.get().state == "waiting"


def test_deciding_takes_a_post_and_a_request(cast, admin):
    request = ask(cast)
    for act in ("approve", "decline"):
        assert admin.get(f"{LIST}{request.pk}/{act}/").status_code == 405
        assert admin.post(f"{LIST}999999/{act}/").status_code == 404
    assert admin.get(f"{LIST}999999/change/").status_code == 404
    assert admin.get(f"{LIST}{request.pk}/history/").status_code == 200


def test_nothing_on_the_page_is_inline(cast, admin):
    page = admin.get(page_of(ask(cast))).content.decode()
    assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)[^>]*>", page) == []


def test_the_certificates_page_tells_of_what_waits(signed_in, cast):
    ada = signed_in(cast.ada)
    address = f"/admin/accounts/certificate/{cast.certificate.pk}/change/"
    assert "waits for a decision" not in ada.get(address).content.decode()
    ask(cast)
    link = (
        '<a href="/admin/accounts/contactrequest/?q=MSA-1">'
        "1 change of its contacts waits for a decision.</a>"
    )
    assert link in ada.get(address).content.decode()
