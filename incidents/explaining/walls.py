"""Instants and lengths as people read them, so exact that they can be added up by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

ONE_DAY = timedelta(days=1)

# Weekday, day and short month as people write them, without and with the year.
_DAYS = {"fr": "D j N", "nl": "D j b", "ru": "D, j E", "zh": "n月j日 D"}
_DAYS_OF_YEARS = {"fr": "D j N Y", "nl": "D j b Y", "ru": "D, j E Y", "zh": "Y年n月j日 D"}


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall clock and calendar of one zone; the `year` that all is about is left out of dates."""

    timezone: str
    year: int

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.timezone))

    def day(self, at: datetime) -> str:
        local, language = self.local(at), (get_language() or "")[:2]
        if local.year == self.year:
            return date_format(local, _DAYS.get(language, "D j M"), use_l10n=False)
        return date_format(local, _DAYS_OF_YEARS.get(language, "D j M Y"), use_l10n=False)

    def time(self, at: datetime) -> str:
        """Return hours and minutes, with seconds where there are any."""
        return _written(self.local(at))

    def closing_time(self, at: datetime) -> str:
        """Return the time at which something ends: midnight is the end of its day."""
        text = self.time(at)
        return "24:00" if text == "00:00" else text

    def moment(self, at: datetime) -> str:
        return f"{self.day(at)} {self.time(at)}"

    def full(self, at: datetime) -> str:
        """Return an instant that stands by itself: with its year and its zone."""
        local = self.local(at)
        return f"{Wall(self.timezone, 0).moment(at)} {local.tzname()}"

    def span(self, since: datetime, until: datetime | None) -> str:
        """Return a stretch; where the clocks change in it, its ends name what they count by."""
        if until is None:
            return _("from %(moment)s") % {"moment": self.moment(since)}
        first, last = self.local(since), self.local(until)
        starts, ends = _written(first), _written(last)
        if first.utcoffset() != last.utcoffset():
            starts, ends = f"{starts} {first.tzname()}", f"{ends} {last.tzname()}"
        elif last.date() == first.date() + ONE_DAY and ends == "00:00":
            return f"{self.day(since)} {starts}–24:00"
        if first.date() == last.date():
            return f"{self.day(since)} {starts}–{ends}"
        return f"{self.day(since)} {starts} – {self.day(until)} {ends}"

    def days(self, since: datetime, until: datetime) -> str:
        """Return the first and the last day of a stretch."""
        last = until - timedelta.resolution
        if self.local(since).date() == self.local(last).date():
            return self.day(since)
        return f"{self.day(since)} – {self.day(last)}"

    def weekdays(self, since: datetime, until: datetime) -> str:
        """Name the weekdays of a stretch of whole days."""
        first = self.local(since).date()
        last = self.local(until - timedelta.resolution).date()
        names = {"first": WEEKDAYS[first.weekday()], "last": WEEKDAYS[last.weekday()]}
        if first == last:
            return str(names["first"])
        if last - first == ONE_DAY:
            return _("%(first)s and %(last)s") % names
        return _("%(first)s to %(last)s") % names


def length_text(length: timedelta) -> str:
    """Return a length in words: hours, minutes and seconds."""
    hours, minutes, seconds = _parts(int(length.total_seconds()))
    parts = [
        _("%(count)d h") % {"count": hours} if hours else "",
        _("%(count)d min") % {"count": minutes} if minutes else "",
        _("%(count)d s") % {"count": seconds} if seconds else "",
    ]
    return " ".join(part for part in parts if part) or _("%(count)d min") % {"count": 0}


def length_digits(seconds: int) -> str:
    """Return a length such as 30:05:00, for columns of figures."""
    hours, minutes, seconds = _parts(seconds)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _parts(seconds: int) -> tuple[int, int, int]:
    """Return hours, minutes and seconds; hours are not made into days."""
    minutes, seconds = divmod(seconds, 60)
    return (*divmod(minutes, 60), seconds)


def _written(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
