"""What a change of the plan would do, told before it is saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Certificate, DutyShift, Office, User
from tam.coverage import Overlap, Roster, Span, Standing
from tam.models import Absence
from tam.queries.roster_gaps import certificates_valid, gaps, spans_of, without


@dataclass(frozen=True, slots=True)
class ShiftEffect:
    """What shifts do to an office's line: gaps they close and open, overlaps they make."""

    shifts: Sequence[DutyShift]
    closes: Sequence[Span]
    opens: Sequence[Span]
    overlaps: Sequence[Overlap]


@dataclass(frozen=True, slots=True)
class StandsIn:
    """Who is responsible in a TAM's place, or a deputy's, for how long of an absence; or nobody."""

    certificate: Certificate
    standing: Standing
    person: User | None
    length: timedelta

    @property
    def hours(self) -> float:
        return self.length / timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AbsenceEffect:
    """What an absence opens: who stands in, which shifts fall away, and new gaps by office."""

    standing_in: Sequence[StandsIn]
    shifts: Sequence[DutyShift]
    opens: Sequence[tuple[Office, Sequence[Span]]]


def effect_of_shifts(
    office: Office, added: Sequence[DutyShift], *, removed: Sequence[DutyShift] = (), at: datetime
) -> ShiftEffect:
    """Compare the line with and without shifts that are not saved yet; the past is left out."""
    ends = [*added, *removed]
    since = max(at, min((shift.starts_at for shift in ends), default=at))
    until = max([since + timedelta(seconds=1), *(shift.ends_at for shift in ends)])
    before = Roster.read([office], since, until)
    after = before.with_shifts(office, added, [shift.pk for shift in removed])
    certificates = certificates_valid([office], since, until)[office.pk]
    open_before, open_after = (spans_of(gaps(roster, certificates)) for roster in (before, after))
    known = [Span(row.since, row.until) for row in before.overlaps(office)]
    return ShiftEffect(
        shifts=added,
        closes=without(open_before, open_after),
        opens=without(open_after, open_before),
        overlaps=[row for row in after.overlaps(office) if without([Span(*row[:2])], known)],
    )


def effect_of_absence(
    person: User, span: Span, *, instead_of: Absence | None, at: datetime
) -> AbsenceEffect:
    """Compare the plan with and without an absence; what lies before `at` is left out."""
    since, until = max(at, span.since), max(span.until, at + timedelta(seconds=1))
    if instead_of is not None:
        since, until = max(at, min(since, instead_of.starts_at)), max(until, instead_of.ends_at)
    managed = Certificate.objects.filter(Q(tam=person) | Q(deputy=person))
    on_line = person.shifts.filter(starts_at__lt=span.until, ends_at__gt=since)
    offices = list(
        Office.objects.filter(
            Q(pk__in=managed.values("office")) | Q(pk__in=on_line.values("office"))
        )
    )
    before = Roster.read(offices, since, until)
    others = [
        other
        for other in before.absences.get(person.pk, ())
        if instead_of is None or other != (instead_of.starts_at, instead_of.ends_at)
    ]
    after = before.with_absences(person, [*others, span])
    certificates = certificates_valid(offices, since, until)
    return AbsenceEffect(
        standing_in=_standing_in(person, before, after, certificates),
        shifts=list(on_line.select_related("office").order_by("starts_at", "pk")),
        opens=[
            (office, opened)
            for office in offices
            if (
                opened := without(
                    spans_of(gaps(after, certificates[office.pk])),
                    spans_of(gaps(before, certificates[office.pk])),
                )
            )
        ],
    )


def _standing_in(
    person: User,
    before: Roster,
    after: Roster,
    certificates: dict[int, list[Certificate]],
) -> list[StandsIn]:
    """Add up, for each certificate, the time in which somebody else becomes responsible."""
    found: dict[tuple[int, Standing, int | None], StandsIn] = {}
    for certificate in (row for rows in certificates.values() for row in rows):
        if person.pk not in (certificate.tam_id, certificate.deputy_id):
            continue
        theirs = [
            Span(turn.since, turn.until)
            for turn in before.turns(certificate)
            if turn.person == person and turn.standing in {Standing.TAM, Standing.DEPUTY}
        ]
        for turn in after.turns(certificate):
            length = _shared(Span(turn.since, turn.until), theirs)
            if length and not (turn.person == person and turn.standing is not Standing.DUTY):
                key = (certificate.pk, turn.standing, turn.person.pk if turn.person else None)
                sofar = found[key].length if key in found else timedelta()
                found[key] = StandsIn(certificate, turn.standing, turn.person, sofar + length)
    return list(found.values())


def _shared(span: Span, others: Iterable[Span]) -> timedelta:
    lengths = (
        min(span.until, other.until) - max(span.since, other.since)
        for other in others
        if other.since < span.until and other.until > span.since
    )
    return sum(lengths, timedelta())
