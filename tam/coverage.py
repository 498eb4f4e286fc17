"""Who is responsible over a span of time (SPEC 10).

It is the question of `responsible`, asked of every instant at once.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple, Self

from accounts import worktime
from accounts.models import Certificate, DutyShift, Office, User
from tam.models import Absence


class Standing(Enum):
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


class Turn(NamedTuple):
    """A span in which one person, or nobody, is responsible for a certificate."""

    since: datetime
    until: datetime
    standing: Standing
    person: User | None


@dataclass(frozen=True)
class Roster:
    """The shifts and absences of a span [since, until), read once for many certificates.

    Certificates that differ in nothing that matters here share their turns.
    """

    span: Span
    shifts: Mapping[int, Sequence[DutyShift]]
    absences: Mapping[int, Sequence[Span]]
    _turns: dict[object, list[Turn]] = field(default_factory=dict)
    _lines: dict[int, list[Watch]] = field(default_factory=dict)

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

    def line(self, office: Office) -> list[Watch]:
        """Return who answers an office's line, in order and leaving nothing out.

        Of two on shift it is whose shift began first; somebody absent does not answer.
        """
        if office.pk not in self._lines:
            self._lines[office.pk] = _joined_watches(self._watches(office.pk))
        return self._lines[office.pk]

    def turns(self, certificate: Certificate) -> list[Turn]:
        """Return who is responsible for a certificate, in order and leaving nothing out."""
        key = (
            certificate.office_id,
            certificate.tam_id,
            certificate.deputy_id,
            certificate.hours.digest,
        )
        if key not in self._turns:
            self._turns[key] = _joined_turns(self._found(certificate))
        return self._turns[key]

    def is_present(self, person: User, at: datetime) -> bool:
        """Whether a person works at an instant, as far as absences tell."""
        return person.is_active and not any(
            absence.since <= at < absence.until for absence in self.absences.get(person.pk, ())
        )

    def _watches(self, office: int) -> Iterator[Watch]:
        shifts = self.shifts.get(office, ())
        edges = [edge for shift in shifts for edge in (shift.starts_at, shift.ends_at)]
        edges += self._absence_edges({shift.person for shift in shifts})
        for since, until in self._segments(edges):
            on_shift = (
                shift.person
                for shift in shifts
                if shift.starts_at <= since < shift.ends_at and self.is_present(shift.person, since)
            )
            yield Watch(since, until, next(on_shift, None))

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


@dataclass(frozen=True)
class _Lookup:
    """Instants in order, asked which of them is the last at or before another."""

    starts: Sequence[datetime]

    def last_before(self, at: datetime) -> int | None:
        found = bisect_right(self.starts, at) - 1
        return found if found >= 0 else None


def _joined_watches(watches: Iterable[Watch]) -> list[Watch]:
    joined: list[Watch] = []
    for watch in watches:
        if joined and joined[-1].person == watch.person:
            joined[-1] = joined[-1]._replace(until=watch.until)
        else:
            joined.append(watch)
    return joined


def _joined_turns(turns: Iterable[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1][2:] == turn[2:]:
            joined[-1] = joined[-1]._replace(until=turn.until)
        else:
            joined.append(turn)
    return joined
