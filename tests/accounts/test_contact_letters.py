"""Who is told of a change of contacts, in which words, and once."""

import pytest

from accounts.actions.contacts import decline_request, withdraw_request
from accounts.notifications import LETTERS
from msa.outbox import relay
from msa.outbox.models import Email
from tests.accounts.contact_changes import LATER, approve, ask, details_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    """Return who was mailed since the last time, each with the subject."""
    known: set[int] = set()

    def mails() -> list[tuple[str, str]]:
        relay.drain(LETTERS)
        new = list(Email.objects.exclude(pk__in=known).order_by("to_address", "pk"))
        known.update(mail.pk for mail in new)
        return [(mail.to_address.partition("@")[0], mail.subject) for mail in new]

    return mails


def test_who_is_told_of_an_addition(cast, told):
    told()
    request = ask(cast)
    assert told() == [
        ("ada", "[MSA-1] Change of contacts asked for"),
        ("tom", "[MSA-1] Change of contacts asked for"),
    ]
    approve(cast, request)
    assert told() == [
        ("alice", "[MSA-1] Version 2 of your certificate is issued"),
        ("bob", "[MSA-1] Version 2 of your certificate is issued"),
        ("cleo", "[MSA-1] U bent uitgenodigd voor de supportdesk"),  # who reads Dutch
    ]
    text = Email.objects.get(to_address="bob@acme.example").text
    assert "What has changed stands below." in text
    assert "Contact added: Cleo Marsh, cleo@acme.example, +33 1 99 00 55 55" in text
    assert "Asked for by: Alice" in text
    assert "http://testserver/certificates/MSA-1/versions/1/2/" in text


def test_who_leaves_is_told_so(cast, told):
    told()
    approve(cast, ask(cast, "remove", cast.bob))
    assert told()[1:] == [
        ("alice", "[MSA-1] Version 2 of your certificate is issued"),
        ("bob", "[MSA-1] You are no contact any more"),
        ("tom", "[MSA-1] Change of contacts asked for"),
    ]


def test_a_refusal_reaches_who_asked_with_its_reason(cast, told):
    request = ask(cast)
    told()
    decline_request(request=request, reason="Not of Acme.\nAsk Olga.", actor=cast.ada, at=LATER)
    assert told() == [("alice", "[MSA-1] Change of contacts declined")]
    text = Email.objects.get(subject__endswith="declined").text
    assert "Reason:\n  Not of Acme.\n  Ask Olga.\n" in text


def test_a_withdrawal_is_told_to_who_asked_if_it_was_another(cast, told):
    requests = [ask(cast), ask(cast, "correct", cast.bob, details_of(cast.bob, phone="1"))]
    told()
    withdraw_request(request=requests[0], actor=cast.alice, at=LATER)
    assert told() == []
    withdraw_request(request=requests[1], actor=cast.bob, at=LATER)
    assert told() == [("alice", "[MSA-1] Change of contacts withdrawn")]


def test_what_no_version_prints_is_told_to_who_asked(cast, told):
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, mobile="+33 6"))
    told()
    approve(cast, request)
    assert told() == [("alice", "[MSA-1] Change of contacts approved")]


def test_a_new_address_is_told_to_the_old_one(cast, told):
    told()
    request = ask(cast, "correct", cast.bob, details_of(cast.bob, email="robert@acme.example"))
    assert told() == [
        ("ada", "[MSA-1] Change of contacts asked for"),
        ("bob", "[MSA-1] A new e-mail address is asked for"),
        ("tom", "[MSA-1] Change of contacts asked for"),
    ]
    text = Email.objects.get(to_address="bob@acme.example", subject__endswith="asked for").text
    assert "New address: robert@acme.example" in text
    assert "Asked for by: Alice" in text
    assert "http://testserver/certificates/MSA-1/contacts/" in text
    approve(cast, request)
    assert told() == [
        ("alice", "[MSA-1] Version 2 of your certificate is issued"),
        ("bob", "[Your account] Your e-mail address is changed"),
        ("robert", "[MSA-1] Version 2 of your certificate is issued"),
    ]


def test_letters_are_in_the_readers_language_and_sent_once(cast, told):
    cast.bob.language = "fr"
    cast.bob.save()
    approve(cast, ask(cast))
    told()
    mail = Email.objects.get(to_address="bob@acme.example")
    assert mail.language == "fr"
    for topic, handlers in LETTERS.items():
        if topic == "certificate.issued":
            handlers[0]({"certificate": cast.certificate.pk, "version": 2}, at=LATER)
    assert told() == []
