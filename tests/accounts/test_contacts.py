"""Changes of contacts: what may be asked for, and what approving and declining do."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from accounts.actions.certificates import remove_contact
from accounts.actions.contacts import (
    Details,
    approve_request,
    decline_request,
    withdraw_request,
)
from accounts.errors import Conflict, NotAllowed, NotFound
from accounts.models import ContactRequest, User
from tests.accounts.contact_changes import (
    CLEO,
    LATER,
    approve,
    ask,
    certificate_of_bob,
    colleague,
    details_of,
    fill,
    names,
    refusal,
)
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db


def test_a_request_is_put_on_record(cast):
    request = ask(cast, note="  For the summer. ")

    request.refresh_from_db()
    assert (
        request.customer,
        request.kind,
        request.person,
        request.name,
        request.email,
        request.phone,
        request.mobile,
        request.language,
        request.note,
        request.requested_by,
        request.requested_at,
        request.state,
    ) == (
        cast.acme,
        "add",
        None,
        "Cleo Marsh",
        "cleo@acme.example",
        "+33 1 99 00 55 55",
        "+33 6 99 00 55 55",
        "nl",
        "For the summer.",
        cast.alice,
        MONDAY_NINE,
        "waiting",
    )
    assert names(cast.certificate) == ["Alice", "Bob"]


def test_sent_twice_it_is_one_request(cast):
    submission = UUID(int=7)
    assert ask(cast, submission=submission) == ask(cast, submission=submission)
    assert ContactRequest.objects.count() == 1


def test_whom_the_certificate_does_not_name_finds_nothing(cast):
    for person in (cast.olga, cast.tom, colleague(cast, 3)):
        with pytest.raises(NotFound):
            ask(cast, by=person)


def test_a_ninth_is_told_the_limit_and_the_names(cast):
    fill(cast)
    assert refusal(ask, cast) == (
        "This certificate names at most 8 contacts; the slots are taken by Alice, Bob, Person 3, "
        "Person 4, Person 5, Person 6, Person 7, Person 8.",
        "",
    )
    assert ask(cast, "replace", cast.bob).kind == "replace"


def test_slots_that_are_asked_for_are_not_asked_for_again(cast):
    fill(cast)
    remove_contact(contact=cast.certificate.contacts.get(slot=8))
    ask(cast)
    assert refusal(ask, cast, details=Details("Dora", "dora@acme.example")) == (
        "This certificate names at most 8 contacts; the slots that are free are asked for "
        "already, for Cleo Marsh.",
        "",
    )


def test_whoever_is_a_contact_is_not_named_again(cast):
    taken = Details("Bob", "BOB@acme.example")
    assert refusal(ask, cast, details=taken) == ("Bob is a contact already.", "email")
    assert refusal(ask, cast, "replace", cast.alice, taken) == (
        "Bob is a contact already.",
        "email",
    )


def test_sent_again_after_it_was_withdrawn_or_declined_nothing_is_asked_for(cast):
    submission = UUID(int=7)
    request = ask(cast, submission=submission)
    withdraw_request(request=request, actor=cast.alice, at=LATER)
    with pytest.raises(Conflict, match="asked for before, and is settled: Withdrawn"):
        ask(cast, submission=submission)
    declined = ask(cast, submission=UUID(int=8))
    decline_request(request=declined, reason="No.", actor=cast.ada, at=LATER)
    with pytest.raises(Conflict, match="asked for before, and is settled: Declined"):
        ask(cast, submission=UUID(int=8))
    approved = ask(cast, submission=UUID(int=9))
    approve(cast, approved)
    assert ask(cast, submission=UUID(int=9)) == approved


def test_one_request_about_a_person_at_a_time(cast):
    ask(cast, "remove", cast.bob)
    for kind, details in (
        ("remove", Details()),
        ("replace", CLEO),
        ("correct", details_of(cast.bob, phone="1")),
    ):
        assert refusal(ask, cast, kind, cast.bob, details) == (
            "A change concerning Bob is waiting already. Withdraw it to ask anew.",
            "person",
        )
    ask(cast)
    assert refusal(ask, cast, "replace", cast.alice) == (
        "That Cleo Marsh be named is asked for already, and is waiting.",
        "email",
    )


def test_somebody_stays(cast):
    ask(cast, "remove", cast.bob)
    sentence = (
        "Alice is the only contact of this certificate: without one, nobody could ask. "
        "Replace them instead."
    )
    assert refusal(ask, cast, "remove", cast.alice) == (sentence, "person")
    approve(cast, ContactRequest.objects.get())
    assert refusal(ask, cast, "remove", cast.alice) == (sentence, "person")


def test_only_contacts_are_replaced_removed_and_corrected(cast):
    dora = colleague(cast, 3)
    for kind in ("remove", "replace", "correct"):
        assert refusal(ask, cast, kind, dora) == (
            "Person 3 is not a contact of this certificate.",
            "person",
        )
        assert refusal(ask, cast, kind) == ("Say whom the change concerns.", "person")


def test_a_correction_corrects_something(cast):
    assert refusal(ask, cast, "correct", cast.bob, details_of(cast.bob)) == (
        "These are the details on record; nothing would change.",
        "",
    )


def test_after_its_end_and_revoked_it_stays_as_it_is(cast):
    ended = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert ask(cast, "remove", cast.bob, at=ended - timedelta(seconds=1)).is_waiting
    assert refusal(ask, cast, at=ended) == (
        "Certificate MSA-1 ended on Dec. 31, 2026; its contacts stay as they are.",
        "",
    )
    cast.certificate.revoked_at = MONDAY_NINE
    cast.certificate.save()
    assert refusal(ask, cast) == (
        "Certificate MSA-1 is revoked; its contacts stay as they are.",
        "",
    )


def test_any_contact_withdraws(cast):
    request = ask(cast)
    assert withdraw_request(request=request, actor=cast.bob, at=LATER) is True
    assert withdraw_request(request=request, actor=cast.bob, at=LATER) is False
    request = ContactRequest.objects.get()
    assert (request.state, request.decided_by, request.decided_at) == (
        "withdrawn",
        cast.bob,
        LATER,
    )
    with pytest.raises(Conflict, match="settled meanwhile: Withdrawn"):
        approve(cast, request)
    with pytest.raises(NotFound):
        withdraw_request(request=request, actor=cast.olga, at=LATER)


def test_somebody_new_is_entered_named_and_printed(cast):
    version = approve(cast, ask(cast))
    assert version is not None

    cleo = User.objects.get(email="cleo@acme.example")
    assert (cleo.name, cleo.role, cleo.customer, cleo.language, cleo.timezone) == (
        "Cleo Marsh",
        "contact",
        cast.acme,
        "nl",
        "Europe/Paris",
    )
    assert (cleo.phone, cleo.mobile) == ("+33 1 99 00 55 55", "+33 6 99 00 55 55")
    assert not cleo.has_usable_password()
    assert names(cast.certificate) == ["Alice", "Bob", "Cleo Marsh"]
    assert (version.number, version.requested_by, version.approved_by, version.issued_at) == (
        2,
        cast.alice,
        cast.ada,
        LATER,
    )
    assert [contact["name"] for contact in version.printed["contacts"]] == [
        "Alice",
        "Bob",
        "Cleo Marsh",
    ]
    request = ContactRequest.objects.get()
    assert (request.state, request.version, request.decided_by, request.decided_at) == (
        "approved",
        version,
        cast.ada,
        LATER,
    )


def test_approved_again_it_changes_nothing(cast):
    request = ask(cast)
    assert approve(cast, request) == approve(cast, request)
    assert cast.certificate.versions.count() == 2


def test_somebody_on_record_is_named_as_they_are(cast):
    dora = colleague(cast, 3)
    approve(cast, ask(cast, details=Details("Dorothy", "person3@acme.example", language="ru")))
    dora.refresh_from_db()
    assert (dora.name, dora.language) == ("Person 3", "en")
    assert names(cast.certificate) == ["Alice", "Bob", "Person 3"]


def test_a_replacement_in_a_full_certificate(cast):
    fill(cast)
    version = approve(cast, ask(cast, "replace", cast.bob))
    assert version is not None
    assert version.number == 2
    assert names(cast.certificate) == [
        "Alice",
        "Cleo Marsh",
        *(f"Person {number}" for number in range(3, 9)),
    ]


def test_whoever_asked_may_be_the_one_who_leaves(cast):
    version = approve(cast, ask(cast, "remove", cast.alice))
    assert version is not None
    assert names(cast.certificate) == ["Bob"]
    assert version.requested_by == cast.alice


def test_a_correction_is_printed_on_every_certificate_of_the_person(cast):
    second_certificate = certificate_of_bob(cast)
    changed = details_of(cast.bob, name="Robert", phone="+33 1 99 00 77 77")
    version = approve(cast, ask(cast, "correct", cast.bob, changed))
    assert version is not None

    cast.bob.refresh_from_db()
    assert (cast.bob.name, cast.bob.phone) == ("Robert", "+33 1 99 00 77 77")
    other = second_certificate.versions.get(number=2)
    assert version.certificate == cast.certificate
    assert (version.number, version.requested_by, version.approved_by) == (2, cast.alice, cast.ada)
    assert (other.requested_by, other.approved_by) == (cast.alice, cast.ada)
    assert [one.printed["contacts"][-1]["name"] for one in (version, other)] == ["Robert", "Robert"]


def test_what_is_not_printed_issues_no_version(cast):
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, language="fr", mobile="+33 6"))
    assert approve(cast, request) is None
    cast.bob.refresh_from_db()
    assert (cast.bob.language, cast.bob.mobile) == ("fr", "+33 6")
    assert cast.certificate.versions.count() == 1
    assert ContactRequest.objects.get().state == "approved"


def test_what_is_impossible_by_now_is_refused_whole(cast):
    request = ask(cast, "add")
    fill(cast)
    assert refusal(approve, cast, request)[0].startswith("This certificate names at most 8")
    replaced = ask(cast, "replace", cast.bob, Details("Eva", "eva@acme.example"))
    remove_contact(contact=cast.certificate.contacts.get(user=cast.bob))
    assert refusal(approve, cast, replaced) == (
        "Bob is not a contact of this certificate.",
        "person",
    )
    assert not User.objects.filter(email__in=["cleo@acme.example", "eva@acme.example"]).exists()
    assert set(ContactRequest.objects.values_list("state", flat=True)) == {"waiting"}
    assert cast.certificate.versions.count() == 1


def test_the_address_that_a_correction_wants_is_taken_meanwhile(cast):
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, email="person3@acme.example"))
    colleague(cast, 3)
    assert refusal(approve, cast, request) == (
        "The address person3@acme.example belongs to Person 3.",
        "email",
    )


def test_declining_needs_a_reason_and_keeps_the_first(cast):
    request = ask(cast)
    assert refusal(decline_request, request=request, reason=" ", actor=cast.ada, at=LATER) == (
        "Please give a reason; whoever asked reads it.",
        "reason",
    )
    decline_request(request=request, reason="Not of Acme. ", actor=cast.ada, at=LATER)
    decline_request(request=request, reason="Another.", actor=cast.ada, at=LATER)
    request = ContactRequest.objects.get()
    assert (request.state, request.reason) == ("declined", "Not of Acme.")
    with pytest.raises(Conflict, match="settled meanwhile: Declined"):
        approve(cast, request)


@pytest.mark.parametrize("who", ["alice", "tom", "hanna", "dana"])
def test_only_administrators_decide(cast, who):
    request, actor = ask(cast), getattr(cast, who)
    with pytest.raises(NotAllowed):
        approve_request(request=request, actor=actor, at=LATER)
    with pytest.raises(NotAllowed):
        decline_request(request=request, reason="No.", actor=actor, at=LATER)
