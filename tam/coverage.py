"""Who is responsible over a span of time (SPEC 10).

It is the question of `responsible`, asked of every instant at once; a test holds them together.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, auto
from itertools import pairwise
from typing import NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo

from accounts import worktime
from accounts.models import Certificate, DutyShift, Office, Role, User
from tam.models import Absence


class Standing(IntEnum):
    """As what somebody is responsible."""

    TAM = auto()
    DEPUTY = auto()
    DUTY = auto()
    NOBODY = auto()


class Span(NamedTuple):
    since: datetime
    until: datetime


class Watch(NamedTuple):
    """A span in which one person, or nobody, answers an office's line."""

    since: datetime
    until: datetime
    person: User | None


class Overlap(NamedTuple):
    """A span in which several people answer an office's line; the first of them is responsible."""

    since: datetime
    until: datetime
    people: tuple[User, ...]


class Turn(NamedTuple):
    """A span in which one person, or nobody, is responsible for a certificate."""

    since: datetime
    until: datetime
    standing: Standing
    person: User | None


_Stretch = TypeVar("_Stretch", Watch, Overlap, Turn)


@dataclass(frozen=True)
class Roster:
    """The shifts and absences of a span [since, until), read once for many certificates.

    Shifts stand in the order in which they begin. Certificates that differ in nothing that matters
    here share their turns.
    """

    span: Span
    shifts: Mapping[int, Sequence[DutyShift]]
    absences: Mapping[int, Sequence[Span]]
    _turns: dict[object, list[Turn]] = field(default_factory=dict)
    _lines: dict[int, list[Overlap]] = field(default_factory=dict)
    _uncovered: dict[object, list[Span]] = field(default_factory=dict)

    @classmethod
    def read(cls, offices: Iterable[Office], since: datetime, until: datetime) -> Self:
        """Read what is planned for some offices. Two queries, however many they are."""
        shifts = defaultdict(list)
        planned = DutyShift.objects.filter(
            office__in=offices, starts_at__lt=until, ends_at__gt=since
        )
        for shift in planned.select_related("person").order_by("starts_at", "id"):
            shifts[shift.office_id].append(shift)
        absences = defaultdict(list)
        absent = Absence.objects.filter(starts_at__lt=until, ends_at__gt=since)
        for absence in absent.order_by("starts_at", "id"):
            absences[absence.person_id].append(Span(absence.starts_at, absence.ends_at))
        return cls(Span(since, until), shifts, absences)

    def with_shifts(
        self, office: Office, added: Iterable[DutyShift] = (), removed: Iterable[int] = ()
    ) -> Self:
        """Return what would be if an office had other shifts: `removed` holds keys."""
        gone = set(removed)
        kept = [shift for shift in self.shifts.get(office.pk, ()) if shift.pk not in gone]
        planned = sorted([*kept, *added], key=lambda shift: shift.starts_at)
        return type(self)(self.span, {**self.shifts, office.pk: planned}, self.absences)

    def with_absences(self, person: User, absences: Iterable[Span]) -> Self:
        """Return what would be if a person were absent at these times and no others."""
        return type(self)(self.span, self.shifts, {**self.absences, person.pk: sorted(absences)})

    def line(self, office: Office) -> list[Watch]:
        """Return who answers an office's line, in order and leaving nothing out.

        Of two on shift it is whose shift began first. Somebody absent does not answer, nor somebody
        who is no duty manager any more.
        """
        watches = (
            Watch(since, until, next(iter(people), None))
            for since, until, people in self._on_line(office)
        )
        return _joined(watches)

    def overlaps(self, office: Office) -> list[Overlap]:
        """Return when more than one person answers an office's line."""
        return [overlap for overlap in self._on_line(office) if len(overlap.people) > 1]

    def turns(self, certificate: Certificate) -> list[Turn]:
        """Return who is responsible for a certificate, in order and leaving nothing out."""
        key = turn_key(certificate)
        if key not in self._turns:
            self._turns[key] = _joined(self._found(certificate))
        return self._turns[key]

    def uncovered(self, certificate: Certificate) -> list[Span]:
        """Return when nobody is responsible for a certificate, be it valid then or not."""
        key = turn_key(certificate)
        if key not in self._uncovered:
            self._uncovered[key] = [
                Span(turn.since, turn.until)
                for turn in self.turns(certificate)
                if turn.standing is Standing.NOBODY
            ]
        return self._uncovered[key]

    def is_present(self, person: User, at: datetime) -> bool:
        """Whether a person works at an instant, as far as absences tell."""
        return person.is_active and not any(
            absence.since <= at < absence.until for absence in self.absences.get(person.pk, ())
        )

    def _on_line(self, office: Office) -> list[Overlap]:
        if office.pk not in self._lines:
            shifts = self.shifts.get(office.pk, ())
            self._lines[office.pk] = _joined(self._swept(shifts))
        return self._lines[office.pk]

    def _swept(self, shifts: Sequence[DutyShift]) -> Iterator[Overlap]:
        """Walk along the edges, with the shifts that are running in the order they began."""
        edges = [edge for shift in shifts for edge in (shift.starts_at, shift.ends_at)]
        edges += self._absence_edges({shift.person for shift in shifts})
        coming = iter(shifts)
        following = next(coming, None)
        running: list[DutyShift] = []
        for since, until in self._segments(edges):
            while following is not None and following.starts_at <= since:
                running.append(following)
                following = next(coming, None)
            running = [shift for shift in running if shift.ends_at > since]
            people = dict.fromkeys(shift.person for shift in running)
            present = tuple(
                person
                for person in people
                if person.role == Role.DUTY_MANAGER and self.is_present(person, since)
            )
            yield Overlap(since, until, present)

    def _found(self, certificate: Certificate) -> Iterator[Turn]:
        openings = list(worktime.intervals(certificate.hours, *self.span))
        line = self.line(certificate.office)
        managers = [(Standing.TAM, certificate.tam)]
        if certificate.deputy:
            managers.append((Standing.DEPUTY, certificate.deputy))
        edges = [edge for opening in openings for edge in opening]
        edges += [watch.since for watch in line]
        edges += self._absence_edges(person for _standing, person in managers)
        opens = _Lookup([opening[0] for opening in openings])
        watches = _Lookup([watch.since for watch in line])
        for since, until in self._segments(edges):
            opening = opens.last_before(since)
            if opening is not None and since < openings[opening][1]:
                there = [pair for pair in managers if self.is_present(pair[1], since)]
                if there:
                    yield Turn(since, until, *there[0])
                    continue
            person = line[watches.last_before(since) or 0].person
            yield Turn(since, until, Standing.DUTY if person else Standing.NOBODY, person)

    def _absence_edges(self, people: Iterable[User]) -> list[datetime]:
        return [
            edge
            for person in people
            for absence in self.absences.get(person.pk, ())
            for edge in absence
        ]

    def _segments(self, edges: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
        since, until = self.span
        inside = {edge for edge in edges if since < edge < until}
        return pairwise(sorted({since, until, *inside}))


def turn_key(certificate: Certificate) -> tuple[object, ...]:
    """Return what certificates have in common whose turns are the same."""
    return (
        certificate.office_id,
        certificate.tam_id,
        certificate.deputy_id,
        certificate.hours.digest,
    )


def valid_span(certificate: Certificate) -> Span:
    """Return when a certificate is valid: whole days in its office's zone, until it is revoked."""
    since = local_midnight(certificate.valid_from, certificate.office.timezone)
    last = certificate.valid_until + timedelta(days=1)
    until = local_midnight(last, certificate.office.timezone)
    if certificate.revoked_at is not None:
        until = max(since, min(until, certificate.revoked_at))
    return Span(since, until)


def local_midnight(day: date, timezone: str) -> datetime:
    """Return when a day begins in a zone."""
    return wall_clock(day, time(), timezone)


def wall_clock(day: date, at: time, timezone: str) -> datetime:
    """Return when a wall clock shows a time on a day.

    One that a clock change skips moves forward by the skip; of a repeated one the first counts.
    """
    return datetime.combine(day, at, ZoneInfo(timezone)).astimezone(UTC)


@dataclass(frozen=True)
class _Lookup:
    """Instants in order, asked which of them is the last at or before another."""

    starts: Sequence[datetime]

    def last_before(self, at: datetime) -> int | None:
        found = bisect_right(self.starts, at) - 1
        return found if found >= 0 else None


def _joined(spans: Iterator[_Stretch]) -> list[_Stretch]:
    """Join neighbours that differ in nothing but their times; there is at least one."""
    joined: list[_Stretch] = []
    first = last = next(spans)
    for span in spans:
        if span[2:] != last[2:]:
            joined.append(first._replace(until=last.until))
            first = span
        last = span
    joined.append(first._replace(until=last.until))
    return joined
