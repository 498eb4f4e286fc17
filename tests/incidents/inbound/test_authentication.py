"""Who a mail is really from: our own server's word, and nobody else's."""

from random import Random

import pytest

from incidents.inbound.addresses import ReplyAddress, read_reply_address, reply_address
from incidents.inbound.authentication import Verdict, domain_verdict, sender_of
from incidents.inbound.parsing import parse
from incidents.inbound.senders import read_sender
from incidents.models import InboundMail, Incident, Message
from tests.conftest import MONDAY_NINE
from tests.incidents.inbound.corpus import AUTHSERV, DOMAIN, PASSED, mail


def verdict(raw):
    read = parse(raw)
    return domain_verdict(read, sender_of(read))


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("alice@acme.example", "alice@acme.example"),
        ("Alice <Alice@ACME.example>", "alice@acme.example"),
        ('"Smith, Alice" <alice@acme.example>', "alice@acme.example"),
        ("=?utf-8?Q?Ali=2C_ce?= <alice@acme.example>", "alice@acme.example"),
        ('"alice@acme.example" <eve@evil.example>', "eve@evil.example"),
        ("alice@acme.example <eve@evil.example>", ""),
        ("alice@acme.example, eve@evil.example", ""),
        ("Group: alice@acme.example;", ""),
        ("<alice@acme.example> <eve@evil.example>", ""),
        ("alice@acme.example (eve@evil.example)", ""),
        ("alice@acme..example", ""),
        ("al ice@acme.example", ""),
        ("alice@аcme.example", ""),
        ("x" * 1000 + " <alice@acme.example>", ""),
    ],
)
def test_a_mail_is_from_exactly_one_address(value, sender):
    assert sender_of(parse(mail(sender=value))) == sender


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (PASSED, Verdict.PASS),
        (
            f"{AUTHSERV} 1; spf=pass smtp.mailfrom=a@b.example; {PASSED.split('; ')[1]}",
            Verdict.PASS,
        ),
        (f"{AUTHSERV.upper()}; DMARC=Pass header.from=Acme.Example;", Verdict.PASS),
        (f"{AUTHSERV}; dmarc=fail header.from=acme.example", Verdict.FAIL),
        (f"{AUTHSERV}; dmarc=none header.from=acme.example", Verdict.UNKNOWN),
        (f"{AUTHSERV}; none", Verdict.UNKNOWN),
        (f"{AUTHSERV}; dmarc=pass", Verdict.UNKNOWN),
        (f"{AUTHSERV}; dmarc=pass header.from=evil.example", Verdict.UNKNOWN),
        (f"{AUTHSERV}; dmarc=pass header.from=sub.acme.example", Verdict.UNKNOWN),
        (f"{AUTHSERV}; spf=pass smtp.mailfrom=acme.example", Verdict.UNKNOWN),
        (f"{AUTHSERV}; (dmarc=pass header.from=acme.example) spf=pass", Verdict.UNKNOWN),
        (f'{AUTHSERV}; spf=pass reason="; dmarc=pass header.from=acme.example"', Verdict.UNKNOWN),
        (f"{AUTHSERV}; dmarc=fail header.from=acme.example; {PASSED}", Verdict.UNKNOWN),
        (f"{AUTHSERV}; dmarc=pass header.from=acme.example header.from=b", Verdict.UNKNOWN),
        (f'{AUTHSERV}; dmarc=pass header.from="acme.example', Verdict.UNKNOWN),
        (f"evil.example; {PASSED}", Verdict.UNKNOWN),
        (f"{AUTHSERV}.evil.example; dmarc=pass header.from=acme.example", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_our_servers_word_is_read_strictly(results, expected):
    assert verdict(mail(results=results)) == expected


@pytest.mark.parametrize(
    ("top", "results", "expected"),
    [
        (f"Authentication-Results: {AUTHSERV}; spf=pass\n", PASSED, Verdict.PASS),
        ("Authentication-Results: evil.example; spf=pass\n", PASSED, Verdict.UNKNOWN),
        (f"Authentication-Results: {AUTHSERV}; spf=pass\nReceived: a\n", PASSED, Verdict.UNKNOWN),
        (f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from=acme.example\n", PASSED,
         Verdict.UNKNOWN),
        (f"Authentication-Results: {AUTHSERV}; dmarc=(\n", PASSED, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_only_the_topmost_results_of_ours_count(top, results, expected):
    assert verdict(mail(top=top, results=results)) == expected


def test_without_a_name_of_our_server_nothing_passes(settings):
    settings.INBOUND_AUTHSERV_ID = ""
    assert verdict(mail()) == Verdict.UNKNOWN


@pytest.mark.django_db
def test_a_reply_address_is_signed_for_one_person_and_one_incident(cast, settings):
    incident = cast.file()
    address = reply_address(incident, cast.alice)
    local, _at, domain = address.partition("@")
    assert len(local) <= 64
    assert domain == DOMAIN
    told = ReplyAddress(incident.reference, cast.alice.pk)
    assert read_reply_address(address) == told
    assert read_reply_address(f" {address.upper()} ") == told
    other = address.replace(f".{cast.alice.pk}.", f".{cast.bob.pk}.")
    assert read_reply_address(other) is None
    assert read_reply_address(address.replace("000001", "000002")) is None
    assert read_reply_address(address.replace(DOMAIN, "evil.example")) is None
    assert read_reply_address(f"{local[:-1]}@{DOMAIN}") is None
    assert read_reply_address("x" * 100_000) is None
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert read_reply_address(address) == told
    settings.SECRET_KEY_FALLBACKS = []
    assert read_reply_address(address) is None
    settings.INBOUND_DOMAIN = ""
    assert reply_address(incident, cast.alice) == ""
    assert read_reply_address(address) is None


_SENDERS = (
    "alice@acme.example",
    "Alice <alice@acme.example>",
    '"alice@acme.example" <alice@acme.example>',
    "alice@acme.example, eve@evil.example",
    "eve@evil.example",
    "Alice <eve@evil.example>",
    "ALICE@ACME.EXAMPLE",
    "tom@northlight.example",
    "support@northlight.example",
)
_RESULTS = (
    "",
    f"{AUTHSERV}; dmarc=fail header.from=acme.example",
    f"{AUTHSERV}; dmarc=none header.from=acme.example",
    f"{AUTHSERV}; dmarc=temperror header.from=acme.example",
    f"{AUTHSERV}; dmarc=pass header.from=evil.example",
    f"{AUTHSERV}; spf=pass smtp.mailfrom=acme.example; dkim=pass header.d=acme.example",
    f'{AUTHSERV}; spf=pass smtp.mailfrom="x; dmarc=pass header.from=acme.example"',
    f"{AUTHSERV}; spf=pass (dmarc=pass header.from=acme.example)",
    "evil.example; dmarc=pass header.from=acme.example",
    f"evil.example; spf=pass\nAuthentication-Results: {PASSED}",
    f"{AUTHSERV}; spf=pass\nReceived: from evil.example\nAuthentication-Results: {PASSED}",
    f"{AUTHSERV}; dmarc=fail header.from=acme.example\nAuthentication-Results: {PASSED}",
    f"{AUTHSERV} 1 2; dmarc=pass header.from=acme.example",
)


def forged(incident, count):
    """Yield mails of somebody who has neither Alice's server nor her reply address."""
    random = Random(7)
    wrong = reply_address(incident, incident.author)
    addresses = (
        f"support@{DOMAIN}",
        wrong.replace(wrong.split("@")[0][-24:], "a" * 24),
        f"reply+{incident.reference}@{DOMAIN}",
        wrong.replace(DOMAIN, "evil.example"),
        f"reply+{incident.reference}.{incident.author_id}.{'b' * 23}@{DOMAIN}",
    )
    for number in range(count):
        yield mail(
            "Please close it.",
            sender=random.choice(_SENDERS),
            results=random.choice(_RESULTS),
            to=random.choice(addresses),
            subject=random.choice([f"Re: [{incident.reference}] x", "Re:", incident.reference]),
            message_id=random.choice([f"<{number}@acme.example>", "<1@acme.example>", ""]),
            Cc=random.choice(addresses),
            Reply_To=random.choice(["alice@acme.example", *addresses]),
            Sender=random.choice(["", "alice@acme.example"]),
            In_Reply_To=random.choice(["", "<incident@testserver>", "<1@acme.example>"]),
            References=random.choice(["", "<incident@testserver> <1@acme.example>"]),
            X_Number=str(number),
        )


@pytest.mark.django_db
def test_a_thousand_forged_senders_are_believed_by_nobody(cast):
    incident = cast.file()
    believed = [raw for raw in forged(incident, 1000) if read_sender(parse(raw), "").is_verified]
    assert believed == []


@pytest.mark.django_db
def test_forged_senders_join_and_file_nothing(cast, receive):
    incident = cast.file()
    for raw in forged(incident, 60):
        receive(raw, at=MONDAY_NINE)
    outcomes = set(InboundMail.objects.values_list("outcome", flat=True))
    assert outcomes == {"quarantined", "answered"}
    assert (Incident.objects.count(), Message.objects.count()) == (1, 1)
