"""What an office's team has to do, now and in the coming weeks.

Figures serve planning and are the team's; by person they are asked for only where the office has
chosen so (SPEC 20).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Obligation, Office, Role, User
from accounts.obligation_rules import end_of_day, start_of_day
from accounts.worktime import local_date
from incidents.models import Handling, Incident
from incidents.states import SEVERITY_LABELS
from tam.models import Absence
from tam.queries.people import WORKS_ON_INCIDENTS
from tam.queries.standing import IS_OPEN, OUR_MOVE, RUNNING, overdue

PLANNED_WEEKS: Final = 6  # holidays are entered that far ahead, and work can still be moved
PEOPLE_MOST: Final = 200  # in the list by person: more than an office has

# Who has incidents on their desk; the team's head sees to it.


@dataclass(frozen=True, slots=True)
class Load:
    """Open incidents: all, on our side, due before the day ends, overdue; ours by severity."""

    open: int = 0
    ours: int = 0
    due_today: int = 0
    overdue: int = 0
    by_severity: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class PersonLoad:
    person: User
    load: Load


@dataclass(frozen=True, slots=True)
class PlannedWeek:
    """A week of the office from Monday on: who is away in it, and what falls due to customers."""

    first_day: date
    last_day: date
    absences: Sequence[Absence]
    people_away: int
    team: int
    obligations: Sequence[Obligation]


def team_load(office: Office, at: datetime) -> Load:
    """Return the load of an office's team as a whole. One query."""
    return _load(_of(office).aggregate(**_counts(office, at)))


def load_by_person(office: Office, at: datetime) -> list[PersonLoad]:
    """Return the load by whose it is: assigned to them, else their certificate's. Two queries."""
    assigned = Handling.objects.filter(
        incident=OuterRef("pk"),
        reason=Handling.Reason.ASSIGNED,
        until__isnull=True,
        user__isnull=False,
    ).order_by("-since", "-id")
    owner = Coalesce(
        Subquery(assigned.values("user")[:1]),
        F("certificate__tam"),
        output_field=BigIntegerField(),
    )
    counted = _of(office).annotate(owner=owner).values("owner").annotate(**_counts(office, at))
    rows = {row["owner"]: _load(row) for row in counted}
    people = User.objects.filter(
        Q(pk__in=rows) | Q(office=office, role=Role.TAM, is_active=True)
    ).order_by("name")[:PEOPLE_MOST]
    return [PersonLoad(person, rows.get(person.pk, _load({}))) for person in people]


def planned_weeks(office: Office, at: datetime) -> list[PlannedWeek]:
    """Return the present week and the next ones, in the office's zone. Three queries."""
    today = local_date(at, office.timezone)
    monday = today - timedelta(days=today.weekday())
    since = start_of_day(monday, office.timezone)
    until = end_of_day(monday + timedelta(weeks=PLANNED_WEEKS, days=-1), office.timezone)
    team = User.objects.filter(office=office, role__in=WORKS_ON_INCIDENTS, is_active=True)
    size = team.count()
    absences = list(
        Absence.objects.filter(person__in=team, starts_at__lte=until, ends_at__gt=since)
        .select_related("person")
        .order_by("starts_at", "person__name")
    )
    owed = list(
        Obligation.objects.filter(
            certificate__office=office,
            delivered_at=None,
            waived_at=None,
            due_at__range=(since, until),
        )
        .select_related("customer", "certificate")
        .order_by("due_at", "pk")
    )
    return [
        _week(monday + timedelta(weeks=number), office, absences, owed, size)
        for number in range(PLANNED_WEEKS)
    ]


def _of(office: Office) -> QuerySet[Incident]:
    return Incident.objects.filter(IS_OPEN, certificate__office=office).order_by()


def _counts(office: Office, at: datetime) -> dict[str, Count]:
    tonight = end_of_day(local_date(at, office.timezone), office.timezone)
    return {
        "open": Count("pk"),
        "ours": Count("pk", filter=OUR_MOVE),
        "due_today": Count("pk", filter=RUNNING & Q(queue_at__range=(at, tonight))),
        "overdue": Count("pk", filter=overdue(at)),
        **{
            _column(severity): Count("pk", filter=OUR_MOVE & Q(severity=severity))
            for severity in SEVERITY_LABELS
        },
    }


def _load(row: Mapping[str, Any]) -> Load:
    return Load(
        open=row.get("open", 0),
        ours=row.get("ours", 0),
        due_today=row.get("due_today", 0),
        overdue=row.get("overdue", 0),
        by_severity=[(severity, row.get(_column(severity), 0)) for severity in SEVERITY_LABELS],
    )


def _column(severity: int) -> str:
    return f"severity_{severity}"


def _week(
    monday: date,
    office: Office,
    absences: Sequence[Absence],
    owed: Sequence[Obligation],
    size: int,
) -> PlannedWeek:
    sunday = monday + timedelta(days=6)
    since, until = start_of_day(monday, office.timezone), end_of_day(sunday, office.timezone)
    away = [one for one in absences if one.starts_at <= until and one.ends_at > since]
    return PlannedWeek(
        first_day=monday,
        last_day=sunday,
        absences=away,
        people_away=len({absence.person_id for absence in away}),
        team=size,
        obligations=[one for one in owed if since <= one.due_at <= until],
    )
