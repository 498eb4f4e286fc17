"""How fast working time is, beside `businesstimedelta` and `workalendar`.

    make bench

All are asked the same of one office: Paris, Monday to Friday 09:00–18:00, closed on the public
holidays of 2026. `workalendar` knows days, not hours; these are counted over its working days.
The mix is two hundred spans within the year, drawn by chance from a fixed seed. How far apart the
libraries lie depends on the span: the others walk over its days, and in one day there is little
to walk. Every answer is compared with ours.
"""

import importlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import starmap
from random import Random
from timeit import Timer
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from accounts import worktime
from accounts.worktime import Calendar
from accounts.worktime.timetable import BLOCK, Timetable, ticks_of

REPEATS = 3  # the fastest counts: the others were disturbed

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

Span = tuple[datetime, datetime]
Question = Callable[[], object]

FRIDAY_NOON = datetime(2026, 3, 6, 11, tzinfo=UTC)  # as read in Paris
NEW_YEAR, YEAR = datetime(2026, 1, 2, tzinfo=UTC), 350 * 86_400
MIX, SEED = 200, 1


def spans(random: Random) -> Iterator[Span]:
    """Draw spans with working time in them."""
    while True:
        start, end = sorted(NEW_YEAR + timedelta(seconds=random.randrange(YEAR)) for _ in "12")
        if worktime.elapsed(CALENDAR, start, end):
            yield start, end


QUESTIONS: dict[str, Sequence[Span]] = {
    "a day": [(FRIDAY_NOON, datetime(2026, 3, 7, 11, tzinfo=UTC))],
    "a month": [(FRIDAY_NOON, datetime(2026, 4, 6, 11, tzinfo=UTC))],
    "nine months": [(FRIDAY_NOON, datetime(2026, 12, 6, 11, tzinfo=UTC))],
    "the mix": [span for span, _ in zip(spans(Random(SEED)), range(MIX), strict=False)],
}
FAR = {"five years": [(FRIDAY_NOON, datetime(2031, 3, 6, 11, tzinfo=UTC))]}  # for ours alone


class WorkingTime(Protocol):
    """What is compared."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta: ...
    def due(self, start: datetime, amount: timedelta) -> datetime: ...


class Ours:
    elapsed = staticmethod(partial(worktime.elapsed, CALENDAR))
    due = staticmethod(partial(worktime.due, CALENDAR))


class Business:
    """`businesstimedelta`, in the zones of pytz that it brings."""

    def __init__(self) -> None:
        self.library: Any = importlib.import_module("businesstimedelta")
        self.zone: Any = importlib.import_module("pytz").timezone("Europe/Paris")
        hours = self.library.WorkDayRule(
            start_time=time(9), end_time=time(18), working_days=[0, 1, 2, 3, 4], tz=self.zone
        )
        days = {date.fromisoformat(day): "" for day in HOLIDAYS}
        self.rules = self.library.Rules([hours, self.library.HolidayRule(days, tz=self.zone)])

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        return self.rules.difference(start, end).timedelta  # type: ignore[no-any-return]

    def due(self, start: datetime, amount: timedelta) -> datetime:
        worked = self.library.BusinessTimeDelta(self.rules, timedelta=amount)
        return start.astimezone(self.zone) + worked  # type: ignore[no-any-return]


class OfficeDays:
    """Hours from 09:00 to 18:00 in Paris over the working days of `workalendar`."""

    def __init__(self) -> None:
        france: Any = importlib.import_module("workalendar.europe").France()
        self.is_working_day: Callable[[date], bool] = france.is_working_day
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

    def openings(self, start: datetime) -> Iterator[Span]:
        day = start.astimezone(self.zone).date()
        while True:
            if self.is_working_day(day):
                opens = datetime.combine(day, time(9), self.zone).astimezone(UTC)
                closes = datetime.combine(day, time(18), self.zone).astimezone(UTC)
                if closes > start:
                    yield opens, closes
            day += timedelta(days=1)


def main() -> None:
    print("accounts.worktime")
    ours = measure(Ours(), QUESTIONS | FAR)
    print(f"  {'laying out a year':<28}{seconds(lay_out_a_year) * 1e6:>12.2f} µs")
    reading = partial(Calendar.from_data, CALENDAR.to_data())
    print(f"  {'reading a calendar':<28}{seconds(reading) * 1e6:>12.2f} µs")
    print("\nbusinesstimedelta")
    measure(Business(), QUESTIONS, beside=ours)
    print("\nworkalendar, hours counted over its working days")
    measure(OfficeDays(), QUESTIONS, beside=ours)


Times = dict[str, float]


def measure(
    library: WorkingTime, questions: dict[str, Sequence[Span]], beside: Times | None = None
) -> Times:
    """Print how long a question takes, and how many times as long as those of `beside`."""
    times: Times = {}
    for name, asked in questions.items():
        amounts = [(start, worktime.elapsed(CALENDAR, start, end)) for start, end in asked]
        for question, function, arguments, right in (
            (f"elapsed over {name}", library.elapsed, asked, Ours.elapsed),
            (f"due after {name}", library.due, amounts, Ours.due),
        ):
            wrong = sum(function(*each) != right(*each) for each in arguments)
            times[question] = seconds(asking(function, arguments)) / len(arguments)
            ratio = f"{times[question] / beside[question]:>12,.0f} × ours" if beside else ""
            other = f", {wrong} other answers than ours" if wrong else ""
            print(f"  {question:<28}{times[question] * 1e6:>12.2f} µs{ratio}{other}")
    return times


def asking(function: Callable[..., object], arguments: Sequence[tuple[Any, Any]]) -> Question:
    """Return what asks all of them, with as little around it as may be."""
    if len(arguments) == 1:
        return partial(function, *arguments[0])
    return lambda: deque(starmap(function, arguments), maxlen=0)


def seconds(question: Question) -> float:
    """Return how long a question takes, at the fastest."""
    timer = Timer(question)
    question()  # what is laid out at the first call is measured by itself
    calls, _ = timer.autorange()
    return min(timer.repeat(REPEATS, calls)) / calls


def lay_out_a_year() -> object:
    holidays: dict[date, tuple[()]] = dict.fromkeys(CALENDAR.closed, ())
    timetable = Timetable(ZoneInfo(CALENDAR.timezone), CALENDAR.week, holidays)
    return timetable[ticks_of(FRIDAY_NOON) // BLOCK]


if __name__ == "__main__":
    main()
