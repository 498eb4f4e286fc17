"""What the planner shows: an office's line by days of its own zone (SPEC 10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db.models import Q, QuerySet

from accounts.models import DutyShift, Office, ShiftPattern, User
from tam.coverage import Overlap, Roster, local_midnight
from tam.models import Absence, RosterChange, ShiftSwap
from tam.queries.roster_gaps import Gap, certificates_valid, gaps

A_DAY = timedelta(days=1)
FULL = 100.0  # the width of a day's bar, in the units of its drawing

_Timed = TypeVar("_Timed", DutyShift, Absence)


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a span lies within a day: where it stands in the day's bar, from 0 to 100."""

    since: datetime
    until: datetime
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class ShiftPiece:
    shift: DutyShift
    piece: Piece
    away: bool  # the person is absent during some of it


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One day of an office: who is on its line, where nobody is, who is absent."""

    date: date
    since: datetime
    until: datetime
    now: str | None  # where in the bar the present instant stands
    shifts: Sequence[ShiftPiece]
    gaps: Sequence[Piece]
    overlaps: Sequence[tuple[Piece, Overlap]]
    absences: Sequence[Absence]


def planned_days(office: Office, first: date, last: date, at: datetime) -> list[PlannedDay]:
    """Return the days from `first` to `last`, inclusive. Five queries, however many they are."""
    since = local_midnight(first, office.timezone)
    until = local_midnight(last + A_DAY, office.timezone)
    roster = Roster.read([office], since, until)
    certificates = certificates_valid([office], since, until)[office.pk]
    found, overlaps = gaps(roster, certificates), roster.overlaps(office)
    absences = list(_absences(office, roster, since, until))
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [_day(day, office, roster, found, overlaps, absences, at) for day in days]


def patterns_of(office: Office, today: date) -> QuerySet[ShiftPattern]:
    """Return the patterns that still plan shifts, or will."""
    running = Q(last_day=None) | Q(last_day__gte=today)
    return office.shift_patterns.filter(running).select_related("person")


def swaps_of(user: User) -> QuerySet[ShiftSwap]:
    """Return the swaps that somebody asks or is asked for, and that wait for an answer."""
    return _swaps().filter(Q(asked_by=user) | Q(asked_of=user), state=ShiftSwap.State.PROPOSED)


def swaps_seen_by(user: User) -> QuerySet[ShiftSwap]:
    return _swaps().filter(Q(asked_by=user) | Q(asked_of=user))


def absences_ahead(people: Iterable[User] | QuerySet[User], at: datetime) -> QuerySet[Absence]:
    rows = Absence.objects.filter(person__in=people, ends_at__gt=at)
    return rows.select_related("person", "person__office").order_by("starts_at", "pk")


def changes_of(offices: Iterable[Office] | QuerySet[Office], user: User) -> QuerySet[RosterChange]:
    """Return the history of some offices' plans, and of one's own absences."""
    return (
        RosterChange.objects.filter(Q(office__in=offices) | Q(person=user))
        .select_related("office", "person", "changed_by")
        .order_by("-changed_at", "-pk")
    )


def _swaps() -> QuerySet[ShiftSwap]:
    return ShiftSwap.objects.select_related(
        "shift__office", "in_return__office", "asked_by", "asked_of"
    ).order_by("shift__starts_at", "pk")


def _absences(
    office: Office, roster: Roster, since: datetime, until: datetime
) -> QuerySet[Absence]:
    """Return the absences of an office's people, and of whoever is on its line."""
    on_line = {shift.person_id for shift in roster.shifts.get(office.pk, ())}
    rows = Absence.objects.filter(starts_at__lt=until, ends_at__gt=since)
    theirs = Q(person__office=office) | Q(person__in=on_line)
    return rows.filter(theirs).select_related("person").order_by("person__name", "starts_at")


def _day(
    day: date,
    office: Office,
    roster: Roster,
    found: Iterable[Gap],
    overlaps: Iterable[Overlap],
    absences: Iterable[Absence],
    at: datetime,
) -> PlannedDay:
    since = local_midnight(day, office.timezone)
    until = local_midnight(day + A_DAY, office.timezone)

    def piece(start: datetime, end: datetime) -> Piece:
        start, end = max(start, since), min(end, until)
        return Piece(start, end, _place(start, since, until), _width(start, end, since, until))

    return PlannedDay(
        date=day,
        since=since,
        until=until,
        now=_place(at, since, until) if since <= at < until else None,
        shifts=[
            ShiftPiece(shift, piece(shift.starts_at, shift.ends_at), _is_away(roster, shift))
            for shift in _touching(roster.shifts.get(office.pk, ()), since, until)
        ],
        gaps=[
            piece(gap.since, gap.until) for gap in found if gap.since < until and gap.until > since
        ],
        overlaps=[
            (piece(overlap.since, overlap.until), overlap)
            for overlap in overlaps
            if overlap.since < until and overlap.until > since
        ],
        absences=_touching(absences, since, until),
    )


def _touching(rows: Iterable[_Timed], since: datetime, until: datetime) -> list[_Timed]:
    return [row for row in rows if row.starts_at < until and row.ends_at > since]


def _is_away(roster: Roster, shift: DutyShift) -> bool:
    return any(
        absence.since < shift.ends_at and absence.until > shift.starts_at
        for absence in roster.absences.get(shift.person_id, ())
    )


def _place(at: datetime, since: datetime, until: datetime) -> str:
    """Write where an instant stands in the bar, for SVG in any locale."""
    return f"{FULL * ((at - since) / (until - since)):.3f}"


def _width(start: datetime, end: datetime, since: datetime, until: datetime) -> str:
    return f"{FULL * ((end - start) / (until - since)):.3f}"
