"""How a customer's support went over the last months, from clocks and sides on record.

Weeks and months are those of one time zone, the office's. A handful of queries in all.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth, TruncWeek

from accounts.models import Customer, User
from incidents.models import Clock, ClockKind, Incident
from incidents.states import SEVERITY_LABELS, Side

WEEKS: Final = 26  # half a year
MONTHS: Final = 6  # the same


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday on: what was filed, by severity, and what was closed and stayed so."""

    first_day: date
    filed: Mapping[int, int]
    closed: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month: response clocks judged in it, and the time on our side of what closed in it.

    `late` was answered after its due time, `missed` not at all. `vendor_time` is the median.
    """

    first_day: date
    met: int
    late: int
    missed: int
    vendor_time: timedelta | None

    @property
    def judged(self) -> int:
        return self.met + self.late + self.missed


@dataclass(frozen=True, slots=True)
class Trends:
    weeks: Sequence[Week]
    months: Sequence[Month]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not (
            any(week.closed or any(week.filed.values()) for week in self.weeks)
            or any(month.judged or month.vendor_time is not None for month in self.months)
        )


def trends_of(customer: Customer, user: User, at: datetime, timezone: str) -> Trends:
    """Return the last `WEEKS` and `MONTHS`, the present ones included, by what a person sees."""
    zone = ZoneInfo(timezone)
    seen = Incident.objects.visible_to(user, at).filter(customer=customer)
    return Trends(weeks=_weeks(seen, at, zone), months=_months(seen, at, zone))


def _weeks(seen: QuerySet[Incident], at: datetime, zone: ZoneInfo) -> list[Week]:
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    within = (_midnight(mondays[0], zone), at)
    filed = _by_week(seen.filter(received_at__range=within), "received_at", zone)
    closed = _by_week(seen.filter(closed_at__range=within), "closed_at", zone)
    return [
        Week(
            first_day=day,
            filed={severity: filed[day, severity] for severity in SEVERITY_LABELS},
            closed=sum(closed[day, severity] for severity in SEVERITY_LABELS),
        )
        for day in mondays
    ]


def _by_week(
    incidents: QuerySet[Incident], column: str, zone: ZoneInfo
) -> Counter[tuple[date, int]]:
    """Count incidents by the Monday of their week and by severity."""
    rows = (
        incidents.order_by()
        .values(week=TruncWeek(column, tzinfo=zone), level=F("severity"))
        .annotate(count=Count("pk"))
    )
    return Counter({(row["week"].date(), row["level"]): row["count"] for row in rows})


def _months(seen: QuerySet[Incident], at: datetime, zone: ZoneInfo) -> list[Month]:
    first = at.astimezone(zone).date().replace(day=1)
    firsts = [first]
    while len(firsts) < MONTHS:
        firsts.insert(0, (firsts[0] - timedelta(days=1)).replace(day=1))
    within = (_midnight(firsts[0], zone), at)
    judged = _judged(seen, within, zone)
    vendor_times = _vendor_times(seen, within, zone)
    return [
        Month(
            first_day=day,
            met=judged[day].met,
            late=judged[day].late,
            missed=judged[day].missed,
            vendor_time=_median(vendor_times[day]) if day in vendor_times else None,
        )
        for day in firsts
    ]


class _Judged(NamedTuple):
    met: int = 0
    late: int = 0
    missed: int = 0


def _judged(
    seen: QuerySet[Incident], within: tuple[datetime, datetime], zone: ZoneInfo
) -> Mapping[date, _Judged]:
    """Count the response clocks by the month in which they were judged."""
    judged_at = Coalesce("breached_at", "met_at")
    breached = Q(breached_at__isnull=False)
    rows = (
        Clock.objects.filter(kind=ClockKind.RESPONSE, incident__in=seen.values("pk"))
        .annotate(judged_at=judged_at)
        .filter(judged_at__range=within)
        .order_by()
        .values(month=TruncMonth("judged_at", tzinfo=zone))
        .annotate(
            met=Count("pk", filter=~breached),
            late=Count("pk", filter=breached & Q(met_at__isnull=False)),
            missed=Count("pk", filter=breached & Q(met_at=None)),
        )
    )
    counted: dict[date, _Judged] = defaultdict(_Judged)
    for row in rows:
        counted[row["month"].date()] = _Judged(row["met"], row["late"], row["missed"])
    return counted


def _vendor_times(
    seen: QuerySet[Incident], within: tuple[datetime, datetime], zone: ZoneInfo
) -> Mapping[date, list[timedelta]]:
    """Return the time on our side of each incident, by the month in which it was closed."""
    ours = Sum(F("sides__ended_at") - F("sides__started_at"), filter=Q(sides__side=Side.VENDOR))
    closed = seen.filter(closed_at__range=within).order_by().annotate(ours=ours)
    times: dict[date, list[timedelta]] = defaultdict(list)
    for closed_at, spent in closed.values_list("closed_at", "ours"):
        if closed_at is not None:
            month = closed_at.astimezone(zone).date().replace(day=1)
            times[month].append(spent or timedelta())
    return times


def _median(spans: Sequence[timedelta]) -> timedelta:
    return timedelta(seconds=median(span.total_seconds() for span in spans))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
