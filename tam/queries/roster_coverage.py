"""Who is responsible when, over the weeks ahead, and where nobody is (SPEC 10, 19.6)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from accounts.models import Certificate, Office, User
from tam.coverage import Overlap, Roster, Standing, Turn, turn_key
from tam.models import CoverageAlarm
from tam.queries.roster_gaps import Gap, certificates_valid, gaps, totals

AHEAD: Final = timedelta(weeks=12)
SOON: Final = timedelta(weeks=2)  # what cannot wait for the next meeting stands on top


CERTIFICATES_NAMED: Final = 4  # of a gap or group; further ones are counted

LABELS: Final[Mapping[Standing, str | LazyText]] = {
    Standing.TAM: _("TAM"),
    Standing.DEPUTY: _("Deputy"),
    Standing.DUTY: _("Duty manager"),
    Standing.NOBODY: _("Nobody"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """What part of a time a standing has, and where it stands in a bar from 0 to 100."""

    standing: Standing
    percentage: float
    x: str
    width: str

    @property
    def label(self) -> str | LazyText:
        return LABELS[self.standing]


@dataclass(frozen=True, slots=True)
class Found:
    """A gap, what of it the reader may know, and when the heads were told."""

    gap: Gap
    is_now: bool
    is_soon: bool
    has_end: bool  # within the weeks that are looked at
    shown: Sequence[Certificate]
    unnamed: int
    told_at: datetime | None

    @property
    def hours(self) -> float:
        return self.gap.length / timedelta(hours=1)

    @property
    def minutes(self) -> float:
        return self.gap.length / timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Group:
    """Certificates that have the same people and hours, and so the same turns."""

    tam: User
    deputy: User | None
    own_hours: bool
    shown: Sequence[Certificate]
    unnamed: int
    now: Turn
    shares: Mapping[Standing, timedelta]

    @property
    def parts(self) -> Sequence[Part]:
        return _parts(self.shares)


@dataclass(frozen=True, slots=True)
class Coverage:
    """An office's weeks ahead."""

    office: Office
    certificates: int
    gaps: Sequence[Found]
    overlaps: Sequence[Overlap]
    groups: Sequence[Group]
    parts: Sequence[Part]
    uncovered: timedelta

    @property
    def uncovered_hours(self) -> float:
        return self.uncovered / timedelta(hours=1)


def coverage_of(
    offices: Sequence[Office], readable: Collection[int], at: datetime
) -> list[Coverage]:
    """Return the coverage of offices in the twelve weeks from `at`. Four queries in all.

    `readable` holds the keys of the certificates that the reader may know; others are counted.
    """
    until = at + AHEAD
    roster = Roster.read(offices, at, until)
    certificates = certificates_valid(offices, at, until)
    alarms: dict[int, list[CoverageAlarm]] = {office.pk: [] for office in offices}
    for alarm in CoverageAlarm.objects.filter(office__in=offices, gap_ends_at__gt=at):
        alarms[alarm.office_id].append(alarm)
    return [
        _coverage(office, roster, certificates[office.pk], alarms[office.pk], readable)
        for office in offices
    ]


def _coverage(
    office: Office,
    roster: Roster,
    certificates: Sequence[Certificate],
    alarms: Sequence[CoverageAlarm],
    readable: Collection[int],
) -> Coverage:
    found = gaps(roster, certificates)
    groups = _groups(roster, certificates, readable)
    return Coverage(
        office=office,
        certificates=len(certificates),
        gaps=[_found(gap, roster, alarms, readable) for gap in found],
        overlaps=roster.overlaps(office),
        groups=groups,
        parts=_parts(_added(group.shares for group in groups)),
        uncovered=sum((gap.length for gap in found), timedelta()),
    )


def _found(
    gap: Gap, roster: Roster, alarms: Iterable[CoverageAlarm], readable: Collection[int]
) -> Found:
    at, until = roster.span
    shown = _shown(gap.certificates, readable)
    told = [
        alarm.raised_at
        for alarm in alarms
        if alarm.gap_starts_at < gap.until and alarm.gap_ends_at > gap.since
    ]
    return Found(
        gap=gap,
        is_now=gap.since <= at,
        is_soon=gap.since < at + SOON,
        has_end=gap.until < until,
        shown=shown,
        unnamed=len(gap.certificates) - len(shown),
        told_at=max(told, default=None),
    )


def _groups(
    roster: Roster, certificates: Iterable[Certificate], readable: Collection[int]
) -> list[Group]:
    by_key: dict[object, list[Certificate]] = {}
    for certificate in certificates:
        by_key.setdefault(turn_key(certificate), []).append(certificate)
    found = []
    for members in by_key.values():
        first = members[0]
        shown = _shown(members, readable)
        found.append(
            Group(
                tam=first.tam,
                deputy=first.deputy,
                own_hours=first.week is not None,
                shown=shown,
                unnamed=len(members) - len(shown),
                now=roster.turns(first)[0],
                shares=totals(roster, members),
            )
        )
    return sorted(found, key=lambda group: (group.tam.name, group.own_hours))


def _shown(certificates: Iterable[Certificate], readable: Collection[int]) -> list[Certificate]:
    known = [certificate for certificate in certificates if certificate.pk in readable]
    return known[:CERTIFICATES_NAMED]


def _added(shares: Iterable[Mapping[Standing, timedelta]]) -> Mapping[Standing, timedelta]:
    added = dict.fromkeys(Standing, timedelta())
    for share in shares:
        for standing, amount in share.items():
            added[standing] += amount
    return added


def _parts(amounts: Mapping[Standing, timedelta]) -> list[Part]:
    whole = sum(amounts.values(), timedelta())
    parts: list[Part] = []
    x = 0.0
    for standing in Standing:
        width = 100 * (amounts[standing] / whole) if whole else 0.0
        parts.append(Part(standing, width, f"{x:.3f}", f"{width:.3f}"))
        x += width
    return parts
