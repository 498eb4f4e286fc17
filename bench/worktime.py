"""How fast working time is, beside `businesstimedelta` and `workalendar` where installed.

    python -m bench.worktime

All are asked the same of one office: Paris, Monday to Friday 09:00–18:00, closed on the public
holidays of 2026. `workalendar` counts whole days only, so its nearest questions are asked.
"""

import importlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import partial
from operator import add
from timeit import Timer
from typing import Any
from zoneinfo import ZoneInfo

from accounts.worktime import Calendar, due, elapsed
from accounts.worktime.timetable import BLOCK, Timetable, ticks_of

REPEATS = 5  # the fastest counts: the others were disturbed

HOLIDAYS = [
    "2026-01-01",
    "2026-04-06",
    "2026-05-01",
    "2026-05-08",
    "2026-05-14",
    "2026-05-25",
    "2026-07-14",
    "2026-08-15",
    "2026-11-01",
    "2026-11-11",
    "2026-12-25",
]
CALENDAR = Calendar.from_data(
    {
        "timezone": "Europe/Paris",
        "week": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "closed": HOLIDAYS,
    }
)
START = datetime(2026, 3, 6, 11, tzinfo=UTC)  # a Friday noon in Paris
SPANS = {
    "a day": datetime(2026, 3, 7, 11, tzinfo=UTC),
    "a month": datetime(2026, 4, 6, 11, tzinfo=UTC),
    "nine months": datetime(2026, 12, 6, 11, tzinfo=UTC),
}
FAR_SPAN = {"five years": datetime(2031, 3, 6, 11, tzinfo=UTC)}  # beyond the holidays named above


def main() -> None:
    print("accounts.worktime")
    for name, end in (SPANS | FAR_SPAN).items():
        amount = elapsed(CALENDAR, START, end)
        report(f"elapsed over {name}", partial(elapsed, CALENDAR, START, end))
        report(f"due after {name}", partial(due, CALENDAR, START, amount))
    report("laying out a year", lay_out_a_year)
    data = CALENDAR.to_data()
    report("reading the calendar", lambda: Calendar.from_data(data))
    for library, compare in (("businesstimedelta", business), ("workalendar", whole_days)):
        try:
            importlib.import_module(library)
        except ImportError:
            print(f"\n{library} is not installed: not compared.")
            continue
        print(f"\n{library}")
        compare()


def report(name: str, question: Callable[[], object]) -> None:
    timer = Timer(question)
    question()  # what is laid out at the first call is measured by itself
    calls, _ = timer.autorange()
    seconds = min(timer.repeat(REPEATS, calls)) / calls
    print(f"  {name:<28}{seconds * 1e6:>12.2f} µs")


def lay_out_a_year() -> object:
    holidays: dict[date, tuple[()]] = dict.fromkeys(CALENDAR.closed, ())
    timetable = Timetable(ZoneInfo(CALENDAR.timezone), CALENDAR.week, holidays)
    return timetable[ticks_of(START) // BLOCK]


def business() -> None:
    library: Any = importlib.import_module("businesstimedelta")
    pytz: Any = importlib.import_module("pytz")  # its zones; businesstimedelta brings it
    zone = pytz.timezone("Europe/Paris")
    hours = library.WorkDayRule(
        start_time=time(9), end_time=time(18), working_days=[0, 1, 2, 3, 4], tz=zone
    )
    closed = library.HolidayRule({date.fromisoformat(day): "" for day in HOLIDAYS}, tz=zone)
    rules = library.Rules([hours, closed])
    start = START.astimezone(zone)
    for name, end in SPANS.items():
        local_end = end.astimezone(zone)
        worked = rules.difference(start, local_end)
        report(f"elapsed over {name}", partial(rules.difference, start, local_end))
        report(f"due after {name}", partial(add, start, worked))
        same_time = worked.timedelta == elapsed(CALENDAR, START, end)
        same_due = start + worked == due(CALENDAR, START, worked.timedelta)
        print(f"    the same answers as ours: elapsed {same_time}, due {same_due}")


def whole_days() -> None:
    library: Any = importlib.import_module("workalendar.europe")
    france = library.France()
    start = START.date()
    for name, end in SPANS.items():
        last = end.date()
        days = france.get_working_days_delta(start, last)
        report(f"days over {name}", partial(france.get_working_days_delta, start, last))
        report(f"{days} days on", partial(france.add_working_days, start, days))


if __name__ == "__main__":
    main()
