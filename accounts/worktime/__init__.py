"""Working time and calendar months: pure functions on values (SPEC 7, 8 and 9).

Instants are aware datetimes (a naive one is a TypeError), results are UTC, and all arithmetic is
exact to the microsecond. Nothing here asks what time it is.
"""

from accounts.worktime.answers import (
    Closed,
    Why,
    due,
    elapsed,
    intervals,
    is_open,
    next_opening,
    reason_closed,
)
from accounts.worktime.calendars import WEEKDAYS, Calendar, CalendarError
from accounts.worktime.months import local_date, month_after
from accounts.worktime.stretches import Stretch, stretches
from accounts.worktime.timetable import MINUTES_PER_DAY, NeverOpensAgain, Window, Windows

__all__ = [
    "MINUTES_PER_DAY",
    "WEEKDAYS",
    "Calendar",
    "CalendarError",
    "Closed",
    "NeverOpensAgain",
    "Stretch",
    "Why",
    "Window",
    "Windows",
    "due",
    "elapsed",
    "intervals",
    "is_open",
    "local_date",
    "month_after",
    "next_opening",
    "reason_closed",
    "stretches",
]
