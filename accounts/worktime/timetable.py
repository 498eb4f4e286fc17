"""A calendar's openings laid out on the line of UTC, so that questions are answered by bisection.

An office is open at an instant when its own wall clock then reads a time inside an opening window
[open, close) of that wall-clock date (SPEC 9). Between two changes of its zone's offset the wall
clock is UTC plus a constant, so each stretch of constant offset is laid out by itself and clipped
to its ends: what a clock change skips falls away, what it repeats stands twice, and no change of
whatever size or hour is a special case.

Instants are integers here: microseconds since 1970 in UTC, called ticks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

Window = tuple[int, int]  # opens and closes, in minutes after local midnight, 0 to 1440
Windows = tuple[Window, ...]

MINUTES_PER_DAY = 24 * 60

TICK = timedelta(microseconds=1)
BLOCK = 366 * 86_400_000_000  # what is laid out at once: a year, which few questions leave

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MINUTE = 60_000_000
_DAY = MINUTES_PER_DAY * _MINUTE

# Zones keep an offset for 6.9 days at the least (Brazil in 2000, Gaza around Ramadan) before an
# earlier one returns, so looking every three days misses no change.
_LOOK_EVERY = 3 * _DAY

_MAX_BLOCKS = 64  # years kept per calendar, some 60 KB each; a question beyond lays out afresh

# Near the ends of Python's calendar offsets are asked a day inside, where no wall clock overflows.
_FIRST_LOOK = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // TICK
_LAST_LOOK = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // TICK
_LAST_TICK = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // TICK


class NeverOpensAgain(Exception):
    """The calendar's last opening ends before what was asked for.

    Only a calendar without weekly hours, whose special days run out, and the end of Python's own
    calendar in the year 9999 lead here.
    """


def ticks_of(at: datetime) -> int:
    """Return an aware datetime as ticks; a naive one is a TypeError."""
    return (at - _EPOCH) // TICK


def instant_of(ticks: int) -> datetime:
    """Return ticks as a datetime in UTC."""
    return _EPOCH + ticks * TICK


class Openings:
    """Openings in order of time, each [opens, closes) in ticks; touching ones are joined."""

    __slots__ = ("closes", "opens")

    def __init__(self) -> None:
        self.opens: list[int] = []
        self.closes: list[int] = []

    def add(self, opens: int, closes: int) -> None:
        """Append an opening, unless clipping has left nothing of it."""
        if opens >= closes:
            return
        if self.closes and self.closes[-1] == opens:
            self.closes[-1] = closes
        else:
            self.opens.append(opens)
            self.closes.append(closes)


class Block:
    """The openings of one block of time, with the working time before each of them."""

    __slots__ = ("_before", "closes", "opens", "total")

    def __init__(self, openings: Openings) -> None:
        self.opens = openings.opens
        self.closes = openings.closes
        lengths = (c - o for o, c in zip(openings.opens, openings.closes, strict=True))
        self._before = list(accumulate(lengths, initial=0))
        self.total = self._before[-1]

    def is_open(self, at: int) -> bool:
        index = bisect_right(self.opens, at) - 1
        return index >= 0 and at < self.closes[index]

    def worked_until(self, at: int) -> int:
        """Return the working time from the block's start until `at`, an instant of the block."""
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return 0
        return self._before[index] + min(at, self.closes[index]) - self.opens[index]

    def earliest_with(self, worked: int) -> int:
        """Return the earliest instant until which `worked` has passed: above 0, up to `total`."""
        index = bisect_left(self._before, worked) - 1
        return self.opens[index] + worked - self._before[index]


class Timetable(dict[int, Block]):
    """The blocks of one calendar by number (ticks // BLOCK), laid out when first asked for.

    Safe between threads: a block is immutable once stored, and laying one out twice does no harm.
    """

    def __init__(
        self, zone: ZoneInfo, week: Sequence[Windows], days: Mapping[date, Windows]
    ) -> None:
        """Lay out `week`, Monday first, but on the dates of `days` their windows instead."""
        super().__init__()
        self._zone = zone
        self._week = [_in_ticks(windows) for windows in week]
        self._days = {
            day.toordinal() - _EPOCH_DAY: _in_ticks(windows) for day, windows in days.items()
        }
        self._last = _LAST_TICK // BLOCK
        if not any(self._week):
            self._last = min(self._last, (max(self._days, default=0) + 2) * _DAY // BLOCK)

    def next_block(self, number: int) -> Block:
        """Return a block that is needed because those before it do not suffice."""
        if number > self._last:
            raise NeverOpensAgain("This calendar never opens again.")
        return self[number]

    def ever_opens(self) -> bool:
        """Tell whether there is any opening: special windows can all fall to clock changes."""
        if any(self._week):
            return True
        # A local date lies within a day of the same date in UTC.
        numbers = {day * _DAY // BLOCK for known in self._days for day in (known - 1, known + 2)}
        return any(self[number].opens for number in numbers)

    def __missing__(self, number: int) -> Block:
        if len(self) >= _MAX_BLOCKS:
            self.clear()
        block = self[number] = Block(self._laid_out(number * BLOCK, (number + 1) * BLOCK))
        return block

    def _laid_out(self, start: int, end: int) -> Openings:
        openings = Openings()
        for since, until, offset in constant_offsets(self._zone, start, min(end, _LAST_TICK)):
            first_day = (since + offset) // _DAY
            last_day = (until + offset - 1) // _DAY
            for day in range(first_day, last_day + 1):
                midnight = day * _DAY - offset
                for opens, closes in self._windows_on(day):
                    openings.add(max(midnight + opens, since), min(midnight + closes, until))
        return openings

    def _windows_on(self, day: int) -> Windows:
        windows = self._days.get(day)
        return self._week[(day + 3) % 7] if windows is None else windows  # day 0 was a Thursday


def _in_ticks(windows: Windows) -> Windows:
    return tuple((opens * _MINUTE, closes * _MINUTE) for opens, closes in windows)


def constant_offsets(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut [start, end) at the zone's clock changes; yield each stretch with its offset."""
    since = at = start
    offset = _offset(zone, start)
    while at < end:
        look = min(at + _LOOK_EVERY, end)
        if _offset(zone, look) == offset:
            at = look
            continue
        at = _change(zone, at, look)
        yield since, at, offset
        since, offset = at, _offset(zone, at)
    if since < end:
        yield since, end, offset


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the first instant of another offset than at `before`, by halving down to a tick."""
    offset = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: int) -> int:
    """Return what the zone's wall clock reads at `at`, less what UTC reads."""
    at = min(max(at, _FIRST_LOOK), _LAST_LOOK)
    # Both sides carry the same zone, so that Python subtracts the readings and not the instants.
    utc_reading = datetime(1970, 1, 1, tzinfo=zone) + at * TICK
    return (zone.fromutc(utc_reading) - utc_reading) // TICK
