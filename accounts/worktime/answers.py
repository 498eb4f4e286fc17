"""What one asks of a calendar: due times, working time between, openings and their reasons."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from accounts.worktime.calendars import Calendar
from accounts.worktime.months import local_date
from accounts.worktime.timetable import (
    BLOCK,
    TICK,
    Openings,
    Windows,
    instant_of,
    ticks_of,
)

_NOTHING = timedelta(0)


class Why(StrEnum):
    """Why an office is closed."""

    OUTSIDE_HOURS = "outside_hours"  # night, a break, before or after the day's windows
    DAY_OFF = "day_off"  # a weekday without windows
    CLOSED_DAY = "closed_day"  # a date named closed, or given special windows of none


@dataclass(frozen=True)
class Closed:
    """A closed instant: the office's local date, and what holds on it."""

    why: Why
    day: date
    name: str  # of the closed day; "" if it has none, or for another reason
    windows: Windows  # that date's opening hours, empty unless `why` is OUTSIDE_HOURS


def due(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """Return the earliest instant by which `amount` of working time has passed since `start`.

    An amount of zero is due at `start`, open or not. Raises ValueError for a negative amount and
    NeverOpensAgain where the calendar's openings end before.
    """
    at = ticks_of(start)
    if amount <= _NOTHING:
        if amount < _NOTHING:
            raise ValueError("An amount of working time cannot be negative.")
        return instant_of(at)
    timetable = calendar.timetable
    number = at // BLOCK
    block = timetable[number]
    wanted = block.worked_until(at) + amount // TICK
    while wanted > block.total:
        wanted -= block.total
        number += 1
        block = timetable.next_block(number)
    return instant_of(block.earliest_with(wanted))


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return the working time in [start, end); raises ValueError when `end` lies before `start`."""
    since, until = _span(start, end)
    timetable = calendar.timetable
    first, last = since // BLOCK, until // BLOCK
    worked = timetable[last].worked_until(until) - timetable[first].worked_until(since)
    for number in range(first, last):
        worked += timetable[number].total
    return worked * TICK


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Tell whether the office is open at `at`: a window's opening counts, its close does not."""
    ticks = ticks_of(at)
    return calendar.timetable[ticks // BLOCK].is_open(ticks)


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """Return `at` when open, else when the office next opens; raises NeverOpensAgain."""
    ticks = ticks_of(at)
    timetable = calendar.timetable
    number = ticks // BLOCK
    block = timetable[number]
    if block.is_open(ticks):
        return instant_of(ticks)
    while not block.opens or block.opens[-1] < ticks:
        number += 1
        block = timetable.next_block(number)
    return instant_of(block.opens[bisect_left(block.opens, ticks)])


def intervals(
    calendar: Calendar, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return when the office is open within [start, end], as pairs of opening and close.

    Openings that touch, such as the halves of a night shift, are one. Raises ValueError when `end`
    lies before `start`.
    """
    since, until = _span(start, end)
    found = Openings()
    for number in range(since // BLOCK, until // BLOCK + 1):
        block = calendar.timetable[number]
        for opens, closes in zip(block.opens, block.closes, strict=True):
            found.add(max(opens, since), min(closes, until))
    return [
        (instant_of(opens), instant_of(closes))
        for opens, closes in zip(found.opens, found.closes, strict=True)
    ]


def reason_closed(calendar: Calendar, at: datetime) -> Closed | None:
    """Return why the office is closed at `at`, or None when it is open."""
    if is_open(calendar, at):
        return None
    day = local_date(at, calendar.timezone)
    windows = calendar.special.get(day)
    if windows is None and day not in calendar.closed:
        windows = calendar.week[day.weekday()]
        if not windows:
            return Closed(Why.DAY_OFF, day, "", ())
    if windows:
        return Closed(Why.OUTSIDE_HOURS, day, "", windows)
    return Closed(Why.CLOSED_DAY, day, calendar.closed.get(day, ""), ())


def _span(start: datetime, end: datetime) -> tuple[int, int]:
    since, until = ticks_of(start), ticks_of(end)
    if until < since:
        raise ValueError("The end of a span cannot lie before its start.")
    return since, until
