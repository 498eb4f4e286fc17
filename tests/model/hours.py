"""When an office is open, found by looking at its wall clock: slow, and plainly right.

It shares nothing with `accounts.worktime`. Instants are whole seconds since 1970 in UTC.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86_400
# How long an office that has closed for good is watched: longer than any certificate lasts.
WATCHED_DAYS = 4000


def seconds_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def text_of(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_date(at: int, timezone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).date().isoformat()


def a_month_after(at: int, timezone: str) -> int:
    """Return the same wall-clock time on the same day of the next month, or on its last day."""
    zone = ZoneInfo(timezone)
    wall = datetime.fromtimestamp(at, zone).replace(tzinfo=None)
    first = (wall.replace(day=1) + timedelta(days=32)).replace(day=1)
    last_day = ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
    wanted = first.replace(day=min(wall.day, last_day))
    # The first instant whose wall clock reads so; none does inside a gap, whose length is added.
    around = int(wanted.replace(tzinfo=UTC).timestamp())
    offsets = {_offset(around + hours * 3600, zone) for hours in (-36, 36)}
    for candidate in sorted(around - offset for offset in offsets):
        if datetime.fromtimestamp(candidate, zone).replace(tzinfo=None) == wanted:
            return candidate
    return around - _offset(around - 36 * 3600, zone)


def _offset(at: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


class Always:
    """Time that passes around the clock, asked like hours."""

    def due(self, start: int, seconds: int) -> int:
        return start + seconds

    def elapsed(self, start: int, end: int) -> int:
        return end - start


class Hours:
    """One calendar, looked at step by step; every day that was looked at is remembered."""

    def __init__(self, calendar: Mapping[str, Any]) -> None:
        self._zone = ZoneInfo(calendar["timezone"])
        self._week = {day: _in_minutes(windows) for day, windows in calendar["week"].items()}
        self._special = {day: _in_minutes(windows) for day, windows in calendar["special"].items()}
        self._closed = set(calendar["closed"])
        self._days: dict[int, list[tuple[int, int]]] = {}
        # Clocks change at quarters of an hour, so between steps an office neither opens nor closes.
        days = [*self._week.values(), *self._special.values()]
        edges = [edge for windows in days for window in windows for edge in window]
        self._step = gcd(15, *edges) * 60

    def is_open(self, at: int) -> bool:
        return any(opens <= at < closes for opens, closes in self._day(at // DAY))

    def next_opening(self, at: int) -> int:
        """Return `at` itself when open."""
        for opens, closes in self._from(at):
            if at < closes:
                return max(at, opens)
        raise AssertionError("The office never opens again.")

    def due(self, start: int, seconds: int) -> int:
        if seconds == 0:
            return start
        missing = seconds
        for opens, closes in self._from(start):
            since = max(start, opens)
            if since < closes:
                if closes - since >= missing:
                    return since + missing
                missing -= closes - since
        raise AssertionError("The office never opens again.")

    def elapsed(self, start: int, end: int) -> int:
        return sum(
            max(0, min(end, closes) - max(start, opens))
            for day in range(start // DAY, end // DAY + 1)
            for opens, closes in self._day(day)
        )

    def _from(self, at: int) -> Iterator[tuple[int, int]]:
        for day in range(at // DAY, at // DAY + WATCHED_DAYS):
            yield from self._day(day)

    def _day(self, day: int) -> list[tuple[int, int]]:
        """Return the openings of one UTC day; one that goes on past midnight is cut there."""
        if day not in self._days:
            found: list[tuple[int, int]] = []
            for at in range(day * DAY, (day + 1) * DAY, self._step):
                if not self._looks_open(at):
                    continue
                if found and found[-1][1] == at:
                    found[-1] = (found[-1][0], at + self._step)
                else:
                    found.append((at, at + self._step))
            self._days[day] = found
        return self._days[day]

    def _looks_open(self, at: int) -> bool:
        wall = datetime.fromtimestamp(at, self._zone)
        day = wall.date().isoformat()
        minute = wall.hour * 60 + wall.minute
        if day in self._special:
            windows = self._special[day]
        elif day in self._closed:
            windows = []
        else:
            windows = self._week.get(WEEKDAYS[wall.weekday()], [])
        return any(opens <= minute < closes for opens, closes in windows)


def hours_of(calendar: Mapping[str, Any], week: Mapping[str, Any] | None) -> Hours:
    """Return the hours of an office's calendar, or of a certificate's own week in it."""
    return _hours(json.dumps(dict(calendar) | ({} if week is None else {"week": week})))


@lru_cache(maxsize=300)  # calendars; a few hundred days each make some 30 KB
def _hours(calendar: str) -> Hours:
    return Hours(json.loads(calendar))


def _in_minutes(windows: Any) -> list[tuple[int, int]]:
    return [(_minutes(opens), _minutes(closes)) for opens, closes in windows]


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
