"""The page of an escalation says until when that is to be acknowledged (SPEC 11)."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.models import Office
from accounts.tenancy import set_scope
from incidents.actions import responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.models import Incident
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tam.actions.escalations import acknowledge, escalate
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = MONDAY_NINE + 18 * HOUR  # Tuesday 03:00 in Paris


@pytest.fixture
def incident(cast: Cast) -> Incident:
    filed = cast.file(at=MONDAY_NINE)
    return responding.respond(
        incident=filed, actor=cast.tom, text="We look into it.", at=MONDAY_NINE + HOUR
    )


def allow(cast: Cast, minutes: dict[str, int]) -> None:
    cast.office.acknowledge_minutes = minutes
    Office.objects.filter(pk=cast.office.pk).update(acknowledge_minutes=minutes)


def raise_it(cast: Cast, incident: Incident, at: datetime) -> None:
    escalate(incident=incident, actor=cast.alice, text="It still fails.", at=at)


def told() -> list[tuple[str, str]]:
    """Return who is paged, and the time that the page names for the acknowledgement."""
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    found = []
    for mail in Email.objects.filter(dedupe_key__startswith="page-").order_by("pk"):
        _before, label, after = mail.text.partition("Escalation to be acknowledged by")
        found.append((mail.to_name, after.strip(" :\n")[:5] if label else ""))
    return found


@pytest.mark.parametrize(
    ("minutes", "expected"), [({"2": 30}, [("Dana", "03:30")]), ({}, [("Dana", "")])]
)
def test_a_page_on_an_escalation_says_until_when(cast: Cast, incident, minutes, expected):
    allow(cast, minutes)
    raise_it(cast, incident, NIGHT)
    assert told() == expected


def test_so_does_one_on_a_breach_that_escalated(cast: Cast):
    allow(cast, {"2": 30})
    cast.file(at=MONDAY_NINE + 6 * HOUR)  # 15:00; due at 19:00
    fire_earlier_than(NIGHT)
    assert told() == [("Dana", "19:30")]


def test_what_is_acknowledged_is_not_asked_for_again(cast: Cast, incident):
    raise_it(cast, incident, MONDAY_NINE + 2 * HOUR)
    allow(cast, {"2": 30})
    raise_it(cast, incident, NIGHT)
    acknowledge(incident=incident, actor=cast.hanna, text="", at=NIGHT + MINUTE)
    assert told() == [("Dana", "")]
