"""Handing an incident to people and teams, who see it from then on (SPEC 4)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest

from accounts.models import Team, User
from incidents.models import Handling, Incident


def hand_over(
    incident: Incident,
    people: Iterable[User],
    at: datetime,
    *,
    reason: Handling.Reason = Handling.Reason.ASSIGNED,
    by: User | None = None,
) -> None:
    """Let members of staff see the incident; who has it for this reason already keeps it so."""
    _hand([Handling(user=person, reason=reason) for person in people], incident, at, by)


def hand_to_team(incident: Incident, team: Team, at: datetime, *, by: User | None = None) -> None:
    """Put the incident into a team's inbox; where it lies there already, it stays."""
    _hand([Handling(team=team, reason=Handling.Reason.ASSIGNED)], incident, at, by)


def take_from(
    incident: Incident, at: datetime, *, people: bool = False, team: Team | None = None
) -> None:
    """End what was assigned: to any person, or to one team. Escalations and shifts stay."""
    held = incident.handlings.filter(until__isnull=True, reason=Handling.Reason.ASSIGNED)
    if people:
        end(held.filter(team=None), at)
    if team is not None:
        end(held.filter(team=team), at)


def end(handlings: QuerySet[Handling], at: datetime) -> None:
    """End handlings at an instant, but none before it began: acts may wait for one another."""
    handlings.update(until=Greatest("since", Value(at)))


def _hand(handlings: Iterable[Handling], incident: Incident, at: datetime, by: User | None) -> None:
    rows = list(handlings)
    for handling in rows:
        handling.customer_id = incident.customer_id
        handling.incident = incident
        handling.since = at
        handling.by = by
    Handling.objects.bulk_create(
        rows,
        ignore_conflicts=True,  # the database keeps it to one for each reason
    )
