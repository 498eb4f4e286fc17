"""A span of time told without a gap: when the office is open, and why it is closed else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from accounts.worktime.answers import Closed, Why, intervals, reason_closed
from accounts.worktime.calendars import Calendar
from accounts.worktime.months import local_date
from accounts.worktime.timetable import constant_offsets, instant_of, ticks_of

_DAY = 86_400_000_000  # in ticks


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a span in which the office is open, or closed for one reason.

    `closed` holds the reason as of the first day; `special` tells that this day has special hours.
    """

    since: datetime
    until: datetime
    closed: Closed | None
    special: bool


def stretches(calendar: Calendar, start: datetime, end: datetime) -> list[Stretch]:
    """Return [start, end) as stretches in order that leave nothing out, in UTC.

    Openings that touch are one. A night is one stretch across midnight, days off in a row are one,
    and so are closed days in a row of the same name. Raises ValueError when `end` lies before
    `start`.
    """
    found: list[Stretch] = []
    at = instant_of(ticks_of(start))
    for opens, closes in intervals(calendar, start, end):
        found += _closed(calendar, at, opens)
        found.append(Stretch(opens, closes, None, _is_special(calendar, opens)))
        at = closes
    return found + _closed(calendar, at, instant_of(ticks_of(end)))


def _closed(calendar: Calendar, since: datetime, until: datetime) -> list[Stretch]:
    """Cut a span without openings where the reason changes, which is at midnight only."""
    found: list[Stretch] = []
    for start, end in pairwise([since, *_date_changes(calendar.timezone, since, until), until]):
        if start == end:
            continue
        stretch = Stretch(start, end, reason_closed(calendar, start), _is_special(calendar, start))
        if found and _reason(found[-1]) == _reason(stretch):
            found[-1] = replace(found[-1], until=end)
        else:
            found.append(stretch)
    return found


def _reason(stretch: Stretch) -> tuple[Why, str, date | None] | None:
    """Return what two stretches that touch must share to be told as one."""
    closed = stretch.closed
    if closed is None:
        return None
    return closed.why, closed.name, closed.day if stretch.special else None


def _is_special(calendar: Calendar, at: datetime) -> bool:
    return local_date(at, calendar.timezone) in calendar.special


def _date_changes(timezone: str, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants strictly inside a span at which the local date may become another."""
    start, end = ticks_of(since), ticks_of(until)
    if start >= end:
        return
    for begins, ends, offset in constant_offsets(ZoneInfo(timezone), start, end):
        if begins > start:
            yield instant_of(begins)
        first = (begins + offset) // _DAY + 1
        last = (ends + offset - 1) // _DAY
        for day in range(first, last + 1):
            yield instant_of(day * _DAY - offset)
