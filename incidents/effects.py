"""What other hours or targets do to promises, told before they are saved (SPEC 7.10, 19.3).

Nothing here writes. What is told of clocks is what `rules.revise_calendar` will do to them.
"""

import hashlib
import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Certificate
from accounts.terms import SEVERITIES
from accounts.worktime import Calendar
from incidents import rules
from incidents.models import Clock, ClockKind, Incident
from incidents.models.clock import FROM_RECEPTION
from incidents.rules import Target, Unit

MOVED_SHOWN = 20  # of the due times that move, the first: a page that people still read
FILINGS_SHOWN = 24  # lines on what filing now promises: each severity, for a handful of agreements
NAMED_MOST = 5  # certificates named in a sentence; the rest are counted
CLOCKS_AT_ONCE = 1000  # read together: a few megabytes, whatever the number in all


@dataclass(frozen=True, slots=True)
class MovedClock:
    """A running clock whose due time moves."""

    incident: Incident
    kind: str
    zone: str
    due_before: datetime
    due_after: datetime

    @property
    def is_later(self) -> bool:
        return self.due_before < self.due_after


@dataclass(frozen=True, slots=True)
class Filing:
    """When something would be due if an incident were filed now; None: it is not promised.

    Told of one certificate, for the `others` too that have the same hours and programme.
    """

    certificate: Certificate
    others: int
    severity: int
    kind: str
    due_before: datetime | None
    due_after: datetime | None

    @property
    def is_later(self) -> bool:
        if self.due_before is None or self.due_after is None:
            return self.due_after is None
        return self.due_before < self.due_after


@dataclass(frozen=True, slots=True)
class PromiseChange:
    """What a programme promises at a severity, before and after; None: nothing."""

    severity: int
    kind: str
    before: Target | None
    after: Target | None

    @property
    def text_before(self) -> str:
        return promise_text(self.before)

    @property
    def text_after(self) -> str:
        return promise_text(self.after)

    @property
    def is_worse(self) -> bool:
        """Whether there are instants from which it comes later than it did."""
        if self.before is None or self.after is None:
            return self.after is None
        if self.after.call_required and not self.before.call_required:
            return True
        if self.before.unit is Unit.ELAPSED and self.after.unit is Unit.WORKING:
            return True
        return self.after.length > self.before.length


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does, as an administrator reads it before they confirm."""

    template_name: ClassVar[str] = "admin/incidents/effect.html"

    digest: str
    hours_change: bool
    targets_change: bool
    certificates: int  # in force, and under the targets that change
    moved: Sequence[MovedClock]  # the first of them
    moved_later: int
    moved_earlier: int
    left: int
    standing: int
    filings: Sequence[Filing]  # the first of them
    filings_in_all: int
    promises: Sequence[PromiseChange]
    unconcerned: Sequence[str]  # numbers of certificates with hours of their own

    @property
    def moved_in_all(self) -> int:
        return self.moved_later + self.moved_earlier

    @property
    def moved_more(self) -> int:
        return self.moved_in_all - len(self.moved)

    @property
    def filings_more(self) -> int:
        return self.filings_in_all - len(self.filings)

    @property
    def worse(self) -> int:
        return sum(promise.is_worse for promise in self.promises)

    @property
    def unconcerned_named(self) -> Sequence[str]:
        return self.unconcerned[:NAMED_MOST]

    @property
    def unconcerned_more(self) -> int:
        return len(self.unconcerned) - len(self.unconcerned_named)

    @property
    def tells(self) -> bool:
        clocks = self.moved_in_all + self.left + self.standing
        return bool(clocks or self.filings or self.promises)


def effect_of_change(
    *, before: Sequence[Certificate], after: Sequence[Certificate], at: datetime
) -> Effect | None:
    """Return what is told of certificates whose terms change at an instant; None: nothing.

    Both hold the same certificates in the same order, each with its office and programme. The
    digest covers the terms and the clocks that move or stay as they were; what filing promises, and
    what stands still, changes with the hour.
    """
    agreements = [_Agreement.of(*pair) for pair in zip(before, after, strict=True)]
    changing = [agreement for agreement in agreements if agreement.changes]
    if not changing:
        return None
    tally = _Tally(at, {row.certificate.pk: row for row in changing if row.hours_change})
    for agreement in changing:
        tally.note(agreement.facts)
    first = heapq.nsmallest(MOVED_SHOWN, tally.moving(), key=lambda move: move.due_after)
    in_force = [agreement for agreement in changing if agreement.in_force(at)]
    filings = list(_filings(in_force, at))
    effect = Effect(
        digest=tally.digest,
        hours_change=any(row.hours_change for row in changing),
        targets_change=any(row.targets_change for row in changing),
        certificates=sum(row.targets_change for row in in_force),
        moved=_in_full(first),
        moved_later=tally.later,
        moved_earlier=tally.earlier,
        left=tally.left,
        standing=tally.standing,
        filings=filings[:FILINGS_SHOWN],
        filings_in_all=len(filings),
        promises=list(_promise_changes(in_force)),
        unconcerned=[row.certificate.number for row in agreements if row.keeps_own_hours],
    )
    return effect if effect.tells else None


def promise_text(target: Target | None) -> str:
    """Return a promised length as people read it."""
    if target is None:
        return _("not promised")
    hours, minutes = divmod(int(target.length.total_seconds()) // 60, 60)
    parts = [_("%(count)d h") % {"count": hours}] if hours else []
    parts += [_("%(count)d min") % {"count": minutes}] if minutes else []
    if target.unit is Unit.WORKING:
        parts.append(_("working"))
    text = " ".join(parts)
    if target.call_required:
        text = _("%(length)s, call required out of hours") % {"length": text}
    return text


@dataclass(frozen=True, slots=True)
class _Agreement:
    """What one certificate's promises follow from, before and after."""

    certificate: Certificate  # as it is after
    before: Certificate
    hours_before: Calendar
    hours_after: Calendar
    targets_before: Mapping[str, Any]
    targets_after: Mapping[str, Any]

    @classmethod
    def of(cls, before: Certificate, after: Certificate) -> Self:
        return cls(
            certificate=after,
            before=before,
            hours_before=before.hours,
            hours_after=after.hours,
            targets_before=before.programme.targets(),
            targets_after=after.programme.targets(),
        )

    @property
    def hours_change(self) -> bool:
        return self.hours_before != self.hours_after

    @property
    def targets_change(self) -> bool:
        return self.targets_before != self.targets_after

    @property
    def changes(self) -> bool:
        return self.hours_change or self.targets_change

    @property
    def keeps_own_hours(self) -> bool:
        """Whether its office's calendar changes, but not for this certificate."""
        office_changes = self.before.office.calendar != self.certificate.office.calendar
        return office_changes and self.certificate.week is not None and not self.hours_change

    @property
    def facts(self) -> str:
        """What the digest covers of the terms."""
        hours = [self.hours_before.digest, self.hours_after.digest]
        targets = [self.targets_before, self.targets_after]
        return json.dumps([self.certificate.pk, hours, targets], sort_keys=True)

    def in_force(self, at: datetime) -> bool:
        """Whether incidents can be filed under it, now or from its first day on."""
        ended = self.certificate.local_date(at) > self.certificate.valid_until
        return self.certificate.revoked_at is None and not ended


@dataclass(frozen=True, slots=True)
class _Move:
    """A clock whose due time moves, as little of it as there may be thousands."""

    clock: Clock
    zone: str
    due_after: datetime


@dataclass(slots=True)
class _Tally:
    """One pass over the running clocks of certificates whose hours change, by certificate."""

    at: datetime
    agreements: Mapping[int, _Agreement]
    later: int = 0
    earlier: int = 0
    left: int = 0
    standing: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        digest: str = self._hash.hexdigest()
        return digest

    def note(self, *facts: object) -> None:
        """Let the digest cover some facts."""
        self._hash.update(f"{facts}\n".encode())

    def moving(self) -> Iterator[_Move]:
        """Count what becomes of each clock, and yield those whose due times move.

        What fell due before the change is breached, or will be as soon as that is noticed.
        """
        for clock, agreement in self._clocks():
            hours = agreement.hours_after
            overdue = clock.due_at < self.at and not clock.is_standing
            if overdue or clock.calendar == hours.digest:
                continue
            value = clock.value()
            revised = rules.revise_calendar(value, at=self.at, calendar=hours)
            if revised is value:
                self.left += 1
                self.note(clock.pk)
            elif clock.is_standing:
                as_it_was = rules.revise_calendar(
                    value, at=self.at, calendar=agreement.hours_before
                )
                self.standing += as_it_was.due_at != revised.due_at
            elif revised.due_at != clock.due_at:
                self._count_move(clock, revised.due_at)
                yield _Move(clock, agreement.certificate.office.timezone, revised.due_at)

    def _clocks(self) -> Iterator[tuple[Clock, _Agreement]]:
        """Read what `revise_clocks` will look at."""
        if not self.agreements:
            return
        running = Clock.objects.filter(
            incident__certificate__in=list(self.agreements),
            received_at__lte=self.at,
            ended_at__isnull=True,
            breached_at__isnull=True,
        )
        found = running.annotate(certificate=F("incident__certificate")).order_by("pk")
        for clock in found.iterator(chunk_size=CLOCKS_AT_ONCE):
            yield clock, self.agreements[clock.certificate]

    def _count_move(self, clock: Clock, due_after: datetime) -> None:
        self.later += due_after > clock.due_at
        self.earlier += due_after < clock.due_at
        self.note(clock.pk, clock.due_at.isoformat(), due_after.isoformat())


def _in_full(moves: Iterable[_Move]) -> list[MovedClock]:
    rows = list(moves)
    incidents = Incident.objects.select_related("customer")
    found = incidents.in_bulk([row.clock.incident_id for row in rows]) if rows else {}
    return [
        MovedClock(
            incident=found[row.clock.incident_id],
            kind=row.clock.get_kind_display(),
            zone=row.zone,
            due_before=row.clock.due_at,
            due_after=row.due_after,
        )
        for row in rows
    ]


def _filings(agreements: Iterable[_Agreement], at: datetime) -> Iterator[Filing]:
    """Yield what an incident filed now is promised otherwise, once for agreements alike."""
    alike: defaultdict[Any, list[_Agreement]] = defaultdict(list)
    for row in agreements:
        programmes = (row.before.programme_id, row.certificate.programme_id)
        alike[programmes, row.hours_before, row.hours_after].append(row)
    for group in alike.values():
        first = group[0]
        for severity in SEVERITIES:
            for kind in FROM_RECEPTION:
                due_before = _due(first.targets_before, kind, severity, first.hours_before, at)
                due_after = _due(first.targets_after, kind, severity, first.hours_after, at)
                if due_before != due_after:
                    yield Filing(
                        certificate=first.certificate,
                        others=len(group) - 1,
                        severity=severity,
                        kind=str(kind.label),
                        due_before=due_before,
                        due_after=due_after,
                    )


def _due(
    targets: Mapping[str, Any], kind: ClockKind, severity: int, hours: Calendar, at: datetime
) -> datetime | None:
    target = Target.of(targets, kind, severity)
    if target is None:
        return None
    return rules.start(
        received_at=at, by_phone=False, target=target, percentages=(), calendar=hours
    ).due_at


def _promise_changes(agreements: Iterable[_Agreement]) -> Iterator[PromiseChange]:
    """Yield the promises that differ, once for each change of targets."""
    told = {(row.before.programme_id, row.certificate.programme_id): row for row in agreements}
    for row in told.values():
        for severity in SEVERITIES:
            for kind in ClockKind:
                before = Target.of(row.targets_before, kind, severity)
                after = Target.of(row.targets_after, kind, severity)
                if before != after:
                    yield PromiseChange(severity, str(kind.label), before, after)
