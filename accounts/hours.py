"""Opening hours as people write and read them, and in the form that the database keeps.

A day's windows are `[["09:00", "13:00"], ["14:00", "18:00"]]`; people write 09:00–13:00,
14:00–18:00.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.terms import WINDOWS_MOST
from accounts.worktime import MINUTES_PER_DAY, WEEKDAYS

WEEKDAY_LABELS = {
    "mon": gettext_lazy("Monday"),
    "tue": gettext_lazy("Tuesday"),
    "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"),
    "fri": gettext_lazy("Friday"),
    "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}

_SEPARATOR = re.compile(r"\s*[,;]\s*")
_WINDOW = re.compile(r"(\d{1,2})(?:[:.h](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[:.h](\d\d))?")
_MINUTES_PER_HOUR = 60


def read_hours(text: str) -> list[list[str]]:
    """Return the windows that a text names, in order of time; none for an empty one.

    Raises `ValidationError` with a sentence for people.
    """
    windows = sorted(_window(part) for part in _SEPARATOR.split(text.strip()) if part)
    if len(windows) > WINDOWS_MOST:
        raise ValidationError(_("A day has at most %(most)d windows.") % {"most": WINDOWS_MOST})
    for (_opens, closes), (opens, _closes) in pairwise(windows):
        if opens < closes:
            raise ValidationError(_("These windows overlap."))
    return [[_wall_clock(minutes) for minutes in window] for window in windows]


def hours_text(windows: Sequence[Sequence[str]] | str) -> str:
    """Return a day's windows as people write them."""
    if isinstance(windows, str):
        return windows
    return ", ".join("–".join(window) for window in windows)


def week_text(week: Mapping[str, Any] | None) -> str:
    """Return a week's hours as people read them, days alike together; empty where it has none."""
    runs = [
        (hours, [day for day, _hours in days])
        for hours, days in groupby(
            ((day, hours_text((week or {}).get(day, []))) for day in WEEKDAYS), key=itemgetter(1)
        )
    ]
    return "; ".join(f"{_days_text(days)} {hours}" for hours, days in runs if hours)


def _days_text(days: Sequence[str]) -> str:
    first, last = (str(WEEKDAY_LABELS[day]) for day in (days[0], days[-1]))
    return first if first == last else f"{first}–{last}"


def _window(text: str) -> tuple[int, int]:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise ValidationError(
            _("“%(text)s” is no window; write hours such as 09:00–13:00, 14:00–18:00.")
            % {"text": text}
        )
    hours_open, minutes_open, hours_close, minutes_close = (
        int(part or 0) for part in match.groups()
    )
    if max(minutes_open, minutes_close) >= _MINUTES_PER_HOUR:
        raise ValidationError(_("“%(text)s”: an hour has 60 minutes.") % {"text": text})
    opens = hours_open * _MINUTES_PER_HOUR + minutes_open
    closes = hours_close * _MINUTES_PER_HOUR + minutes_close
    if not opens < closes <= MINUTES_PER_DAY:
        raise ValidationError(
            _(
                "“%(text)s” does not open before it closes on the same day; "
                "a night shift is two windows, up to 24:00 and from 00:00."
            )
            % {"text": text}
        )
    return opens, closes


def _wall_clock(minutes: int) -> str:
    return f"{minutes // _MINUTES_PER_HOUR:02}:{minutes % _MINUTES_PER_HOUR:02}"
