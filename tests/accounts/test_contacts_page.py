"""The page of a certificate's contacts, and the forms by which changes are asked for."""

import re
from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from accounts.actions.certificates import name_contact
from accounts.actions.contacts import Details, decline_request, withdraw_request
from accounts.models import ContactRequest
from msa import clock
from tests.accounts.contact_changes import LATER, approve, ask, certificate_of_bob, colleague
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

PAGE = "/certificates/MSA-1/contacts/"
QUERIES = 13
ONE_PLAIN_LINE = (
    "Please leave out line breaks, control characters, and marks that turn the writing."
)


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


def words(response):
    main = response.content.decode().partition('<main id="main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def form(**changes):
    return {
        "submission": "00000000-0000-4000-8000-000000000001",
        "name": "Cleo Marsh",
        "email": "cleo@acme.example",
        "phone": "",
        "mobile": "",
        "language": "nl",
        "note": "",
        **changes,
    }


def test_the_page_shows_slots_what_waits_and_what_was_decided(signed_in, cast):
    decline_request(request=ask(cast), reason="Not of Acme.", actor=cast.ada, at=LATER)
    ask(cast, "remove", cast.bob)
    page = signed_in(cast.alice).get(PAGE)

    assert page.status_code == 200
    text = words(page)
    assert "2 of 8 slots taken" in text
    assert "6 slots are free." in text
    assert "Alice (you) Slot 1" in text
    assert "Change is waiting" in text
    assert "Earlier requests Add somebody Cleo Marsh" in text
    assert "Not of Acme. Declined" in text


def test_the_page_costs_the_same_for_one_row_and_for_three(
    signed_in, cast, django_assert_num_queries
):
    client = signed_in(cast.alice)
    decline_request(request=ask(cast), reason="No.", actor=cast.ada, at=LATER)
    ask(cast)
    client.get(PAGE)
    with django_assert_num_queries(QUERIES):
        client.get(PAGE)
    for number in (3, 4):
        name_contact(certificate=cast.certificate, user=colleague(cast, number))
        request = ask(cast, details=Details(f"D{number}", f"d{number}@acme.example"))
        decline_request(request=request, reason="No.", actor=cast.ada, at=LATER)
        ask(cast, details=Details(f"E{number}", f"e{number}@acme.example"))
    with django_assert_num_queries(QUERIES):
        client.get(PAGE)


def test_a_change_is_asked_for_once(signed_in, cast):
    client = signed_in(cast.alice)
    for _time in range(2):
        answer = client.post(f"{PAGE}?change=add", form())
        assert (answer.status_code, answer.url) == (302, PAGE)
    assert ContactRequest.objects.get().email == "cleo@acme.example"
    client.post(f"{PAGE}?change=add", form(name="Dora", email="dora@acme.example"))
    assert ContactRequest.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "typed", "field", "error"),
    [
        ("add", {"email": "bob@acme.example"}, "email", "Bob is a contact already."),
        ("add", {"email": "nope"}, "email", "Enter a valid email address."),
        ("add", {"name": " "}, "name", "This field is required."),
        ("add", {"submission": "x"}, "submission", "Enter a valid UUID."),
        *(
            ("add", {field: f"1{mark}2"}, field, ONE_PLAIN_LINE)
            for field in ("name", "phone", "mobile")
            for mark in ("\n", "\t", "\x1b", "\x85", "\u2028", "\u202e", "\u2066", "\u2069")
        ),
    ],
)
def test_bad_input_keeps_what_was_typed(signed_in, cast, change, typed, field, error):
    answer = signed_in(cast.alice).post(f"{PAGE}?change={change}", form(note="Soon", **typed))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [error]}
    assert 'name="note"' in answer.content.decode()
    assert ">\nSoon</textarea>" in answer.content.decode()
    assert ContactRequest.objects.count() == 0


def test_a_correction_starts_with_the_details_on_record(signed_in, cast):
    page = signed_in(cast.alice).get(f"{PAGE}?change=correct&person={cast.bob.pk}")
    assert 'value="bob@acme.example"' in page.content.decode()
    assert "Correct the details of Bob" in words(page)


def test_whoever_left_meanwhile_is_not_corrected(signed_in, cast):
    client = signed_in(cast.alice)
    for person in (cast.olga.pk, "x", ""):
        answer = client.get(f"{PAGE}?change=remove&person={person}", follow=True)
        assert answer.redirect_chain == [(PAGE, 302)]
        assert "That person is not a contact of this certificate (any more)." in words(answer)


def test_who_sees_the_page(signed_in, cast):
    certificate_of_bob(cast)
    seen = {
        name: signed_in(getattr(cast, name)).get("/certificates/MSA-3/contacts/").status_code
        for name in ("alice", "bob", "olga", "tom", "tess", "erik", "hanna", "ada")
    }
    assert seen == {
        "alice": 404,
        "bob": 200,
        "olga": 404,
        "tom": 200,
        "tess": 404,
        "erik": 404,
        "hanna": 200,
        "ada": 200,
    }


def test_staff_look_and_do_not_ask(signed_in, cast):
    request = ask(cast)
    client = signed_in(cast.tom)
    assert "Add a contact" not in words(client.get(PAGE))
    assert client.post(f"{PAGE}?change=add", form()).status_code == 403
    assert client.post(f"{PAGE}requests/{request.pk}/withdrawal/").status_code == 403


def test_withdrawing_on_the_page(signed_in, cast):
    request = ask(cast)
    address = f"{PAGE}requests/{request.pk}/withdrawal/"
    assert signed_in(cast.olga).post(address).status_code == 404
    assert signed_in(cast.bob).get(address).status_code == 405
    answer = signed_in(cast.bob).post(address, follow=True)
    assert "The request is withdrawn." in words(answer)
    other = ask(cast)
    approve(cast, other)
    answer = signed_in(cast.bob).post(f"{PAGE}requests/{other.pk}/withdrawal/", follow=True)
    assert "This request has been settled meanwhile: Approved." in words(answer)


def test_an_unknown_change_is_not_found(signed_in, cast):
    assert signed_in(cast.alice).get(f"{PAGE}?change=promote").status_code == 404
    assert signed_in(cast.alice).post(PAGE, form()).status_code == 404


def test_asking_is_limited(signed_in, cast):
    client = signed_in(cast.alice)
    answers = [client.post(f"{PAGE}?change=add", form()).status_code for _time in range(31)]
    assert answers == [302] * 30 + [429]
    other = form(name="Dora", email="dora@acme.example")
    assert signed_in(cast.bob).post(f"{PAGE}?change=add", other).status_code == 302


@pytest.mark.parametrize(
    "email", ["tom@northlight.example", "olga@globex.example", "nobody@acme.example"]
)
def test_the_answer_does_not_tell_who_is_known(signed_in, cast, email):
    client = signed_in(cast.alice)
    answers = [
        client.post(f"{PAGE}?change={change}", form(email=email), follow=True)
        for change in ("add", f"correct&person={cast.bob.pk}")
    ]
    assert [answer.redirect_chain for answer in answers] == [[(PAGE, 302)]] * 2
    assert list(ContactRequest.objects.values_list("email", flat=True)) == [email] * 2


@pytest.mark.parametrize("name", ["Zoë O’Neill-Ødegård", "Ольга Иванова", "王小明", "נועה"])
def test_names_of_the_world_are_names(signed_in, cast, name):
    answer = signed_in(cast.alice).post(f"{PAGE}?change=add", form(name=name))
    assert (answer.status_code, ContactRequest.objects.get().name) == (302, name)


def test_sent_again_after_it_was_withdrawn_it_is_asked_anew_only_knowingly(signed_in, cast):
    client = signed_in(cast.alice)
    client.post(f"{PAGE}?change=add", form())
    withdraw_request(request=ContactRequest.objects.get(), actor=cast.bob, at=LATER)
    answer = client.post(f"{PAGE}?change=add", form())
    assert answer.status_code == 409
    assert answer.context["form"].non_field_errors() == [
        "This was asked for before, and is settled: Withdrawn. Send it again to ask anew."
    ]
    found = re.search(r'name="submission" value="([^"]+)"', answer.content.decode())
    assert found is not None
    assert 'value="Cleo Marsh"' in answer.content.decode()
    assert client.post(f"{PAGE}?change=add", form(submission=found.group(1))).status_code == 302
    states = ContactRequest.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["withdrawn", "waiting"]


def test_whom_others_want_to_leave_sees_nothing_of_it(signed_in, cast):
    request = ask(cast, "remove", cast.bob, note="Fired in May.")
    bob, alice = signed_in(cast.bob), signed_in(cast.alice)
    unseen, seen = bob.get(PAGE), alice.get(PAGE)
    assert (unseen.context["waiting"], seen.context["waiting"]) == ([], [request])
    assert "Fired in May." in words(seen)
    assert "Change is waiting" not in words(unseen)
    assert bob.post(f"{PAGE}requests/{request.pk}/withdrawal/").status_code == 404
    decline_request(request=request, reason="Too early.", actor=cast.ada, at=LATER)
    assert list(bob.get(PAGE).context["settled"]) == []
    assert list(alice.get(PAGE).context["settled"]) == [request]


def test_an_ended_certificate_says_why_nothing_can_be_changed(signed_in, cast):
    with clock.at(datetime(2027, 1, 5, tzinfo=UTC)):
        text = words(signed_in(cast.alice).get(PAGE))
    assert "Certificate MSA-1 ended on Dec. 31, 2026; its contacts stay as they are." in text
    assert "Replace" not in text
