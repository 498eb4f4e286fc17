"""Clocks as arithmetic on values: SPEC 7, the exact rules of its scenarios, docs/clocks.md.

A clock holds promises; each has a basis, a length and a unit, and is due when that length has
passed since the basis while the clock ran: around the clock, or in working time. The clock is due
at the earliest of them, and that promise governs the warnings. It stands still while the next move
is not the vendor's. Nothing here asks the time or touches a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from accounts import worktime
from accounts.worktime import Calendar

Pause = tuple[datetime, datetime | None]  # a stretch of standing still; None: it lasts


class Unit(StrEnum):
    ELAPSED = "elapsed"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Target:
    """What one severity promises of one kind."""

    length: timedelta
    unit: Unit
    call_required: bool = False

    @classmethod
    def of(cls, targets: Mapping[str, Any], kind: str, severity: int) -> Self | None:
        """Return what a programme's targets promise of a kind; None: nothing (SPEC 2)."""
        if kind == "response":
            data = targets["response"].get(str(severity))
        else:
            data = targets["further_targets"].get(str(severity), {}).get(kind)
        return cls.from_data(data) if data else None

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

    def due(self, calendar: Calendar, pauses: Sequence[Pause] = ()) -> datetime | None:
        """Return when it is due; None where the clock stands still and it is not due yet."""
        return self.instant_of(1, 1, calendar, pauses)

    def instant_of(
        self, part: int, whole: int, calendar: Calendar, pauses: Sequence[Pause] = ()
    ) -> datetime | None:
        """Return the instant by which `part/whole` of the length has passed, in whole seconds.

        Time during `pauses`, which stand in order, does not count. What is used up at the very
        instant of a pause is in time, and due when the clock goes on. None: the clock stands still,
        and so much has not passed.
        """
        left = timedelta(seconds=int(self.length.total_seconds()) * part // whole)
        since = self.basis
        for stopped, resumed in pauses:
            if resumed is not None and resumed <= since:
                continue
            if stopped > since:
                ran = self.between(since, stopped, calendar)
                if ran >= left and self._after(since, left, calendar) < stopped:
                    break
                left -= ran
            if resumed is None:
                return None
            since = resumed
        return self._after(since, left, calendar)

    def between(self, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
        """Return what counts of a stretch during which the clock ran."""
        if self.unit is Unit.WORKING:
            return worktime.elapsed(calendar, start, end)
        return end - start

    def _after(self, start: datetime, length: timedelta, calendar: Calendar) -> datetime:
        if self.unit is Unit.WORKING:
            return worktime.due(calendar, start, length)
        return start + length

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
    """A clock that has neither ended nor been breached.

    While it stands still, `due_at` is what it would be if it had gone on at the last change.
    """

    received_at: datetime
    started_at: datetime
    waits_for_call: bool
    promises: tuple[Promise, ...]
    due_at: datetime
    warnings: tuple[WarningPoint, ...]
    pauses: tuple[Pause, ...] = ()

    def has_started(self, at: datetime) -> bool:
        return self.started_at <= at

    @property
    def is_standing(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None

    def governing(self, calendar: Calendar) -> Promise:
        """Return the promise that is due first."""
        pauses = _as_if_resumed(self.pauses, self.due_at)
        return min(self.promises, key=lambda promise: _known(promise.due(calendar, pauses)))


def start(
    *,
    received_at: datetime,
    by_phone: bool,
    target: Target,
    percentages: Sequence[int],
    calendar: Calendar,
    pauses: tuple[Pause, ...] = (),
) -> RunningClock:
    """Start a clock at an instant, for a report received then (SPEC 7.1 to 7.4).

    `pauses` are known beforehand only for a clock that is found to have begun earlier.
    """
    waits = target.call_required and not by_phone and not worktime.is_open(calendar, received_at)
    started_at = worktime.next_opening(calendar, received_at) if waits else received_at
    clock = RunningClock(
        received_at=received_at,
        started_at=started_at,
        waits_for_call=waits,
        promises=(Promise(started_at, target.length, target.unit, follows_start=True),),
        due_at=started_at,
        warnings=tuple(WarningPoint(percentage, started_at) for percentage in percentages),
        pauses=pauses,
    )
    return _settle(clock, received_at, calendar)


def raise_severity(
    clock: RunningClock, *, at: datetime, target: Target, calendar: Calendar
) -> RunningClock:
    """Add the new severity's promise from `at`; end a wait for a call (SPEC 7.6, raised).

    One that moves the due time arms the warnings anew.
    """
    due_at = _settle(clock, at, calendar).due_at
    if clock.waits_for_call and not clock.has_started(at):
        clock = _move_start(clock, at)
    promise = Promise(at, target.length, target.unit)
    raised = _settle(
        replace(clock, waits_for_call=False, promises=(*clock.promises, promise)), at, calendar
    )
    if raised.due_at == due_at:
        return raised
    fresh = tuple(replace(warning, fired_at=None) for warning in clock.warnings)
    return _settle(replace(raised, warnings=fresh), at, calendar)


def lower_severity(
    clock: RunningClock, *, at: datetime, target: Target, calendar: Calendar
) -> RunningClock:
    """Replace all promises by the new severity's (SPEC 7.6, lowered)."""
    if clock.waits_for_call and not target.call_required:
        clock = replace(clock, started_at=clock.received_at, waits_for_call=False)
    promise = Promise(clock.started_at, target.length, target.unit, follows_start=True)
    if _known(promise.due(calendar, _as_if_resumed(clock.pauses, at))) < at:
        promise = Promise(at, target.length, target.unit)
    return _settle(replace(clock, promises=(promise,)), at, calendar)


def log_call(clock: RunningClock, *, at: datetime, calendar: Calendar) -> RunningClock:
    """Start a clock at the call, if it has not started by then.

    A clock that waited and was started by a rise in severity takes a call from before as well.
    """
    if clock.has_started(at):
        return clock
    return _settle(replace(_move_start(clock, at), waits_for_call=False), at, calendar)


def revise_calendar(clock: RunningClock, *, at: datetime, calendar: Calendar) -> RunningClock:
    """Reckon the clock by a changed calendar (SPEC 7.10).

    A change that would put the due instant before the change leaves the clock as it was: the very
    same value is returned.
    """
    moved = clock
    if clock.waits_for_call and not clock.has_started(at):
        moved = _move_start(clock, worktime.next_opening(calendar, max(at, clock.received_at)))
    moved = _settle(moved, at, calendar)
    return clock if moved.due_at < at else moved


def pause(clock: RunningClock, *, at: datetime) -> RunningClock:
    """Let a clock stand still, because the next move is not the vendor's any more."""
    return replace(clock, pauses=(*clock.pauses, (at, None)))


def resume(clock: RunningClock, *, at: datetime, calendar: Calendar) -> RunningClock:
    """Let a clock that stands still go on where it stood."""
    return _settle(replace(clock, pauses=end_pause(clock.pauses, at)), at, calendar)


def cut(clock: RunningClock, *, at: datetime, calendar: Calendar) -> RunningClock:
    """Leave out what a clock stood still after an instant."""
    pauses = tuple(
        (stopped, min(resumed, at) if resumed else at)
        for stopped, resumed in clock.pauses
        if stopped < at
    )
    return _settle(replace(clock, pauses=pauses), at, calendar)


def end_pause(pauses: Sequence[Pause], at: datetime) -> tuple[Pause, ...]:
    """End the pause that lasts; one of no length leaves no trace."""
    *earlier, (stopped, _) = pauses
    return tuple(earlier) if stopped == at else (*earlier, (stopped, at))


def _move_start(clock: RunningClock, started_at: datetime) -> RunningClock:
    promises = tuple(
        replace(promise, basis=started_at) if promise.follows_start else promise
        for promise in clock.promises
    )
    return replace(clock, started_at=started_at, promises=promises)


def _settle(clock: RunningClock, at: datetime, calendar: Calendar) -> RunningClock:
    """Reckon due time and unfired warnings anew; a warning that lies before `at` is due at it."""
    pauses = _as_if_resumed(clock.pauses, at)
    dues = [_known(promise.due(calendar, pauses)) for promise in clock.promises]
    due_at = min(dues)
    governing = clock.promises[dues.index(due_at)]
    warnings = tuple(
        warning
        if warning.fired_at
        else replace(
            warning,
            due_at=max(at, _known(governing.instant_of(warning.percentage, 100, calendar, pauses))),
        )
        for warning in clock.warnings
    )
    return replace(clock, due_at=due_at, warnings=warnings)


def _as_if_resumed(pauses: Sequence[Pause], at: datetime) -> tuple[Pause, ...]:
    return tuple((stopped, resumed_at or max(at, stopped)) for stopped, resumed_at in pauses)


def _known(instant: datetime | None) -> datetime:
    if instant is None:
        raise AssertionError("A clock that goes on has a due instant.")
    return instant
