"""Times by the clock on a person's wall: quiet hours, and when the day's mail leaves.

Values only. Instants are aware, results UTC; a wall-clock time is what a clock in `zone` shows.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


def quiet_until(at: datetime, zone: str, starts: time, ends: time) -> datetime | None:
    """Return when the quiet hours end in which `at` lies; None when it lies in none.

    They may go over midnight. An end that a clock change skips comes with the change.
    """
    tz = ZoneInfo(zone)
    if not _covers(at.astimezone(tz), starts, ends):
        return None
    until = next_instant(at, zone, ends)
    while until - _MINUTE > at and not _covers((until - _MINUTE).astimezone(tz), starts, ends):
        until -= _MINUTE
    return until


def next_instant(at: datetime, zone: str, wall: time) -> datetime:
    """Return the first instant after `at` at which the clock shows `wall`.

    A time that a clock change skips is moved forward by the skip; a repeated one comes twice.
    """
    tz = ZoneInfo(zone)
    today = at.astimezone(tz).date()
    first, second = (
        [datetime.combine(day, wall.replace(fold=fold), tz) for day in (today, today + _DAY)]
        for fold in (0, 1)
    )
    # Of a skipped time the second reading lies before the change.
    shown = [*first, *(each for each in second if _exists(each))]
    return min(instant for each in shown if (instant := each.astimezone(UTC)) > at)


def _exists(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).time() == local.time()


def _covers(local: datetime, starts: time, ends: time) -> bool:
    wall = local.time()
    if starts < ends:
        return starts <= wall < ends
    return wall >= starts or wall < ends
