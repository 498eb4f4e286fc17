"""How clocks were reckoned, interval by interval: what a reader adds up by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts import worktime
from accounts.worktime import Calendar
from incidents.models import Clock
from incidents.rules import Pause, Promise, RunningClock, Unit

Stretch = tuple[datetime, datetime]


class Verdict(StrEnum):
    KEPT = "kept"
    MISSED = "missed"
    ENDED = "ended"  # with the incident, neither kept nor missed
    STANDING = "standing"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Counted:
    """A stretch that counted, with the sum of all until its end."""

    since: datetime
    until: datetime
    seconds: int
    sum_seconds: int


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One promise: what counted until it was due, or until the clock stood still before that."""

    promise: Promise
    due_at: datetime | None
    counted: tuple[Counted, ...]


def verdict_of(clock: Clock) -> Verdict:
    if clock.breached_at:
        return Verdict.MISSED
    if clock.met_at:
        return Verdict.KEPT
    if clock.ended_at:
        return Verdict.ENDED
    return Verdict.STANDING if clock.is_standing else Verdict.RUNNING


def reckoned(promise: Promise, pauses: Sequence[Pause], calendar: Calendar) -> Reckoning:
    """Return when a promise is due, and what counts until then."""
    due_at = promise.due(calendar, pauses)
    until = due_at or pauses[-1][0]
    return Reckoning(promise, due_at, tuple(_counted(promise, pauses, until, calendar)))


def pauses_of(clock: Clock) -> list[Pause]:
    """Return the pauses that bear on a clock's due time.

    Nothing moves what was breached; a pause that ends with the clock never ended for it.
    """
    return [
        (stopped, None if resumed == clock.ended_at else resumed)
        for stopped, resumed in clock.value().pauses
        if clock.breached_at is None or stopped < clock.breached_at
    ]


def governing(clock: RunningClock, calendar: Calendar) -> int:
    """Return the index of the promise by which the clock is due."""
    return clock.promises.index(clock.governing(calendar))


def used_seconds(
    promise: Promise, pauses: Sequence[Pause], until: datetime, calendar: Calendar
) -> int:
    """Return what counted from a promise's basis until an instant."""
    return _sum(_counted(promise, pauses, until, calendar))


def working_seconds(calendar: Calendar, since: datetime, until: datetime) -> int:
    return int(worktime.elapsed(calendar, since, until).total_seconds())


def _counted(
    promise: Promise, pauses: Sequence[Pause], until: datetime, calendar: Calendar
) -> Iterator[Counted]:
    total = 0
    for running in _running(promise.basis, until, pauses):
        for since, end in _counting(promise, running, calendar):
            seconds = int((end - since).total_seconds())
            total += seconds
            yield Counted(since, end, seconds, total)


def _running(since: datetime, until: datetime, pauses: Sequence[Pause]) -> Iterator[Stretch]:
    """Yield the stretches from `since` to `until` outside the pauses, which stand in order."""
    for stopped, resumed in pauses:
        if since < (end := min(stopped, until)):
            yield since, end
        since = max(since, resumed or until)
    if since < until:
        yield since, until


def _counting(promise: Promise, running: Stretch, calendar: Calendar) -> Sequence[Stretch]:
    if promise.unit is Unit.WORKING:
        return worktime.intervals(calendar, *running)
    return [running]


def _sum(counted: Iterator[Counted]) -> int:
    return sum(one.seconds for one in counted)
