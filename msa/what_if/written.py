"""Reading a change as people write it: weeks, days, and files."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.admin.fields import HoursField
from accounts.worktime import WEEKDAYS, Calendar, CalendarError
from msa.what_if.change import Fields, Windows, read_targets

DAYS_MOST = 100  # days of a change: a period has few that matter, and people read them all

_SEPARATOR = re.compile(r"[\s,;]+")
_DAYS = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?")


class UnreadableError(ValueError):
    """Something written that cannot be understood, in one sentence for people."""


def read_days(text: str) -> tuple[date, ...]:
    """Read days to close, such as 2026-07-14, 2026-08-15."""
    days = [_day(part) for part in _SEPARATOR.split(text) if part]
    return tuple(dict.fromkeys(_few(days)))


def read_openings(text: str) -> dict[date, Windows]:
    """Read days to open, one a line, each with its hours or without: 2026-07-18 09:00–13:00."""
    openings = {}
    for line in _few([line for line in text.splitlines() if line.strip()]):
        day, _space, hours = line.strip().partition(" ")
        openings[_day(day.rstrip(":="))] = _windows(hours)
    return openings


def read_week(text: str) -> dict[str, Windows]:
    """Read weekly hours, such as mon-thu 09:00-18:00; fri 09:00-13:00."""
    week: dict[str, Windows] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        days, _space, hours = part.partition(" ")
        match = _DAYS.fullmatch(days.lower())
        named = [day for day in match.groups() if day] if match else []
        if not named or not set(named) <= set(WEEKDAYS) or not hours.strip():
            raise UnreadableError(
                _("“%(text)s” is no weekly hours; write them such as %(example)s.")
                % {"text": part, "example": "mon-thu 09:00-18:00; fri 09:00-13:00"}
            )
        first, last = WEEKDAYS.index(named[0]), WEEKDAYS.index(named[-1])
        week |= dict.fromkeys(WEEKDAYS[first : last + 1], _windows(hours))
    return week


def calendar_file(path: Path) -> Mapping[str, Any]:
    """Return the calendar of a JSON file; raises `UnreadableError`, which names file and key."""
    data = _json_file(path)
    try:
        Calendar.from_data(data)
    except CalendarError as error:
        raise UnreadableError(f"{path}: {error}") from error
    return data


def targets_file(path: Path) -> Mapping[str, Fields]:
    """Return the targets of a JSON file; raises `UnreadableError` with a line for each mistake."""
    targets, problems = read_targets(_json_file(path))
    if problems:
        raise UnreadableError("\n".join(f"{path}: {problem}" for problem in problems))
    if not targets:
        raise UnreadableError(
            f"{path}: {_('expected a severity from 1 to 4 with what it would be promised')}"
        )
    return targets


def _json_file(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = _("cannot be read: %(reason)s") % {"reason": error.strerror}
        raise UnreadableError(f"{path}: {reason}") from error
    except (ValueError, RecursionError) as error:
        reason = _("expected JSON: %(reason)s") % {"reason": error}
        raise UnreadableError(f"{path}: {reason}") from error
    if not isinstance(data, dict):
        raise UnreadableError(f"{path}: {_('expected an object with keys and values')}")
    return data


def _few(days: list[Any]) -> list[Any]:
    if len(days) > DAYS_MOST:
        raise UnreadableError(_("A change names at most %(most)d days.") % {"most": DAYS_MOST})
    return days


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UnreadableError(
            _("“%(text)s” is no date; write it such as %(example)s.")
            % {"text": text, "example": "2026-07-14"}
        ) from error
    return day


def _windows(text: str) -> Windows:
    try:
        windows: Windows = HoursField().clean(text)
    except ValidationError as error:
        raise UnreadableError(" ".join(error.messages)) from error
    return windows
