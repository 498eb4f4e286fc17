"""When office and people are there, spelt out in the office's time and in the reader's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils.translation import gettext as _

from accounts.models import Certificate
from accounts.worktime import Calendar
from incidents import queries
from incidents.explaining.walls import Wall
from incidents.queries import DayHours, SpecialDay

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class Spelt:
    """When something is open, in words of both zones; none: it is closed."""

    office: list[str]
    yours: list[str]


@dataclass(frozen=True, slots=True)
class DayLine:
    """One date of the office; `tam`: None where the hours are the office's."""

    day: str
    is_today: bool
    hours: Spelt
    tam: Spelt | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class SpecialLine:
    day: str
    hours: str
    name: str


@dataclass(frozen=True, slots=True)
class Presence:
    """The coming week and the next days out of the ordinary; `two_zones`: the reader's differs."""

    week: list[DayLine]
    special_days: list[SpecialLine]
    two_zones: bool


def presence_of(certificate: Certificate, timezone: str, at: datetime) -> Presence:
    """Return when everyone is there, for a reader in `timezone`. One query."""
    calendar, today = certificate.hours, certificate.local_date(at)
    names = queries.day_names(certificate.office, calendar, today)
    days = queries.coming_days(calendar, at, names)
    tam = _tam_calendar(certificate)
    tam_days = (
        queries.coming_days(tam, at, names) if tam and tam != calendar else [None] * len(days)
    )
    walls = (Wall(calendar.timezone, today.year), Wall(timezone, today.year))
    return Presence(
        week=[
            _line(day, of_tam, walls, is_today=day.day == today)
            for day, of_tam in zip(days, tam_days, strict=True)
        ],
        special_days=[
            _special_line(day, today.year)
            for day in queries.next_special_days(calendar, today, names)
        ],
        two_zones=timezone != calendar.timezone,
    )


def _tam_calendar(certificate: Certificate) -> Calendar | None:
    """Return the working time of the TAM; None where the programme names no hours at all."""
    week = queries.tam_week(certificate)
    return certificate.office.hours(dict(week)) if any(week.values()) else None


def _line(
    day: DayHours, tam: DayHours | None, walls: tuple[Wall, Wall], *, is_today: bool
) -> DayLine:
    office, _yours = walls
    notes = [day.name] if day.name else []
    if day.is_special and not day.name:
        notes.append(_("Special hours") if day.openings else _("Closed day"))
    notes += dict.fromkeys(
        _("The clocks change (%(zone)s).") % {"zone": wall.timezone}
        for wall in walls
        if _changes(wall, day)
    )
    return DayLine(
        day=office.day(day.since),
        is_today=is_today,
        hours=_spelt(day, walls),
        tam=_spelt(tam, walls) if tam else None,
        notes=notes,
    )


def _spelt(day: DayHours, walls: tuple[Wall, Wall]) -> Spelt:
    office, yours = walls
    return Spelt(
        office=[_times(opening, office, day) for opening in day.openings],
        yours=[_times(opening, yours, day) for opening in day.openings],
    )


def _times(opening: tuple[datetime, datetime], wall: Wall, day: DayHours) -> str:
    """Return an opening; its dates too where they are not the line's, its zone where it changes."""
    since, until = opening
    first, last = wall.local(since), wall.local(until - timedelta.resolution)
    starts, ends = wall.time(since), wall.closing_time(until)
    if _changes(wall, day):
        starts, ends = f"{starts} {first.tzname()}", f"{ends} {last.tzname()}"
    if first.date() == last.date() == day.day:
        return f"{starts}–{ends}"
    if first.date() == last.date():
        return f"{wall.day(since)} {starts}–{ends}"
    return f"{wall.day(since)} {starts} – {wall.day(until - timedelta.resolution)} {ends}"


def _changes(wall: Wall, day: DayHours) -> bool:
    return wall.local(day.since).utcoffset() != wall.local(day.until).utcoffset()


def _special_line(day: SpecialDay, year: int) -> SpecialLine:
    wall = Wall("UTC", year)
    return SpecialLine(
        day=wall.day(datetime.combine(day.day, time(), UTC)),
        hours=", ".join(_window(window) for window in day.windows),
        name=day.name,
    )


def _window(window: Sequence[int]) -> str:
    opens, closes = (divmod(minutes, MINUTES_PER_HOUR) for minutes in window)
    return "{:02}:{:02}–{:02}:{:02}".format(*opens, *closes)
