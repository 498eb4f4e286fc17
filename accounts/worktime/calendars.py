"""The opening hours of an office as a value, and its JSON form (SPEC 9, SCENARIOS.md)."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.worktime.timetable import MINUTES_PER_DAY, Timetable, Window, Windows

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MAX_TIMETABLES = 128  # calendars laid out at a time: offices, and certificates with own hours

_A_ZONE = "the name of a time zone, such as Europe/Paris"
_A_WINDOW = 'a window of two times, such as ["09:00", "18:00"]'
_A_TIME = "a time from 00:00 to 24:00, such as 09:00"
_A_DATE = "a date, such as 2026-05-01"

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


class CalendarError(ValueError):
    """A calendar that cannot be: `path` names the place in the data, `expected` what belongs there.

    Its text is one sentence for people.
    """

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(path, expected)
        self.path = path
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}."


@dataclass(frozen=True, eq=False)
class Calendar:
    """The opening hours of an office (or of a certificate with its own): an immutable value.

    `week` has seven days, Monday first. On a date in `special` those windows hold (none: closed);
    otherwise, on a date in `closed` (date to name, "" if none), nothing is open; otherwise the
    week holds. Making one checks it, and raises CalendarError where it cannot be or never opens.
    """

    timezone: str
    week: tuple[Windows, ...]
    closed: Mapping[date, str] = field(default_factory=dict)
    special: Mapping[date, Windows] = field(default_factory=dict)
    _hash: int = field(init=False, repr=False)

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Read the JSON form: `timezone` and `week`, perhaps `closed` and `special`.

        `closed` is a list of dates, or dates with their names. Raises CalendarError.
        """
        known = _mapping("calendar", data, ("timezone", "week", "closed", "special"))
        week = _mapping("week", known.get("week"), WEEKDAYS)
        return cls(
            timezone=_text("timezone", known.get("timezone"), _A_ZONE),
            week=tuple(_windows(f"week.{day}", week.get(day, [])) for day in WEEKDAYS),
            closed=_closed_days(known.get("closed", {})),
            special={
                _date("special", day): _windows(f"special.{day}", windows)
                for day, windows in _mapping("special", known.get("special", {})).items()
            },
        )

    def to_data(self) -> dict[str, object]:
        """Return the JSON form, canonical: all four keys, in order, `closed` with names."""
        days = zip(WEEKDAYS, self.week, strict=True)
        return {
            "timezone": self.timezone,
            "week": {day: _in_text(windows) for day, windows in days if windows},
            "closed": {day.isoformat(): name for day, name in self.closed.items()},
            "special": {
                day.isoformat(): _in_text(windows) for day, windows in self.special.items()
            },
        }

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of its canonical JSON, hex: the name by which a calendar is kept."""
        canonical = json.dumps(
            self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    def with_week(self, week: Sequence[Windows]) -> Self:
        """Replace the weekly windows; zone, closed and special days stay (SPEC 3)."""
        return replace(self, week=tuple(week))

    def with_closed(self, day: date, name: str = "") -> Self:
        """Close a date, which removes its special windows (SPEC 9)."""
        special = {other: windows for other, windows in self.special.items() if other != day}
        return replace(self, closed={**self.closed, day: name}, special=special)

    def with_special(self, day: date, windows: Windows) -> Self:
        """Give a date windows of its own, which hold even where it is named closed (SPEC 9)."""
        return replace(self, special={**self.special, day: windows})

    @cached_property
    def timetable(self) -> Timetable:
        """The openings laid out; equal calendars share one."""
        return _timetable(self)

    def __post_init__(self) -> None:
        _check_zone(self.timezone)
        if len(self.week) != len(WEEKDAYS):
            raise CalendarError("week", "seven days, Monday first")
        days = zip(WEEKDAYS, self.week, strict=True)
        week = tuple(_checked(f"week.{day}", windows) for day, windows in days)
        special = {
            day: _checked(f"special.{day}", windows)
            for day, windows in sorted(self.special.items())
        }
        closed = dict(sorted(self.closed.items()))
        facts = (self.timezone, week, tuple(closed.items()), tuple(special.items()))
        self._freeze(week, MappingProxyType(closed), MappingProxyType(special), hash(facts))
        if not (any(week) or self.timetable.ever_opens()):
            raise CalendarError("week", "at least one opening, as this calendar never opens")

    def _freeze(
        self,
        week: tuple[Windows, ...],
        closed: Mapping[date, str],
        special: Mapping[date, Windows],
        hashed: int,
    ) -> None:
        # The dataclass is frozen for everyone else.
        object.__setattr__(self, "week", week)
        object.__setattr__(self, "closed", closed)
        object.__setattr__(self, "special", special)
        object.__setattr__(self, "_hash", hashed)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Calendar):
            return NotImplemented
        return self._hash == other._hash and (
            (self.timezone, self.week, self.closed, self.special)
            == (other.timezone, other.week, other.closed, other.special)
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).from_data, (self.to_data(),)  # a hash holds for one process only


@lru_cache(maxsize=_MAX_TIMETABLES)
def _timetable(calendar: Calendar) -> Timetable:
    closed: dict[date, Windows] = dict.fromkeys(calendar.closed, ())
    return Timetable(ZoneInfo(calendar.timezone), calendar.week, closed | dict(calendar.special))


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a region such as "Europe"
        raise CalendarError("timezone", _A_ZONE) from None


def _checked(path: str, windows: Windows) -> Windows:
    """Return a day's windows in order of time, or refuse them."""
    for index, (opens, closes) in enumerate(windows):
        if not 0 <= opens < closes <= MINUTES_PER_DAY:
            raise CalendarError(
                f"{path}[{index}]",
                "a window that opens before it closes on the same day (a night shift is two)",
            )
    ordered = tuple(sorted(windows))
    for earlier, later in pairwise(ordered):
        if later[0] < earlier[1]:
            raise CalendarError(path, "windows that do not overlap")
    return ordered


def _closed_days(value: object) -> dict[date, str]:
    if isinstance(value, list):
        return {_date(f"closed[{index}]", day): "" for index, day in enumerate(value)}
    if not isinstance(value, Mapping):
        raise CalendarError("closed", "a list of dates, or dates with their names")
    return {
        _date("closed", day): _text(f"closed.{day}", name, "the day's name as text")
        for day, name in value.items()
    }


def _windows(path: str, value: object) -> Windows:
    if not isinstance(value, list | tuple):
        raise CalendarError(path, 'a list of windows, such as [["09:00", "18:00"]]')
    return tuple(_window(f"{path}[{index}]", window) for index, window in enumerate(value))


def _window(path: str, value: object) -> Window:
    match value:
        case [str(opens), str(closes)]:
            return _minutes(path, opens), _minutes(path, closes)
    raise CalendarError(path, _A_WINDOW)


def _minutes(path: str, text: str) -> int:
    if not _TIME.fullmatch(text):
        raise CalendarError(path, _A_TIME)
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _in_text(windows: Windows) -> list[list[str]]:
    return [[f"{minutes // 60:02}:{minutes % 60:02}" for minutes in window] for window in windows]


def _date(path: str, value: object) -> date:
    text = _text(path, value, _A_DATE)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CalendarError(path, _A_DATE) from None
    if day.isoformat() != text:  # Python also reads 20260501 and 2026-W18-5
        raise CalendarError(path, _A_DATE)
    return day


def _text(path: str, value: object, expected: str) -> str:
    if not isinstance(value, str):
        raise CalendarError(path, expected)
    return value


def _mapping(path: str, value: object, known: Sequence[str] | None = None) -> Mapping[str, object]:
    """Return `value` if it is a mapping with none but `known` keys (any, if None)."""
    if not isinstance(value, Mapping):
        raise CalendarError(path, "an object with keys and values")
    if known is not None:
        for key in value:
            if key not in known:
                raise CalendarError(f"{path}.{key}", f"only the keys {', '.join(known)}")
    return value
