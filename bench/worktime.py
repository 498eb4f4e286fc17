"""How fast working time is, beside `businesstimedelta` and `workalendar`.

    make bench

All are asked the same of one office: Paris, Monday to Friday 09:00–18:00, closed on the public
holidays of 2026. `workalendar` knows days, not hours; these are counted over its working days.
"""

import importlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
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
    ours: Times = {}
    for name, end in (SPANS | FAR_SPAN).items():
        amount = elapsed(CALENDAR, START, end)
        ours["elapsed", name] = report(
            f"elapsed over {name}", partial(elapsed, CALENDAR, START, end)
        )
        ours["due", name] = report(f"due after {name}", partial(due, CALENDAR, START, amount))
    report("laying out a year", lay_out_a_year)
    data = CALENDAR.to_data()
    report("reading the calendar", lambda: Calendar.from_data(data))
    print("\nbusinesstimedelta")
    business(ours)
    print("\nworkalendar, hours counted over its working days")
    whole_days(ours)


Times = dict[tuple[str, str], float]


def report(name: str, question: Callable[[], object], beside: float | None = None) -> float:
    """Time a question and print it; with `beside`, our own time for it, how many times as long."""
    timer = Timer(question)
    question()  # what is laid out at the first call is measured by itself
    calls, _ = timer.autorange()
    seconds = min(timer.repeat(REPEATS, calls)) / calls
    times = f"{seconds / beside:>12,.0f} × ours" if beside else ""
    print(f"  {name:<28}{seconds * 1e6:>12.2f} µs{times}")
    return seconds


def lay_out_a_year() -> object:
    holidays: dict[date, tuple[()]] = dict.fromkeys(CALENDAR.closed, ())
    timetable = Timetable(ZoneInfo(CALENDAR.timezone), CALENDAR.week, holidays)
    return timetable[ticks_of(START) // BLOCK]


def business(ours: Times) -> None:
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
        asked = partial(rules.difference, start, local_end)
        report(f"elapsed over {name}", asked, ours["elapsed", name])
        report(f"due after {name}", partial(add, start, worked), ours["due", name])
        same_time = worked.timedelta == elapsed(CALENDAR, START, end)
        same_due = start + worked == due(CALENDAR, START, worked.timedelta)
        print(f"    the same answers as ours: elapsed {same_time}, due {same_due}")


def whole_days(ours: Times) -> None:
    """Ask workalendar: it knows working days, so that the hours are counted over those."""
    library: Any = importlib.import_module("workalendar.europe")
    days = OfficeDays(library.France().is_working_day)
    for name, end in SPANS.items():
        worked = days.elapsed(START, end)
        asked = partial(days.elapsed, START, end)
        report(f"elapsed over {name}", asked, ours["elapsed", name])
        report(f"due after {name}", partial(days.due, START, worked), ours["due", name])
        same_time = worked == elapsed(CALENDAR, START, end)
        same_due = days.due(START, worked) == due(CALENDAR, START, worked)
        print(f"    the same answers as ours: elapsed {same_time}, due {same_due}")


class OfficeDays:
    """Hours from 09:00 to 18:00 in Paris over the working days of a calendar of dates."""

    def __init__(self, is_working_day: Callable[[date], bool]) -> None:
        self.is_working_day = is_working_day
        self.zone = ZoneInfo(CALENDAR.timezone)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        worked = timedelta()
        for opens, closes in self.openings(start):
            if opens >= end:
                break
            worked += min(closes, end) - max(opens, start)
        return worked

    def due(self, start: datetime, amount: timedelta) -> datetime:
        for opens, closes in self.openings(start):
            since = max(opens, start)
            if closes - since >= amount:
                return since + amount
            amount -= closes - since
        raise AssertionError("An office opens again and again.")

    def openings(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = start.astimezone(self.zone).date()
        while True:
            if self.is_working_day(day):
                opens = datetime.combine(day, time(9), self.zone).astimezone(UTC)
                closes = datetime.combine(day, time(18), self.zone).astimezone(UTC)
                if closes > start:
                    yield opens, closes
            day += timedelta(days=1)


if __name__ == "__main__":
    main()
