"""Reading a scenario: JSON Lines in, checked lines with absolute instants out."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.worktime import local_date

SATURDAY = 5
FIRST_YEAR, LAST_YEAR = 1970, 9000  # years with room for arithmetic on either side

_AGO = re.compile(r"now(?:([+-])(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?)?")
_WORKDAY = re.compile(r"day-(\d+) (\d\d):(\d\d)")
_TODAY = re.compile(r"today(?:([+-]\d+)d)?")


class ScenarioError(Exception):
    """A line that cannot be understood; ends the play. The message names the line."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(number, message)
        self.number = number
        self.message = message

    def __str__(self) -> str:
        return f"Line {self.number + 1}: {self.message}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 0, its act, its instant if it has one, and its fields."""

    number: int
    do: str
    at: datetime | None
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            raise self.error(f"“{name}” is missing; expected a text.")
        return value

    def whole(self, name: str) -> int:
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(f"“{name}” is missing; expected a whole number.")
        return value

    def moment(self, name: str) -> datetime:
        value = self.fields.get(name)
        if not isinstance(value, datetime):
            raise self.error(f"“{name}” is missing; expected an instant.")
        return value

    def day(self, name: str) -> date:
        value = self.fields.get(name)
        if not isinstance(value, date):
            raise self.error(f"“{name}” is missing; expected a date.")
        return value

    def instant(self) -> datetime:
        if self.at is None:
            raise self.error("“at” is missing; every act has an instant.")
        return self.at

    def error(self, message: str) -> ScenarioError:
        return ScenarioError(self.number, message)


def read(source: Iterable[str], *, now: datetime) -> list[Line]:
    """Return the lines of a JSON Lines file; blank lines are passed over but counted."""
    return list(_in_order(_parsed(source), now))


def checked(objects: object, *, now: datetime) -> list[Line]:
    """Return the lines of a scenario that was already parsed."""
    return list(_in_order(_objects(objects), now))


def _parsed(source: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, text in enumerate(source):
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ScenarioError(number, f"not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise ScenarioError(number, "expected a JSON object.")
        yield number, fields


def _objects(objects: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not isinstance(objects, list):
        raise ScenarioError(0, "expected a list of lines.")
    for number, fields in enumerate(objects):
        if not isinstance(fields, dict):
            raise ScenarioError(number, "expected a JSON object.")
        yield number, fields


def _in_order(numbered: Iterable[tuple[int, Mapping[str, Any]]], now: datetime) -> Iterator[Line]:
    """Resolve relative instants; a file that uses them is sorted, any other must be in order."""
    zones = _Zones()
    lines: list[Line] = []
    relative = False
    for number, fields in numbered:
        do = fields.get("do")
        if not isinstance(do, str):
            raise ScenarioError(number, "“do” is missing; it names the act.")
        zones.learn(fields)
        resolved, was_relative = _resolve(number, fields, zones, now)
        relative |= was_relative
        lines.append(Line(number, do, resolved.get("at"), resolved))
    if relative:
        return iter(sorted(lines, key=lambda line: line.at or datetime.min.replace(tzinfo=UTC)))
    _check_order(lines)
    return iter(lines)


def _check_order(lines: Iterable[Line]) -> None:
    latest: datetime | None = None
    for line in lines:
        if line.at is None:
            continue
        if latest and line.at < latest:
            raise line.error("time goes backwards; lines stand in order of “at”.")
        latest = line.at


class _Zones:
    """The time zone of the office that each key leads to."""

    def __init__(self) -> None:
        self._zones: dict[str, str] = {}

    def learn(self, fields: Mapping[str, Any]) -> None:
        key = fields.get("key")
        if not isinstance(key, str):
            return
        calendar = fields.get("calendar")
        if isinstance(calendar, Mapping):
            self._zones[key] = str(calendar.get("timezone"))
        elif zone := self.of(fields):
            self._zones[key] = zone

    def of(self, fields: Mapping[str, Any]) -> str:
        for name in ("office", "certificate", "incident"):
            if zone := self._zones.get(str(fields.get(name))):
                return zone
        return ""


def _resolve(
    number: int, fields: Mapping[str, Any], zones: _Zones, now: datetime
) -> tuple[dict[str, Any], bool]:
    resolved = dict(fields)
    relative = False
    for name in ("at", "from", "until"):
        if name in fields:
            resolved[name], is_relative = _instant(number, name, fields, zones, now)
            relative |= is_relative
    for name in ("valid_from", "valid_until", "date"):
        if name in fields:
            resolved[name] = _date(number, name, fields[name], zones.of(fields), now)
    return resolved, relative


def _instant(
    number: int, name: str, fields: Mapping[str, Any], zones: _Zones, now: datetime
) -> tuple[datetime, bool]:
    text = str(fields[name])
    if match := _AGO.fullmatch(text):
        sign, days, hours, minutes = match.groups()
        span = timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0))
        return (now + span if sign == "+" else now - span), True
    if match := _WORKDAY.fullmatch(text):
        zone = zones.of(fields)
        if not zone:
            raise ScenarioError(number, f"“{name}” is a local time, but no office is named.")
        days, hour, minute = map(int, match.groups())
        day = _workdays_before(local_date(now, zone), days)
        local = datetime.combine(day, time(hour, minute), ZoneInfo(zone))
        return local.astimezone(UTC), True
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ScenarioError(number, f"“{name}” is not an instant: {text}") from error
    if instant.tzinfo is None:
        raise ScenarioError(number, f"“{name}” has no offset from UTC: {text}")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ScenarioError(number, f"“{name}” lies outside {FIRST_YEAR} to {LAST_YEAR}: {text}")
    return instant.astimezone(UTC).replace(microsecond=0), False


def _workdays_before(day: date, count: int) -> date:
    """Return the date `count` Mondays to Fridays before `day`."""
    while count:
        day -= timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day


def _date(number: int, name: str, value: Any, zone: str, now: datetime) -> date:
    text = str(value)
    if match := _TODAY.fullmatch(text):
        today = local_date(now, zone) if zone else now.date()
        return today + timedelta(days=int(match.group(1) or 0))
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ScenarioError(number, f"“{name}” is not a date: {text}") from error
