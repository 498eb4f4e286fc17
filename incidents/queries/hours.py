"""When offices and people are there, for pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS_ABBR

from accounts import worktime
from accounts.models import Certificate, Office, Programme
from accounts.terms import PhoneLine
from accounts.worktime import Calendar, NeverOpensAgain, Windows
from incidents.entitlements import by_severity

# How far ahead the end of the present opening is looked for: a longer one is "always open".
OPENING_WITHIN = timedelta(days=8)

ONE_DAY: Final = timedelta(days=1)
COMING_DAYS: Final = 7  # each day of the week once
SPECIAL_DAYS: Final = 5  # some months ahead; more is a calendar, and nobody plans by it


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether an office is open, and until when that holds; None: no end in sight."""

    is_open: bool
    until: datetime | None


def opening(calendar: Calendar, at: datetime) -> Opening:
    if worktime.is_open(calendar, at):
        horizon = at + OPENING_WITHIN
        closes = worktime.intervals(calendar, at, horizon)[0][1]
        return Opening(is_open=True, until=None if closes == horizon else closes)
    try:
        return Opening(is_open=False, until=worktime.next_opening(calendar, at))
    except NeverOpensAgain:
        return Opening(is_open=False, until=None)


@dataclass(frozen=True, slots=True)
class Hours:
    """Days in a row that keep the same hours, in words: `Mon–Fri`, `09:00–18:00`."""

    days: str
    windows: str


def weekly_hours(week: Mapping[str, Sequence[Sequence[str]]]) -> list[Hours]:
    """Return the weekly hours in words, days in a row together, closed days left out."""
    runs: list[tuple[list[int], str]] = []
    for number, day in enumerate(worktime.WEEKDAYS):
        windows = ", ".join("–".join(window) for window in week.get(day, ()))
        if not windows:
            continue
        if runs and runs[-1][0][-1] == number - 1 and runs[-1][1] == windows:
            runs[-1][0].append(number)
        else:
            runs.append(([number], windows))
    return [Hours(_days(numbers), windows) for numbers, windows in runs]


def tam_week(certificate: Certificate) -> Mapping[str, Any]:
    """Return when the TAM is there: the certificate's own hours come first (SPEC 3)."""
    if certificate.week is not None:
        week: Mapping[str, Any] = certificate.week
        return week
    return certificate.programme.tam_week(certificate.office.calendar["week"])


def line_hours(programme: Programme) -> dict[str, str]:
    """Return when the priority line is answered, by the severities in words (SPEC 2, 17)."""
    lines = {terms.severity: terms.phone_line for terms in programme.severities.all()}
    return {
        ", ".join(severities): str(PhoneLine(line).label)
        for line, severities in by_severity(lines).items()
        if line != PhoneLine.NONE
    }


@dataclass(frozen=True, slots=True)
class DayHours:
    """One date of an office, [since, until): when it is open, and what the date is called.

    `is_special` tells that the date is closed or has hours of its own, out of the weekly ones.
    """

    day: date
    since: datetime
    until: datetime
    openings: list[tuple[datetime, datetime]]
    name: str
    is_special: bool


def coming_days(
    calendar: Calendar, at: datetime, names: Mapping[date, str], *, days: int = COMING_DAYS
) -> list[DayHours]:
    """Return the next dates of an office, its own today first; `names` are those of `day_names`."""
    today = worktime.local_date(at, calendar.timezone)
    found = []
    for number in range(days):
        day = today + number * ONE_DAY
        since = _midnight(day, calendar.timezone)
        until = _midnight(day + ONE_DAY, calendar.timezone)
        found.append(
            DayHours(
                day=day,
                since=since,
                until=until,
                openings=worktime.intervals(calendar, since, until),
                name=calendar.closed.get(day) or names.get(day, ""),
                is_special=day in calendar.closed or day in calendar.special,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date that is closed (no windows), or has windows of its own; minutes of its wall clock."""

    day: date
    windows: Windows
    name: str


def next_special_days(
    calendar: Calendar, today: date, names: Mapping[date, str], *, most: int = SPECIAL_DAYS
) -> list[SpecialDay]:
    """Return the next dates on which the week does not hold, from today on."""
    return [
        SpecialDay(
            day, calendar.special.get(day, ()), calendar.closed.get(day) or names.get(day, "")
        )
        for day in _special_dates(calendar, today)[:most]
    ]


def day_names(office: Office, calendar: Calendar, today: date) -> dict[date, str]:
    """Return the names of the dates that the pages show, as the office calls them. One query."""
    last = today + COMING_DAYS * ONE_DAY
    dates = _special_dates(calendar, today)
    shown = {*dates[:SPECIAL_DAYS], *(day for day in dates if day < last)}
    return dict(office.days.filter(date__in=shown).values_list("date", "name"))


def _days(numbers: Sequence[int]) -> str:
    names = [str(WEEKDAYS_ABBR[number]) for number in numbers]
    return names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"


def _special_dates(calendar: Calendar, today: date) -> list[date]:
    return sorted(day for day in {*calendar.closed, *calendar.special} if day >= today)


def _midnight(day: date, timezone: str) -> datetime:
    """Return the instant at which a date begins; the first, where midnight comes twice."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)
