import copy
import io
import json
import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.worktime import (
    Calendar,
    CalendarError,
    Closed,
    NeverOpensAgain,
    Why,
    due,
    elapsed,
    intervals,
    is_open,
    local_date,
    month_after,
    next_opening,
    reason_closed,
)
from tests.accounts.minute_walk import (
    PLACES,
    Walk,
    random_instants,
    random_office,
    random_windows,
)

VECTORS = Path(__file__).parent.parent / "data" / "worktime-vectors.jsonl"
NINE_TO_SIX = [["09:00", "18:00"]]
WORKING_WEEK = {
    "mon": NINE_TO_SIX,
    "tue": NINE_TO_SIX,
    "wed": NINE_TO_SIX,
    "thu": NINE_TO_SIX,
    "fri": NINE_TO_SIX,
}
PARIS = Calendar.from_data(
    {
        "timezone": "Europe/Paris",
        "week": WORKING_WEEK,
        "closed": {"2026-05-01": "Labour Day", "2026-12-31": ""},
        "special": {"2026-05-02": [["10:00", "12:00"]], "2026-12-31": [["09:00", "13:00"]]},
    }
)


def at(text: str) -> datetime:
    """Return an instant from its text in UTC, such as 2026-03-02 09:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(amount: float) -> timedelta:
    return timedelta(hours=amount)


def every_day(timezone: str, *windows: list[str]) -> Calendar:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return Calendar.from_data({"timezone": timezone, "week": {day: list(windows) for day in days}})


def only_on(timezone: str, day: str, *windows: list[str]) -> Calendar:
    return Calendar.from_data({"timezone": timezone, "week": {}, "special": {day: list(windows)}})


# The vectors


def test_all_vectors_agree():
    lines = VECTORS.read_text().splitlines()
    differences = []
    for line in lines:
        vector = json.loads(line)
        answer = answer_to(vector)
        if answer != vector["expect"]:
            differences.append((vector["n"], answer, vector["expect"]))
    assert differences[:1] == []
    assert len(lines) == 880


def answer_to(vector: dict[str, Any]) -> object:
    calendar = Calendar.from_data(vector["office"])
    start = datetime.fromisoformat(vector["start"])
    if vector["op"] == "elapsed":
        return elapsed(calendar, start, datetime.fromisoformat(vector["end"])).total_seconds()
    moment = due(calendar, start, timedelta(minutes=vector["minutes"]))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# Due times and working time between


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-03-06 11:00", hours(6), "2026-03-06 17:00"),  # a Friday noon: 18:00, not Monday
        ("2026-03-06 11:00", hours(6) + timedelta(seconds=1), "2026-03-09 08:00:01"),
        ("2026-03-06 17:00", hours(1), "2026-03-09 09:00"),  # from the close
        ("2026-03-07 12:00", hours(9), "2026-03-09 17:00"),  # from a Saturday
        ("2026-03-09 08:00", hours(9), "2026-03-09 17:00"),
        ("2026-03-07 12:00", hours(0), "2026-03-07 12:00"),  # nothing is due at once, though closed
        ("2026-04-30 15:00", hours(2), "2026-05-02 09:00"),  # Labour Day; a working Saturday
        ("2026-12-30 16:00", hours(6), "2027-01-01 09:00"),  # special wins over closed
        ("2026-03-06 11:00", timedelta(microseconds=1), "2026-03-06 11:00:00.000001"),
        ("2026-03-02 08:00", hours(9 * 5 * 52), "2027-03-02 11:00"),  # 14 hours less, 2 more
    ],
)
def test_due(start, amount, expected):
    assert due(PARIS, at(start), amount) == at(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-06 11:00", "2026-03-06 11:00", hours(0)),
        ("2026-03-06 11:00", "2026-03-09 09:00", hours(7)),
        ("2026-04-30 07:00", "2026-05-04 08:00", hours(9 + 2 + 1)),
        ("2026-12-31 00:00", "2027-01-01 00:00", hours(4)),
        ("2025-12-31 23:00", "2026-12-31 23:00", hours(9 * 261 - 9 - 9 + 2 + 4)),
        ("2020-12-31 23:00", "2025-12-31 23:00", hours(9 * 1304)),
    ],
)
def test_elapsed(start, end, expected):
    assert elapsed(PARIS, at(start), at(end)) == expected


def test_an_instant_may_carry_any_zone():
    start = datetime.fromisoformat("2026-03-06T20:00:00+09:00")
    moment = due(PARIS, start, hours(6))
    assert (moment, moment.tzinfo) == (at("2026-03-06 17:00"), UTC)
    assert due(PARIS, start, hours(0)).tzinfo == UTC


def test_what_makes_no_sense_is_refused():
    naive = datetime(2026, 3, 6, 11)  # noqa: DTZ001  (the mistake under test)
    with pytest.raises(ValueError, match=r"^An amount of working time cannot be negative\.$"):
        due(PARIS, at("2026-03-06 11:00"), hours(-1))
    for question in (elapsed, intervals):
        with pytest.raises(ValueError, match=r"^The end of a span cannot lie before its start\.$"):
            question(PARIS, at("2026-03-06 11:00"), at("2026-03-06 10:59:59"))
    for answer in (
        lambda: due(PARIS, naive, hours(0)),
        lambda: is_open(PARIS, naive),
        lambda: month_after(naive, "Europe/Paris"),
        lambda: local_date(naive, "Europe/Paris"),
    ):
        with pytest.raises(TypeError, match=r"^can't subtract offset-naive and offset-aware"):
            answer()


# Openings


def test_a_window_holds_from_its_opening_to_before_its_close():
    moments = ["07:59:59", "08:00", "16:59:59", "17:00"]
    assert [is_open(PARIS, at(f"2026-03-06 {moment}")) for moment in moments] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-06 08:00", "2026-03-06 08:00"),
        ("2026-03-06 12:34:56", "2026-03-06 12:34:56"),
        ("2026-03-06 17:00", "2026-03-09 08:00"),
        ("2026-04-30 16:00", "2026-05-02 08:00"),
        ("2026-12-31 12:00", "2027-01-01 08:00"),
    ],
)
def test_next_opening(moment, expected):
    assert next_opening(PARIS, at(moment)) == at(expected)


def test_intervals_are_clipped_to_what_was_asked():
    assert intervals(PARIS, at("2026-04-30 15:00"), at("2026-05-04 09:30")) == [
        (at("2026-04-30 15:00"), at("2026-04-30 16:00")),
        (at("2026-05-02 08:00"), at("2026-05-02 10:00")),
        (at("2026-05-04 07:00"), at("2026-05-04 09:30")),
    ]
    assert intervals(PARIS, at("2026-05-03 00:00"), at("2026-05-04 07:00")) == []


def test_a_night_shift_is_one_interval_and_around_the_clock_never_ends():
    night = every_day("UTC", ["00:00", "06:00"], ["22:00", "24:00"])
    assert intervals(night, at("2026-03-06 12:00"), at("2026-03-07 12:00")) == [
        (at("2026-03-06 22:00"), at("2026-03-07 06:00"))
    ]
    always = every_day("Europe/Paris", ["00:00", "24:00"])
    span = at("2020-01-01 00:00"), at("2030-01-01 00:00")
    assert intervals(always, *span) == [span]
    assert elapsed(always, *span) == timedelta(days=3653)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-06 12:00", None),
        (
            "2026-03-06 17:00",
            Closed(Why.OUTSIDE_HOURS, date(2026, 3, 6), "", ((540, 1080),)),
        ),
        (
            "2026-03-05 23:30",  # past midnight in Paris
            Closed(Why.OUTSIDE_HOURS, date(2026, 3, 6), "", ((540, 1080),)),
        ),
        ("2026-03-07 12:00", Closed(Why.DAY_OFF, date(2026, 3, 7), "", ())),
        ("2026-05-01 12:00", Closed(Why.CLOSED_DAY, date(2026, 5, 1), "Labour Day", ())),
        (
            "2026-12-31 12:00",
            Closed(Why.OUTSIDE_HOURS, date(2026, 12, 31), "", ((540, 780),)),
        ),
    ],
)
def test_reason_closed(moment, expected):
    assert reason_closed(PARIS, at(moment)) == expected


def test_special_windows_of_none_close_the_day():
    calendar = PARIS.with_special(date(2026, 5, 1), ()).with_special(date(2026, 3, 6), ())
    assert reason_closed(calendar, at("2026-05-01 12:00")) == Closed(
        Why.CLOSED_DAY, date(2026, 5, 1), "Labour Day", ()
    )
    assert reason_closed(calendar, at("2026-03-06 12:00")) == Closed(
        Why.CLOSED_DAY, date(2026, 3, 6), "", ()
    )


# Clock changes


@pytest.mark.parametrize(
    ("timezone", "window", "span", "expected"),
    [
        pytest.param(
            "Europe/Paris",
            ["02:15", "02:45"],
            ("2026-03-28 12:00", "2026-03-29 12:00"),
            [],
            id="inside the gap",
        ),
        pytest.param(
            "Europe/Paris",
            ["01:30", "03:30"],
            ("2026-03-28 12:00", "2026-03-29 12:00"),
            [("2026-03-29 00:30", "2026-03-29 01:30")],
            id="around the gap",
        ),
        pytest.param(
            "Europe/Paris",
            ["02:15", "02:45"],
            ("2026-10-24 12:00", "2026-10-25 12:00"),
            [
                ("2026-10-25 00:15", "2026-10-25 00:45"),
                ("2026-10-25 01:15", "2026-10-25 01:45"),
            ],
            id="inside the fold",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            ["01:40", "01:50"],
            ("2026-04-04 03:00", "2026-04-05 03:00"),
            [
                ("2026-04-04 14:40", "2026-04-04 14:50"),
                ("2026-04-04 15:10", "2026-04-04 15:20"),
            ],
            id="half an hour twice",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            ["01:45", "02:45"],
            ("2026-10-03 03:00", "2026-10-04 03:00"),
            [("2026-10-03 15:15", "2026-10-03 15:45")],
            id="half an hour skipped",
        ),
        pytest.param(
            "America/Asuncion",
            ["00:00", "02:00"],
            ("2024-10-05 12:00", "2024-10-06 12:00"),
            [("2024-10-06 04:00", "2024-10-06 05:00")],
            id="midnight skipped",
        ),
        pytest.param(
            "America/Asuncion",
            ["23:00", "24:00"],
            ("2024-03-23 12:00", "2024-03-24 12:00"),
            [("2024-03-24 02:00", "2024-03-24 04:00")],
            id="the hour before midnight twice",
        ),
        pytest.param(
            "Africa/Cairo",
            ["00:15", "00:45"],
            ("2026-04-23 12:00", "2026-04-24 12:00"),
            [],
            id="Cairo's midnight",
        ),
        pytest.param(
            "Asia/Beirut",
            ["00:30", "01:30"],
            ("2026-03-28 12:00", "2026-03-29 12:00"),
            [("2026-03-28 22:00", "2026-03-28 22:30")],
            id="Beirut's midnight",
        ),
        pytest.param(
            "Pacific/Apia",
            ["09:00", "18:00"],
            ("2011-12-29 12:00", "2011-12-31 12:00"),
            [
                ("2011-12-29 19:00", "2011-12-30 04:00"),  # the 29th; the 30th does not exist
                ("2011-12-30 19:00", "2011-12-31 04:00"),  # the 31st
            ],
            id="a date left out",
        ),
        pytest.param(
            "Africa/Monrovia",
            ["00:00", "01:00"],
            ("1972-01-05 12:00", "1972-01-07 12:00"),
            [
                ("1972-01-06 00:44:30", "1972-01-06 01:44:30"),
                ("1972-01-07 00:44:30", "1972-01-07 01:00"),
            ],
            id="an offset of odd seconds",
        ),
        pytest.param(
            "America/Noronha",
            ["09:00", "10:00"],
            ("2000-10-14 12:00", "2000-10-16 12:00"),
            [
                ("2000-10-15 11:00", "2000-10-15 12:00"),
                ("2000-10-16 11:00", "2000-10-16 12:00"),
            ],
            id="after a week of summer time",
        ),
        pytest.param(
            "America/Noronha",
            ["09:00", "10:00"],
            ("2000-10-07 00:00", "2000-10-08 12:00"),
            [
                ("2000-10-07 11:00", "2000-10-07 12:00"),
                ("2000-10-08 10:00", "2000-10-08 11:00"),
            ],
            id="a week of summer time",
        ),
    ],
)
def test_the_wall_clock_of_the_instant_decides(timezone, window, span, expected):
    calendar = every_day(timezone, window)
    found = intervals(calendar, *map(at, span))
    assert found == [(at(opens), at(closes)) for opens, closes in expected]


def test_a_repeated_hour_counts_twice_and_a_skipped_one_not():
    always = every_day("Europe/Paris", ["00:00", "03:00"])
    assert due(always, at("2026-10-24 22:00"), hours(4)) == at("2026-10-25 02:00")
    assert due(always, at("2026-03-28 23:00"), hours(2.5)) == at("2026-03-29 22:30")


# The end of a calendar


def test_a_calendar_of_special_days_ends_with_the_last():
    calendar = only_on("Europe/Paris", "2026-05-02", ["10:00", "12:00"])
    assert next_opening(calendar, at("1990-01-01 00:00")) == at("2026-05-02 08:00")
    assert due(calendar, at("1990-01-01 00:00"), hours(2)) == at("2026-05-02 10:00")
    assert elapsed(calendar, at("1990-01-01 00:00"), at("2100-01-01 00:00")) == hours(2)
    never = pytest.raises(NeverOpensAgain, match=r"^This calendar never opens again\.$")
    with never:
        next_opening(calendar, at("2026-05-02 10:00"))
    for start in ("2026-05-02 09:00", "2300-01-01 00:00"):
        with never:
            due(calendar, at(start), hours(1) + timedelta(seconds=1))


def test_python_s_own_calendar_ends():
    always = every_day("Pacific/Kiritimati", ["00:00", "24:00"])
    last = datetime.max.replace(tzinfo=UTC)
    first = datetime.min.replace(tzinfo=UTC)
    assert due(always, last - hours(5), hours(5)) == last
    assert is_open(every_day("America/New_York", ["00:00", "24:00"]), first)
    with pytest.raises(NeverOpensAgain):
        due(always, last - hours(5), hours(6))


def test_years_are_let_go_and_laid_out_again():
    start, end = at("1900-01-01 12:00"), at("2026-01-01 12:00")
    took = elapsed(PARIS, start, end)
    # It was 12:09:21 in Paris, before zones; 32,872 whole days follow, and 4 hours.
    assert took == timedelta(hours=5, minutes=50, seconds=39) + hours(9 * 32_872 + 4)
    assert due(PARIS, start, took) == at("2026-01-01 12:00")
    assert len(PARIS.timetable) <= 64


# Calendars as values


def test_equal_calendars_are_one_value_and_share_what_is_laid_out():
    again = Calendar.from_data(PARIS.to_data())
    assert again == PARIS
    assert hash(again) == hash(PARIS)
    assert again.timetable is PARIS.timetable
    assert pickle.loads(pickle.dumps(PARIS)) == PARIS
    assert copy.deepcopy(PARIS) == PARIS
    assert PARIS.with_closed(date(2026, 5, 1)) != PARIS
    assert PARIS != "Europe/Paris"


def test_the_json_form_is_canonical():
    calendar = Calendar.from_data(
        {
            "special": {"2026-12-31": [["14:00", "24:00"], ["00:00", "12:30"]]},
            "closed": ["2026-05-08", "2026-05-01", "2026-05-08"],
            "week": {"tue": [["14:00", "18:00"], ["09:00", "14:00"]], "mon": [], "sun": []},
            "timezone": "Asia/Kathmandu",
        }
    )
    assert json.dumps(calendar.to_data()) == (
        '{"timezone": "Asia/Kathmandu", "week": {"tue": [["09:00", "14:00"], ["14:00", "18:00"]]}, '
        '"closed": {"2026-05-01": "", "2026-05-08": ""}, '
        '"special": {"2026-12-31": [["00:00", "12:30"], ["14:00", "24:00"]]}}'
    )


def test_closing_a_day_removes_its_special_windows():
    calendar = PARIS.with_closed(date(2026, 12, 31), "New Year's Eve")
    assert calendar.to_data()["closed"] == {
        "2026-05-01": "Labour Day",
        "2026-12-31": "New Year's Eve",
    }
    assert calendar.to_data()["special"] == {"2026-05-02": [["10:00", "12:00"]]}
    assert is_open(PARIS, at("2026-12-31 09:00"))
    assert not is_open(calendar, at("2026-12-31 09:00"))


def test_special_windows_open_a_closed_day():
    calendar = PARIS.with_special(date(2026, 5, 1), ((600, 720),))
    assert intervals(calendar, at("2026-05-01 00:00"), at("2026-05-02 00:00")) == [
        (at("2026-05-01 08:00"), at("2026-05-01 10:00"))
    ]
    assert calendar.closed[date(2026, 5, 1)] == "Labour Day"


def test_own_hours_replace_the_week_and_nothing_else():
    calendar = PARIS.with_week([((480, 720),)] * 5 + [(), ()])
    assert intervals(calendar, at("2026-04-30 00:00"), at("2026-05-05 00:00")) == [
        (at("2026-04-30 06:00"), at("2026-04-30 10:00")),
        (at("2026-05-02 08:00"), at("2026-05-02 10:00")),
        (at("2026-05-04 06:00"), at("2026-05-04 10:00")),
    ]


def test_a_calendar_cannot_be_changed():
    with pytest.raises(AttributeError):
        PARIS.timezone = "UTC"  # type: ignore[misc]
    with pytest.raises(TypeError):
        PARIS.closed[date(2026, 3, 6)] = ""  # type: ignore[index]


A_WINDOW_OF_ONE_DAY = "a window that opens before it closes on the same day (a night shift is two)"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"timezone": "Europe/Atlantis"},
            "timezone: expected the name of a time zone, such as Europe/Paris.",
        ),
        (
            {"timezone": "Europe"},
            "timezone: expected the name of a time zone, such as Europe/Paris.",
        ),
        (
            {"timezone": "../../etc/localtime"},
            "timezone: expected the name of a time zone, such as Europe/Paris.",
        ),
        ({"timezone": 1}, "timezone: expected the name of a time zone, such as Europe/Paris."),
        (
            {"holidays": []},
            "calendar.holidays: expected only the keys timezone, week, closed, special.",
        ),
        ({"week": None}, "week: expected an object with keys and values."),
        (
            {"week": {"monday": NINE_TO_SIX}},
            "week.monday: expected only the keys mon, tue, wed, thu, fri, sat, sun.",
        ),
        (
            {"week": {"mon": "09:00-18:00"}},
            'week.mon: expected a list of windows, such as [["09:00", "18:00"]].',
        ),
        (
            {"week": {"mon": [["09:00"]]}},
            'week.mon[0]: expected a window of two times, such as ["09:00", "18:00"].',
        ),
        (
            {"week": {"mon": [[540, 1080]]}},
            'week.mon[0]: expected a window of two times, such as ["09:00", "18:00"].',
        ),
        (
            {"week": {"mon": [["9:00", "18:00"]]}},
            "week.mon[0]: expected a time from 00:00 to 24:00, such as 09:00.",
        ),
        (
            {"week": {"mon": [["09:00", "24:01"]]}},
            "week.mon[0]: expected a time from 00:00 to 24:00, such as 09:00.",
        ),
        (
            {"week": {"fri": [["09:00", "12:00"], ["22:00", "06:00"]]}},
            f"week.fri[1]: expected {A_WINDOW_OF_ONE_DAY}.",
        ),
        ({"week": {"mon": [["09:00", "09:00"]]}}, f"week.mon[0]: expected {A_WINDOW_OF_ONE_DAY}."),
        (
            {"week": {"mon": [["12:00", "18:00"], ["09:00", "12:01"]]}},
            "week.mon: expected windows that do not overlap.",
        ),
        (
            {"special": {"2026-05-02": [["09:00", "12:00"], ["10:00", "11:00"]]}},
            "special.2026-05-02: expected windows that do not overlap.",
        ),
        ({"special": {"2026-02-29": []}}, "special: expected a date, such as 2026-05-01."),
        ({"closed": ["2026-05-01", "20260508"]}, "closed[1]: expected a date, such as 2026-05-01."),
        ({"closed": {"1 May": ""}}, "closed: expected a date, such as 2026-05-01."),
        (
            {"closed": {"2026-05-01": None}},
            "closed.2026-05-01: expected the day's name as text.",
        ),
        ({"closed": "2026-05-01"}, "closed: expected a list of dates, or dates with their names."),
        ({"week": {}}, "week: expected at least one opening, as this calendar never opens."),
        (
            {"week": {"mon": []}, "special": {"2026-05-02": []}},
            "week: expected at least one opening, as this calendar never opens.",
        ),
        (  # a date that Samoa left out
            {"timezone": "Pacific/Apia", "week": {}, "special": {"2011-12-30": NINE_TO_SIX}},
            "week: expected at least one opening, as this calendar never opens.",
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(changes, message):
    data = {"timezone": "Europe/Paris", "week": WORKING_WEEK} | changes
    with pytest.raises(CalendarError) as refused:
        Calendar.from_data(data)
    assert str(refused.value) == message
    assert message == f"{refused.value.path}: expected {refused.value.expected}."


def test_values_are_checked_like_data():
    with pytest.raises(CalendarError, match=r"^week: expected seven days, Monday first\.$"):
        PARIS.with_week([((540, 1080),)])
    with pytest.raises(CalendarError, match=r"^special\.2026-05-02\[0\]: expected a window that"):
        PARIS.with_special(date(2026, 5, 2), ((540, 1441),))


# Months


@pytest.mark.parametrize(
    ("timezone", "moment", "expected"),
    [
        pytest.param("UTC", "2026-03-15 10:00", "2026-04-15 10:00", id="plain"),
        pytest.param("Europe/Paris", "2026-03-15 09:00", "2026-04-15 08:00", id="wall clock stays"),
        pytest.param("Europe/Paris", "2026-01-31 09:00", "2026-02-28 09:00", id="shorter month"),
        pytest.param("Europe/Paris", "2028-01-31 09:00", "2028-02-29 09:00", id="leap year"),
        pytest.param("Europe/Paris", "2026-01-31 23:30", "2026-02-28 23:30", id="local date"),
        pytest.param("Europe/Paris", "2026-12-15 09:00:07", "2027-01-15 09:00:07", id="new year"),
        pytest.param("America/New_York", "2026-02-08 07:30", "2026-03-08 07:30", id="gap"),
        pytest.param("America/New_York", "2026-10-01 05:30", "2026-11-01 05:30", id="fold: first"),
        pytest.param("America/New_York", "2026-11-01 06:30", "2026-12-01 06:30", id="from second"),
        pytest.param("Australia/Lord_Howe", "2026-09-03 15:40", "2026-10-03 15:40", id="half gap"),
        pytest.param("Australia/Lord_Howe", "2026-03-04 14:45", "2026-04-04 14:45", id="half fold"),
        pytest.param("America/Asuncion", "2024-09-06 04:00", "2024-10-06 04:00", id="midnight gap"),
        pytest.param("Pacific/Apia", "2011-11-30 20:00", "2011-12-30 20:00", id="date left out"),
        pytest.param("Africa/Monrovia", "1971-12-07 01:00", "1972-01-07 01:00", id="odd seconds"),
    ],
)
def test_month_after(timezone, moment, expected):
    assert month_after(at(moment), timezone) == at(expected)


def test_several_months():
    leap_day = at("2028-02-29 12:00")
    assert month_after(leap_day, "Europe/Paris", months=12) == at("2029-02-28 12:00")
    assert month_after(leap_day, "Europe/Paris", months=3) == at("2028-05-29 11:00")
    assert month_after(leap_day, "Europe/Paris", months=0) == leap_day


def test_local_date():
    assert local_date(at("2026-03-05 23:30"), "Europe/Paris") == date(2026, 3, 6)
    assert local_date(at("2011-12-30 10:00"), "Pacific/Apia") == date(2011, 12, 31)


# Properties, over random calendars

randoms = st.randoms(use_true_random=False)


@settings(max_examples=30, deadline=None)
@given(randoms)
def test_the_minute_walk_agrees(random):
    office, first, last = random_office(random, days=3)
    calendar, walk = Calendar.from_data(office), Walk(office, first, last)
    for _ in range(10):
        start, end = random_instants(random, first, last)
        expected = timedelta(seconds=walk.elapsed_seconds(start, end))
        assert elapsed(calendar, start, end) == expected
        assert is_open(calendar, start) == walk.is_open(start)
        assert (reason_closed(calendar, start) is None) == walk.is_open(start)
        opening = walk.next_opening(start)
        if opening is not None:
            assert next_opening(calendar, start) == opening
        seconds = random.randrange(90_000)
        moment = walk.due(start, seconds)
        if moment is not None:
            assert due(calendar, start, timedelta(seconds=seconds)) == moment


@settings(max_examples=80, deadline=None)
@given(randoms)
def test_laws_of_working_time(random):
    calendar, known_for = random_calendar(random)
    start, middle, end = sorted(
        known_for + timedelta(seconds=random.randrange(-(10**8), 10**8)) for _ in range(3)
    )
    amount = timedelta(microseconds=random.randrange(1, 10**12))

    moment = due(calendar, start, amount)
    assert elapsed(calendar, start, moment) == amount
    assert elapsed(calendar, start, moment - timedelta(microseconds=1)) < amount
    assert due(calendar, middle, amount) >= moment
    assert due(calendar, start, amount + timedelta(seconds=1)) > moment

    halves = elapsed(calendar, start, middle), elapsed(calendar, middle, end)
    assert elapsed(calendar, start, end) == sum(halves, timedelta())
    assert all(half >= timedelta() for half in halves)


@settings(max_examples=30, deadline=None)
@given(randoms)
def test_intervals_are_what_is_open(random):
    calendar, known_for = random_calendar(random)
    start, end = random_instants(random, known_for, known_for + timedelta(days=400))
    found = intervals(calendar, start, end)
    lengths = (closes - opens for opens, closes in found)
    assert sum(lengths, timedelta()) == elapsed(calendar, start, end)
    assert all(is_open(calendar, opens) for opens, _ in found)
    assert not any(is_open(calendar, closes) for _, closes in found if closes < end)
    assert all(next_opening(calendar, earlier[1]) == later[0] for earlier, later in pairwise(found))


def random_calendar(random: Random) -> tuple[Calendar, datetime]:
    """Return a calendar, and the instant its zone is known for."""
    office, first, last = random_office(random, days=3)
    assert office["timezone"] in dict(PLACES)
    office["week"]["wed"] = office["week"]["wed"] or random_windows(random, 1)
    return Calendar.from_data(office), first + (last - first) / 2


def test_forty_zones_and_more_are_compared():
    assert len(dict(PLACES)) == 48


# The command


def line(**changes: object) -> str:
    office = {"timezone": "Europe/Paris", "week": {"mon": NINE_TO_SIX}}
    question = {
        "n": 7,
        "office": office,
        "op": "due",
        "start": "2026-03-06T12:00:00+01:00",
        "minutes": 90,
    }
    return json.dumps({k: v for k, v in (question | changes).items() if v is not None})


def run(batch: str) -> list[str]:
    out = io.StringIO()
    call_command("worktime", batch=batch, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_answers_line_by_line(tmp_path):
    file = tmp_path / "questions.jsonl"
    until = line(n=8, op="elapsed", minutes=None, end="2026-03-09T10:00:00.9+01:00")
    file.write_text(f"{line()}\n\n{until}\n")
    assert run(str(file)) == [
        '{"n": 7, "result": "2026-03-09T09:30:00Z"}',
        '{"n": 8, "result": 3600}',
    ]


def test_the_command_reads_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line(n=None).encode())))
    assert run("-") == ['{"n": null, "result": "2026-03-09T09:30:00Z"}']


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("[]", "expected a JSON object."),
        (
            "{",
            (
                "expected a JSON object "
                "(Expecting property name enclosed in double quotes at column 2)."
            ),
        ),
        (line(office=None), "office: expected a calendar."),
        (
            line(office={"timezone": "Mars", "week": {}}),
            "timezone: expected the name of a time zone, such as Europe/Paris.",
        ),
        (line(op="overdue"), "op: expected due or elapsed."),
        (
            line(start="2026-03-06T12:00:00"),
            "start: expected an instant with its offset, such as 2026-03-02T09:00:00Z.",
        ),
        (
            line(start="0001-01-01T00:00:00+01:00"),
            "start: expected an instant with its offset, such as 2026-03-02T09:00:00Z.",
        ),
        (
            line(op="elapsed"),
            "end: expected an instant with its offset, such as 2026-03-02T09:00:00Z.",
        ),
        (
            line(op="elapsed", end="2026-03-06T10:59:59Z"),
            "end: expected an instant that is not before start.",
        ),
        (line(minutes=-1), "minutes: expected a whole number from 0 to 52704000."),
        (line(minutes=True), "minutes: expected a whole number from 0 to 52704000."),
        (
            line(
                office={"timezone": "UTC", "week": {}, "special": {"2026-03-05": NINE_TO_SIX}},
            ),
            "This calendar never opens again.",
        ),
    ],
)
def test_the_command_names_the_line_that_is_wrong(tmp_path, bad, message):
    file = tmp_path / "questions.jsonl"
    file.write_text(f"{line()}\n{bad}\n")
    with pytest.raises(CommandError) as refused:
        run(str(file))
    assert str(refused.value) == f"line 2: {message}"
    assert refused.value.returncode == 1


def test_the_command_says_which_file_cannot_be_read(tmp_path):
    with pytest.raises(CommandError) as refused:
        run(str(tmp_path / "none"))
    assert str(refused.value) == f"{tmp_path / 'none'} cannot be read: No such file or directory."
