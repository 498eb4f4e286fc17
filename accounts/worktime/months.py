"""Wall-clock dates and calendar months in an office's zone (SPEC 8)."""

import calendar as gregorian
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from accounts.worktime.timetable import instant_of, ticks_of


def month_after(at: datetime, timezone: str, months: int = 1) -> datetime:
    """Return the same wall-clock time in `timezone` on the same day `months` later (SPEC 8).

    Where that month is shorter, its last day. A wall-clock time that a clock change skips moves
    forward by the skip; of a repeated one the first counts.
    """
    wall = _wall(at, timezone)
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    last_day = gregorian.monthrange(year, month + 1)[1]
    # With fold=0 Python reads a skipped time by the offset before the change, which is the move
    # forward by the skip, and a repeated time as the first of the two.
    then = wall.replace(year=year, month=month + 1, day=min(wall.day, last_day), fold=0)
    return then.astimezone(UTC)


def local_date(at: datetime, timezone: str) -> date:
    """Return the date that a wall clock in `timezone` shows at `at`."""
    return _wall(at, timezone).date()


def _wall(at: datetime, timezone: str) -> datetime:
    # Through ticks, because astimezone would take a naive datetime for this machine's own time.
    return instant_of(ticks_of(at)).astimezone(ZoneInfo(timezone))
