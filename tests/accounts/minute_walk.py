"""Working time found by looking at the office's clock again and again: slow, and plainly right.

It shares nothing with `accounts.worktime`: it reads the JSON form of a calendar itself, asks the
zone what the wall clock shows, and counts. Zones whose offset has odd seconds are looked at every
second, all others every minute.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Zones, each with a date near which its clock does something: shifts of an hour or half an hour,
# by day, at midnight and before it, whole dates left out or lived twice, odd seconds; or nothing.
PLACES = (
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-29"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Africa/Johannesburg", "2026-05-01"),
    ("Africa/Monrovia", "1972-01-07T01:00"),
    ("America/Anchorage", "1983-10-30"),
    ("America/Asuncion", "2024-03-24"),
    ("America/Asuncion", "2024-10-06"),
    ("America/Caracas", "2016-05-01"),
    ("America/Chicago", "2026-03-08"),
    ("America/Goose_Bay", "2010-11-07"),
    ("America/Havana", "2026-11-01"),
    ("America/Juneau", "1867-10-19T01:00"),
    ("America/Los_Angeles", "2026-11-01"),
    ("America/Mexico_City", "2022-10-30"),
    ("America/New_York", "2026-03-08"),
    ("America/Noronha", "2000-10-08"),
    ("America/Nuuk", "2024-03-31"),
    ("America/Santiago", "2026-04-04"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/St_Johns", "1988-04-03"),
    ("Antarctica/Casey", "2018-03-11"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Asia/Amman", "2022-02-25"),
    ("Asia/Beirut", "2026-03-29"),
    ("Asia/Damascus", "2022-03-25"),
    ("Asia/Gaza", "2024-04-20"),
    ("Asia/Kathmandu", "1986-01-01"),
    ("Asia/Kolkata", "2026-08-15"),
    ("Asia/Manila", "1844-12-31T16:00"),
    ("Asia/Pyongyang", "2018-05-04"),
    ("Asia/Riyadh", "2026-06-01"),
    ("Asia/Shanghai", "1991-09-15"),
    ("Asia/Tehran", "2022-03-22"),
    ("Asia/Tokyo", "2026-02-11"),
    ("Atlantic/Azores", "2026-03-29"),
    ("Australia/Adelaide", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Sydney", "2026-10-04"),
    ("Europe/Amsterdam", "2026-10-25"),
    ("Europe/Dublin", "1916-10-01T02:00"),
    ("Europe/Istanbul", "2015-11-08"),
    ("Europe/London", "1968-10-27"),
    ("Europe/Moscow", "2014-10-26"),
    ("Europe/Paris", "2026-03-29"),
    ("Europe/Paris", "2026-10-25"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Chatham", "2026-04-05"),
    ("Pacific/Kiritimati", "1995-01-01"),
    ("Pacific/Kwajalein", "1969-10-01"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("UTC", "2026-12-31"),
)

ZONES_OF_ODD_SECONDS = ("Africa/Monrovia", "America/Juneau", "Asia/Manila", "Europe/Dublin")


class Walk:
    """An office watched from `first` to `last`; whole seconds only."""

    def __init__(self, office: Mapping[str, Any], first: datetime, last: datetime) -> None:
        self._zone = ZoneInfo(office["timezone"])
        self._office = office
        self._first = first
        self._step_seconds = 1 if office["timezone"] in ZONES_OF_ODD_SECONDS else 60
        steps = int((last - first).total_seconds()) // self._step_seconds
        self._open: list[bool] = []
        self._open_seconds_before = [0]
        for step in range(steps):
            is_open = self._looks_open(first + timedelta(seconds=step * self._step_seconds))
            self._open.append(is_open)
            open_seconds = self._step_seconds if is_open else 0
            self._open_seconds_before.append(self._open_seconds_before[-1] + open_seconds)

    def is_open(self, at: datetime) -> bool:
        step, _ = self._step_of(at)
        return self._open[step]

    def next_opening(self, at: datetime) -> datetime | None:
        """Return None where the watch ends before the office opens."""
        step, _ = self._step_of(at)
        if self._open[step]:
            return at
        while step < len(self._open):
            if self._open[step]:
                return self._first + timedelta(seconds=step * self._step_seconds)
            step += 1
        return None

    def elapsed_seconds(self, start: datetime, end: datetime) -> int:
        return self._open_seconds_until(end) - self._open_seconds_until(start)

    def due(self, start: datetime, seconds: int) -> datetime | None:
        """Return None where the watch ends before so much working time has passed."""
        if seconds == 0:
            return start
        wanted = self._open_seconds_until(start) + seconds
        step, _ = self._step_of(start)
        while step < len(self._open):
            missing = wanted - self._open_seconds_before[step]
            if self._open[step] and missing <= self._step_seconds:
                return self._first + timedelta(seconds=step * self._step_seconds + missing)
            step += 1
        return None

    def _open_seconds_until(self, at: datetime) -> int:
        step, seconds_into_it = self._step_of(at)
        before = self._open_seconds_before[step]
        return before + seconds_into_it if seconds_into_it and self._open[step] else before

    def _step_of(self, at: datetime) -> tuple[int, int]:
        return divmod(int((at - self._first).total_seconds()), self._step_seconds)

    def _looks_open(self, at: datetime) -> bool:
        wall = at.astimezone(self._zone)
        day = wall.date().isoformat()
        clock = f"{wall.hour:02}:{wall.minute:02}"
        if day in self._office["special"]:
            windows = self._office["special"][day]
        elif day in self._office["closed"]:
            windows = []
        else:
            windows = self._office["week"].get(WEEKDAYS[wall.weekday()], [])
        return any(opens <= clock < closes for opens, closes in windows)


def random_office(random: Random, days: int) -> tuple[dict[str, Any], datetime, datetime]:
    """Return a random calendar, and the span to watch: `days` around what its place is known for.

    Six hours around it where every second is looked at.
    """
    zone, text = random.choice(PLACES)
    known_for = datetime.fromisoformat(text).replace(tzinfo=UTC)
    office: dict[str, Any] = {"timezone": zone, "week": {}, "closed": [], "special": {}}
    for weekday in WEEKDAYS:
        office["week"][weekday] = random_windows(random, random.choice((0, 1, 1, 2, 3)))
    office["week"][random.choice(WEEKDAYS)] = random_windows(random, 1)
    for offset in range(-days, days):
        day = (known_for + timedelta(days=offset)).date().isoformat()
        kind = random.choice(("weekly", "weekly", "weekly", "closed", "special", "both"))
        if kind in {"closed", "both"}:
            office["closed"].append(day)
        if kind in {"special", "both"}:
            office["special"][day] = random_windows(random, random.choice((0, 1, 2)))
    odd = zone in ZONES_OF_ODD_SECONDS
    around = timedelta(hours=6) if odd else timedelta(days=days)
    return office, known_for - around, known_for + around


def random_windows(random: Random, count: int) -> list[list[str]]:
    """Return windows in order; small hours, where clocks change, are as likely as the day."""
    small = (0, 15, 30, 44, 45, 60, 75, 90, 100, 120, 125, 150, 180, 210)
    large = (480, 540, 555, 720, 780, 1080, 1350, 1380, 1410, 1425, 1439, 1440)
    edges = sorted(random.sample(small + large, 2 * count))
    texts = [f"{edge // 60:02}:{edge % 60:02}" for edge in edges]
    return [[opens, closes] for opens, closes in zip(texts[::2], texts[1::2], strict=True)]


def random_instants(random: Random, first: datetime, last: datetime) -> list[datetime]:
    """Return two instants, the earlier first; half of them at a quarter of an hour."""
    span = int((last - first).total_seconds())
    seconds = [random.randrange(span) for _ in range(2)]
    return sorted(
        first + timedelta(seconds=second - (second % 900 if random.random() < 0.5 else 0))
        for second in seconds
    )
