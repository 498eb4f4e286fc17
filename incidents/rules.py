"""The response clock as arithmetic on values: SPEC 7 and the exact rules of its scenarios.

A clock holds promises; each has a basis, a length and a unit, and is due when that length has
passed since the basis: around the clock, or in working time. The clock is due at the earliest of
them, and that promise governs the warnings. Nothing here asks the time or touches a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from accounts import worktime
from accounts.worktime import Calendar


class Unit(StrEnum):
    ELAPSED = "elapsed"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Target:
    """How fast one severity must be answered."""

    length: timedelta
    unit: Unit
    call_required: bool = False

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            length=timedelta(minutes=data["minutes"]),
            unit=Unit(data["unit"]),
            call_required=bool(data.get("call_required", False)),
        )


@dataclass(frozen=True, slots=True)
class Promise:
    """Something owed `length` after `basis`; one that `follows_start` moves with the start."""

    basis: datetime
    length: timedelta
    unit: Unit
    follows_start: bool = False

    def due(self, calendar: Calendar) -> datetime:
        return self.instant_of(1, 1, calendar)

    def instant_of(self, part: int, whole: int, calendar: Calendar) -> datetime:
        """Return the instant by which `part/whole` of the length has passed, whole seconds."""
        share = timedelta(seconds=int(self.length.total_seconds()) * part // whole)
        if self.unit is Unit.WORKING:
            return worktime.due(calendar, self.basis, share)
        return self.basis + share

    def to_data(self) -> dict[str, Any]:
        return {
            "basis": self.basis.isoformat(),
            "seconds": int(self.length.total_seconds()),
            "unit": self.unit.value,
            "follows_start": self.follows_start,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            basis=datetime.fromisoformat(data["basis"]),
            length=timedelta(seconds=data["seconds"]),
            unit=Unit(data["unit"]),
            follows_start=data["follows_start"],
        )


@dataclass(frozen=True, slots=True)
class WarningPoint:
    """A warning point: a share of the allowance, when it falls due, and when it fired."""

    percentage: int
    due_at: datetime
    fired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A response clock that has neither ended nor been breached."""

    received_at: datetime
    started_at: datetime
    waits_for_call: bool
    promises: tuple[Promise, ...]
    due_at: datetime
    warnings: tuple[WarningPoint, ...]

    def has_started(self, at: datetime) -> bool:
        return self.started_at <= at


def start(
    *,
    received_at: datetime,
    by_phone: bool,
    target: Target,
    percentages: Sequence[int],
    calendar: Calendar,
) -> RunningClock:
    """Start a clock for a report received at an instant (SPEC 7.1 to 7.4)."""
    waits = target.call_required and not by_phone and not worktime.is_open(calendar, received_at)
    started_at = worktime.next_opening(calendar, received_at) if waits else received_at
    promise = Promise(started_at, target.length, target.unit, follows_start=True)
    clock = RunningClock(
        received_at=received_at,
        started_at=started_at,
        waits_for_call=waits,
        promises=(promise,),
        due_at=promise.due(calendar),
        warnings=tuple(WarningPoint(percentage, started_at) for percentage in percentages),
    )
    return _settle(clock, received_at, calendar)


def raise_severity(
    clock: RunningClock, *, at: datetime, target: Target, calendar: Calendar
) -> RunningClock:
    """Add the new severity's promise from `at`; end a wait for a call (SPEC 7.6, raised)."""
    if clock.waits_for_call and not clock.has_started(at):
        clock = _move_start(clock, at)
    promise = Promise(at, target.length, target.unit)
    raised = _settle(
        replace(clock, waits_for_call=False, promises=(*clock.promises, promise)), at, calendar
    )
    if raised.due_at == clock.due_at:
        return raised
    fresh = tuple(replace(warning, fired_at=None) for warning in clock.warnings)
    return _settle(replace(raised, warnings=fresh), at, calendar)


def lower_severity(
    clock: RunningClock, *, at: datetime, target: Target, calendar: Calendar
) -> RunningClock:
    """Replace all promises by the new severity's (SPEC 7.6, lowered)."""
    if clock.waits_for_call and not clock.has_started(at) and not target.call_required:
        clock = replace(clock, started_at=clock.received_at, waits_for_call=False)
    promise = Promise(clock.started_at, target.length, target.unit, follows_start=True)
    if promise.due(calendar) < at:
        promise = Promise(at, target.length, target.unit)
    return _settle(replace(clock, promises=(promise,)), at, calendar)


def log_call(clock: RunningClock, *, at: datetime, calendar: Calendar) -> RunningClock:
    """Start a clock that waits for the office to open, if the call comes before that."""
    if not clock.waits_for_call or clock.has_started(at):
        return clock
    return _settle(replace(_move_start(clock, at), waits_for_call=False), at, calendar)


def revise_calendar(clock: RunningClock, *, at: datetime, calendar: Calendar) -> RunningClock:
    """Reckon the clock by a changed calendar (SPEC 7.10).

    A change that would put the due instant before the change leaves the clock as it was.
    """
    moved = clock
    if clock.waits_for_call and not clock.has_started(at):
        moved = _move_start(clock, worktime.next_opening(calendar, clock.received_at))
    if min(promise.due(calendar) for promise in moved.promises) < at:
        return clock
    return _settle(moved, at, calendar)


def _move_start(clock: RunningClock, started_at: datetime) -> RunningClock:
    promises = tuple(
        replace(promise, basis=started_at) if promise.follows_start else promise
        for promise in clock.promises
    )
    return replace(clock, started_at=started_at, promises=promises)


def _settle(clock: RunningClock, at: datetime, calendar: Calendar) -> RunningClock:
    """Reckon due time and unfired warnings anew; a warning that lies before `at` is due at it."""
    governing = min(clock.promises, key=lambda promise: promise.due(calendar))
    warnings = tuple(
        warning
        if warning.fired_at
        else replace(
            warning, due_at=max(at, governing.instant_of(warning.percentage, 100, calendar))
        )
        for warning in clock.warnings
    )
    return replace(clock, due_at=governing.due(calendar), warnings=warnings)
