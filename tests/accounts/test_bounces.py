"""Addresses whose mail comes back: recorded, shown to administrators, forgotten."""

from datetime import timedelta

import pytest

from accounts import bounce_handlers
from accounts.actions.bounces import forget_bounces, record_bounce
from accounts.models import MailTrouble
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LIST = "/admin/accounts/mailtrouble/"


def known() -> list[tuple[object, ...]]:
    return list(MailTrouble.objects.values_list("address", "bounced_at", "bounces", "reason"))


def test_a_second_bounce_is_counted_and_the_latest_kept() -> None:
    record_bounce(address=" Alice@Acme.example ", reason="full\n mailbox", at=MONDAY_NINE)
    assert known() == [("alice@acme.example", MONDAY_NINE, 1, "full mailbox")]
    record_bounce(address="alice@acme.example", reason="unknown", at=MONDAY_NINE + HOUR)
    record_bounce(address="alice@acme.example", reason="late", at=MONDAY_NINE - HOUR)
    assert known() == [("alice@acme.example", MONDAY_NINE + HOUR, 3, "unknown")]


def test_a_long_reason_is_cut() -> None:
    record_bounce(address="a@b.example", reason="x" * 999 + "\x00", at=MONDAY_NINE)
    assert known() == [("a@b.example", MONDAY_NINE, 1, "x" * 299 + "…")]


def test_who_writes_is_reachable_again() -> None:
    record_bounce(address="a@b.example", reason="", at=MONDAY_NINE)
    forget_bounces(address="A@B.example")
    assert known() == []


def test_what_a_server_refuses_is_a_bounce() -> None:
    payload = {"address": "a@b.example", "reason": "550 no such user"}
    (handler,) = bounce_handlers.REACTIONS["mail.refused"]
    handler(payload, at=MONDAY_NINE)
    assert known() == [("a@b.example", MONDAY_NINE, 1, "550 no such user")]


def test_administrators_see_the_list_and_can_forget_one(cast: Cast, signed_in) -> None:
    trouble = record_bounce(address="a@b.example", reason="no such user", at=MONDAY_NINE)
    ada = signed_in(cast.ada)
    assert "no such user" in ada.get(LIST).text
    assert ada.get(f"{LIST}add/").status_code == 403
    ada.post(f"{LIST}{trouble.pk}/delete/", {"post": "yes"})
    assert known() == []


@pytest.mark.parametrize("name", ["alice", "tom", "hanna"])
def test_nobody_else_does(cast: Cast, signed_in, name: str) -> None:
    assert signed_in(getattr(cast, name)).get(LIST).status_code in {302, 403}
