"""What lies with a person's teams (SPEC 4, 11)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from accounts.models import Team, User
from incidents.models import Clock, Handling, Incident, QueueTier, most_pressing
from incidents.queries import latest_clocks
from tam.queries.queue import ORDER

if TYPE_CHECKING:  # generic to the type checker only
    IncidentPage = Page[Any]

ROWS = 50  # on a page: what a person scrolls through

_HOLDER = Handling.objects.filter(
    incident=OuterRef("pk"),
    reason=Handling.Reason.ASSIGNED,
    until__isnull=True,
    user__isnull=False,
).order_by("-since", "-id")


@dataclass(frozen=True, slots=True)
class Row:
    """An incident of the inbox; `holder` None: nobody has taken it yet."""

    incident: Incident
    clock: Clock | None
    is_waiting: bool
    handings: Sequence[Handling]  # to the person's teams, the latest first
    holder: str | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of what lies with a person's teams, and how much of all of it nobody has taken."""

    teams: Sequence[Team]
    page: "IncidentPage"
    rows: Sequence[Row]
    unassigned: int


def inbox_of(user: User, at: datetime, page_number: str = "") -> Inbox:
    """Return a page of the inbox: unassigned first, then as in the queue.

    As many queries however much it is. A page number that is none leads to the first page.
    """
    listed = (
        _open(user)
        .annotate(
            taken=Exists(_HOLDER),
            holder=Subquery(_HOLDER.values("user__name")[:1]),
            holder_key=Subquery(_HOLDER.values("user")[:1]),
        )
        .select_related("customer", "product")
        .prefetch_related(Prefetch("clocks", latest_clocks().defer("promises")))
        .defer("targets")
        .order_by("taken", *ORDER)
    )
    page = Paginator(listed, ROWS).get_page(page_number)
    return Inbox(
        teams=list(user.teams.select_related("office").order_by("name")),
        page=page,
        rows=_rows(list(page.object_list), user, at),
        unassigned=count_for(user),
    )


def untaken_in(user: User) -> QuerySet[Incident]:
    """Return what lies with a person's teams that nobody has taken yet."""
    return _open(user).exclude(Exists(_HOLDER))


def count_for(user: User) -> int:
    """Return how much that is. One query."""
    return untaken_in(user).count()


def _open(user: User) -> QuerySet[Incident]:
    with_teams = Handling.objects.filter(team__in=user.teams.values("pk"), until__isnull=True)
    return Incident.objects.filter(
        pk__in=with_teams.values("incident"), queue_tier__lt=QueueTier.CLOSED
    )


def _rows(incidents: Sequence[Any], user: User, at: datetime) -> list[Row]:
    handings = defaultdict(list)
    with_teams = Handling.objects.filter(
        incident__in=incidents, team__in=user.teams.values("pk"), until__isnull=True
    )
    for handing in with_teams.select_related("team", "by").order_by("-since", "-id"):
        handings[handing.incident_id].append(handing)
    found = []
    for incident in incidents:
        clock = most_pressing(incident.clocks.all())
        found.append(
            Row(
                incident=incident,
                clock=clock,
                is_waiting=clock is not None and clock.is_waiting(at),
                handings=handings[incident.pk],
                holder=incident.holder,
                is_mine=incident.holder_key == user.pk,
            )
        )
    return found
