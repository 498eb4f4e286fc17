"""Who may ask for which change of contacts, who withdraws it, and what nobody learns by asking."""

import pytest

from accounts.actions.certificates import name_contact, remove_contact
from accounts.actions.contacts import Details, decline_request, withdraw_request
from accounts.errors import NotFound
from accounts.models import ContactRequest
from tests.accounts.contact_changes import (
    CLEO,
    LATER,
    approve,
    ask,
    certificate_of_bob,
    colleague,
    details_of,
    names,
    refusal,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("tom@northlight.example", "Tom"),
        ("olga@globex.example", "Olga"),
        ("person3@acme.example", "Person 3"),
    ],
)
def test_whose_an_address_is_is_told_to_the_administrator_alone(cast, email, name):
    colleague(cast, 3, is_active=False)
    sentence = f"The address {email} belongs to {name}"
    correction = ask(cast, "correct", cast.bob, details_of(cast.bob, email=email))
    addition = ask(cast, details=Details("T", email))
    assert refusal(approve, cast, correction) == (f"{sentence}.", "email")
    assert refusal(approve, cast, addition) == (
        f"{sentence}, who cannot be named on this certificate.",
        "email",
    )
    withdraw_request(request=addition, actor=cast.alice, at=LATER)
    withdraw_request(request=correction, actor=cast.alice, at=LATER)
    replacement = ask(cast, "replace", cast.bob, Details("T", email))
    assert refusal(approve, cast, replacement) == (
        f"{sentence}, who cannot be named on this certificate.",
        "email",
    )
    assert names(cast.certificate) == ["Alice", "Bob"]


def test_the_address_of_a_colleague_on_the_certificate_is_taken(cast):
    changed = details_of(cast.bob, email="alice@acme.example")
    assert refusal(ask, cast, "correct", cast.bob, changed) == (
        "Alice is a contact already.",
        "email",
    )


NOT_ON_ALL = (
    "Only somebody named on all of their certificates, or they themselves, can ask for a new "
    "address.",
    "email",
)


def test_whoever_is_not_named_on_all_certificates_of_a_person_asks_for_no_new_address(cast):
    other = certificate_of_bob(cast)
    changed = details_of(cast.bob, email="robert@acme.example")
    assert refusal(ask, cast, "correct", cast.bob, changed) == NOT_ON_ALL
    assert ask(cast, "correct", cast.alice, details_of(cast.alice, email="al@acme.example"))
    own = ask(cast, "correct", cast.bob, changed, by=cast.bob)
    withdraw_request(request=own, actor=cast.bob, at=LATER)
    name_contact(certificate=other, user=cast.alice)
    approve(cast, ask(cast, "correct", cast.bob, changed))
    cast.bob.refresh_from_db()
    assert cast.bob.email == "robert@acme.example"


def test_named_elsewhere_meanwhile_a_person_gets_no_new_address_by_others(cast):
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, email="robert@acme.example"))
    certificate_of_bob(cast)
    assert refusal(approve, cast, request) == NOT_ON_ALL


def test_what_somebody_asked_for_who_is_no_contact_any_more_is_not_approved(cast):
    request = ask(cast, "add", by=cast.bob)
    remove_contact(contact=cast.bob.contact_slots.get())
    assert refusal(approve, cast, request) == (
        "Bob, who asked, is no longer a contact of this certificate. Please decline the request; "
        "another contact can ask anew.",
        "",
    )
    decline_request(request=request, reason="Bob has left.", actor=cast.ada, at=LATER)
    assert approve(cast, ask(cast, at=LATER)) is not None


@pytest.mark.parametrize(("kind", "details"), [("remove", Details()), ("replace", CLEO)])
def test_whom_others_want_to_leave_does_not_withdraw_that(cast, kind, details):
    request = ask(cast, kind, cast.bob, details)
    with pytest.raises(NotFound):
        withdraw_request(request=request, actor=cast.bob, at=LATER)
    request.refresh_from_db()
    assert request.is_waiting
    assert withdraw_request(request=request, actor=cast.alice, at=LATER) is True


def test_who_wants_to_leave_withdraws_it_and_so_does_who_is_corrected(cast):
    for kind, by in (("remove", cast.bob), ("correct", cast.alice)):
        request = ask(cast, kind, cast.bob, details_of(cast.bob, phone="1"), by=by)
        assert withdraw_request(request=request, actor=cast.bob, at=LATER) is True


def test_whom_others_want_to_leave_learns_it_from_no_refusal(cast):
    ask(cast, "replace", cast.bob)
    sentence = (
        "This cannot be asked for at present. Please ask your technical account manager.",
        "",
    )
    own = details_of(cast.bob, phone="1")
    assert refusal(ask, cast, "correct", cast.bob, own, by=cast.bob) == sentence
    assert refusal(ask, cast, by=cast.bob) == sentence
    withdraw_request(request=ContactRequest.objects.get(), actor=cast.alice, at=LATER)
    ask(cast, "remove", cast.bob)
    assert refusal(ask, cast, "remove", cast.alice, by=cast.bob) == sentence
