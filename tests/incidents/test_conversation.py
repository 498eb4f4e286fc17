"""What a customer reads of a conversation: all of it, and nothing inside (SPEC 4, 6)."""

from datetime import timedelta

import pytest
from django.db import transaction

from incidents.actions.case import Case
from incidents.evidence.disclosure import DISCLOSED, INTERNAL
from incidents.models import MessageKind
from incidents.views.timeline import Words, timeline
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=5)


def told(incident, viewer, *, inside: bool = True) -> list[str]:
    items = timeline(incident, viewer, list(incident.clocks.all()), inside=inside)
    return [item.text for item in items if isinstance(item, Words)]


def write(incident, author, kind: str, entry: str) -> None:
    with transaction.atomic():
        case = Case.open(incident, at=LATER)
        message = case.write(author, MessageKind(kind), f"CANARY {kind} {entry}")
        case.record(entry, actor=author, message=message, data={"to": None, "team": 0, "other": 0})
        case.finish()


@pytest.mark.parametrize("kind", MessageKind.values)
@pytest.mark.parametrize("entry", ["replied", "answered", "call_logged", *sorted(INTERNAL)])
def test_each_kind_of_message_by_each_kind_of_entry(cast, kind, entry):
    incident = cast.file()
    write(incident, cast.tom, kind, entry)
    canary = f"CANARY {kind} {entry}"
    open_to_customer = kind != MessageKind.NOTE and entry not in INTERNAL
    expected = ["It happens every morning."] + [canary] * open_to_customer
    assert told(incident, cast.alice) == expected
    assert told(incident, cast.tom, inside=False) == expected
    assert told(incident, cast.tom) == ["It happens every morning.", canary]


def test_what_the_evidence_discloses_a_contact_reads(cast):
    """Warnings are the one fact of the evidence that the page keeps to staff."""
    incident = cast.file()
    for entry in sorted(DISCLOSED - {"clock_warned"}):
        write_plain(incident, cast.tom, entry)
    assert len(told(incident, cast.alice)) == len(DISCLOSED)


def write_plain(incident, author, entry: str) -> None:
    clock = {"kind": "response", "reason": "x", "percentage": 50}
    due = {"due_at": "2026-03-02T12:00:00+00:00"}
    facts = {"from": due, "to": due, "channel": "portal", "level": 2, "cause": "x", "days": 1}
    if entry == "severity_changed":
        facts |= {"from": 2, "to": 1}
    with transaction.atomic():
        case = Case.open(incident, at=LATER)
        message = case.write(author, MessageKind.REPLY, entry)
        data = {**clock, **facts, "number": 1, "qualified": True}
        case.record(entry, actor=author, message=message, data=data)
        case.finish()
