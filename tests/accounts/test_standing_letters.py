"""Who is told that a certificate is revoked, in force again, or renewed."""

from datetime import date
from functools import partial

import pytest

from accounts.actions.certificates import reinstate_certificate, revoke_certificate
from accounts.actions.renewal import renew_certificate
from accounts.tenancy import set_scope
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE
from tests.journeys.conftest import told  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db


def named(mails):
    return [(address.partition("@")[0], subject) for address, subject in mails]


def test_a_revocation_is_told_with_its_reason_and_so_is_its_end(cast, told):  # noqa: F811
    told()
    at = {"certificate": cast.certificate, "actor": cast.ada, "at": MONDAY_NINE}
    assert revoke_certificate(**at, reason="The bill is not paid.") is True
    assert revoke_certificate(**at, reason="Again.") is False
    assert named(told()) == [
        ("alice", "[MSA-1] The certificate is revoked"),
        ("bob", "[MSA-1] The certificate is revoked"),
        ("tom", "[MSA-1] The certificate is revoked"),
        ("tess", "[MSA-1] The certificate is revoked"),
    ]
    assert reinstate_certificate(**at) is True
    assert named(told()) == [
        ("alice", "[MSA-1] The certificate is in force again"),
        ("bob", "[MSA-1] The certificate is in force again"),
        ("tom", "[MSA-1] The certificate is in force again"),
        ("tess", "[MSA-1] The certificate is in force again"),
    ]


def test_the_letter_quotes_the_reason(cast):
    revoke_certificate(
        certificate=cast.certificate, reason="Not paid.", actor=cast.ada, at=MONDAY_NINE
    )
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    [letter] = Email.objects.filter(to_address="alice@acme.example", subject__contains="revoked")
    assert "Reason: Not paid." in letter.text


def test_a_renewal_is_told_under_its_new_number(cast, told):  # noqa: F811
    told()
    renew_certificate(
        certificate=cast.certificate,
        number="MSA-7",
        valid_from=date(2027, 1, 1),
        valid_until=date(2027, 12, 31),
        actor=cast.ada,
        at=MONDAY_NINE,
    )
    assert [mail for mail in named(told()) if "renewed" in mail[1]] == [
        ("alice", "[MSA-7] Your agreement is renewed"),
        ("bob", "[MSA-7] Your agreement is renewed"),
        ("tom", "[MSA-7] The agreement is renewed"),
        ("tess", "[MSA-7] The agreement is renewed"),
    ]
