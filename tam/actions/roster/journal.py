"""The history of the plan, and who is told of its changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from accounts.models import DutyShift, Office, User
from msa.outbox.actions import publish
from tam.models import RosterChange

Kind = RosterChange.Kind


def record(
    kind: RosterChange.Kind,
    *,
    office: Office | None,
    person: User,
    actor: User | None,
    at: datetime,
    data: Mapping[str, Any],
) -> RosterChange:
    """Note a change, and publish `roster.changed` so that the person is told of it."""
    change = RosterChange.objects.create(
        office=office, person=person, kind=kind, changed_at=at, changed_by=actor, data=data
    )
    publish("roster.changed", {"change": change.pk}, at=at, stream=f"person-{person.pk}")
    return change


def lock_people(people: Iterable[User]) -> None:
    """Let nobody else plan these people meanwhile; in the order of their keys."""
    keys = {person.pk for person in people}
    list(
        User.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True).values("pk")
    )


def times(shift: DutyShift) -> dict[str, Any]:
    """Return a shift as the history keeps it."""
    return {
        "person": shift.person_id,
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
    }
