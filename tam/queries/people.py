"""To whom an incident can be given: how much they have, and whether they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Role, Team, User
from incidents.models import Handling, QueueTier
from tam.models import Absence

WORKS_ON_INCIDENTS = frozenset({Role.ENGINEER, Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD})


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to give an incident to; `absent_until` None: they are there now."""

    person: User
    open_count: int
    absent_until: datetime | None


def colleagues(at: datetime) -> list[Colleague]:
    """Return all who work on incidents, by name, with how many they have been given. One query."""
    absences = Absence.objects.filter(person=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
    people = User.objects.filter(role__in=WORKS_ON_INCIDENTS, is_active=True).annotate(
        open_count=Coalesce(Subquery(_given("user")), 0),
        absent_until=Subquery(absences.order_by("-ends_at").values("ends_at")[:1]),
    )
    return [
        Colleague(person, person.open_count, person.absent_until)
        for person in people.select_related("office").order_by("name", "pk")
    ]


def teams_with_counts() -> Sequence[tuple[Team, int]]:
    """Return the teams that take incidents, with how many lie with them. One query."""
    given = Q(handlings__until__isnull=True, handlings__incident__queue_tier__lt=QueueTier.CLOSED)
    teams = Team.objects.filter(is_active=True).annotate(given=Count("handlings", filter=given))
    return [(team, team.given) for team in teams.order_by("name")]


def _given(holder: str) -> Any:
    """Return a query that counts the open incidents a row of the outer query has been given."""
    held = Handling.objects.filter(
        **{holder: OuterRef("pk")},
        reason=Handling.Reason.ASSIGNED,
        until__isnull=True,
        incident__queue_tier__lt=QueueTier.CLOSED,
    )
    return held.order_by().values(holder).annotate(count=Count("pk")).values("count")
