"""A span told without a gap: openings, and closed stretches with their reasons."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.worktime import WEEKDAYS, Calendar, Why, elapsed, reason_closed, stretches
from tests.accounts.minute_walk import random_instants, random_office

NINE_TO_SIX = [["09:00", "18:00"]]
WORKING_WEEK = dict.fromkeys(WEEKDAYS[:5], NINE_TO_SIX)
PARIS = Calendar.from_data(
    {
        "timezone": "Europe/Paris",
        "week": WORKING_WEEK,
        "closed": {"2026-05-01": "Labour Day", "2026-05-07": "", "2026-05-08": ""},
        "special": {"2026-05-06": [["10:00", "12:00"]], "2026-05-20": []},
    }
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(calendar, start, end):
    """Return stretches as (since, until, why, day, name, special), instants in short."""
    found = []
    for stretch in stretches(calendar, at(start), at(end)):
        closed = stretch.closed
        reason = (str(closed.why), f"{closed.day:%d}", closed.name) if closed else ("open",)
        special = ("special",) if stretch.special else ()
        found.append((f"{stretch.since:%d %H:%M}", f"{stretch.until:%d %H:%M}", *reason, *special))
    return found


def test_a_night_between_working_days_is_one_stretch():
    assert told(PARIS, "2026-03-02 16:00", "2026-03-03 09:00") == [
        ("02 16:00", "02 17:00", "open"),
        ("02 17:00", "03 08:00", "outside_hours", "02", ""),
        ("03 08:00", "03 09:00", "open"),
    ]


def test_a_weekend_is_one_stretch_between_evening_and_morning():
    assert told(PARIS, "2026-03-06 17:00", "2026-03-09 08:00") == [
        ("06 17:00", "06 23:00", "outside_hours", "06", ""),
        ("06 23:00", "08 23:00", "day_off", "07", ""),
        ("08 23:00", "09 08:00", "outside_hours", "09", ""),
    ]


def test_closed_days_go_by_their_names_and_those_without_run_together():
    assert told(PARIS, "2026-04-30 22:00", "2026-05-01 22:00") == [
        ("30 22:00", "01 22:00", "closed_day", "01", "Labour Day"),
    ]
    assert told(PARIS, "2026-05-06 22:00", "2026-05-08 22:00") == [
        ("06 22:00", "08 22:00", "closed_day", "07", ""),
    ]


def test_a_day_with_special_hours_stands_by_itself():
    assert told(PARIS, "2026-05-05 16:00", "2026-05-06 22:00") == [
        ("05 16:00", "05 22:00", "outside_hours", "05", ""),
        ("05 22:00", "06 08:00", "outside_hours", "06", "", "special"),
        ("06 08:00", "06 10:00", "open", "special"),
        ("06 10:00", "06 22:00", "outside_hours", "06", "", "special"),
    ]
    assert told(PARIS, "2026-05-20 08:00", "2026-05-20 12:00") == [
        ("20 08:00", "20 12:00", "closed_day", "20", "", "special"),
    ]


def test_the_night_of_a_clock_change_is_an_hour_shorter():
    night = stretches(PARIS, at("2026-03-29 00:00"), at("2026-03-30 07:00"))
    assert [(each.until - each.since, each.closed and each.closed.why) for each in night] == [
        (timedelta(hours=22), Why.DAY_OFF),  # the rest of Sunday, from 01:00 to midnight
        (timedelta(hours=9), Why.OUTSIDE_HOURS),
    ]


def test_a_night_shift_is_one_opening():
    windows = [["00:00", "06:00"], ["22:00", "24:00"]]
    calendar = Calendar.from_data({"timezone": "UTC", "week": dict.fromkeys(WEEKDAYS, windows)})
    assert told(calendar, "2026-03-02 20:00", "2026-03-03 07:00") == [
        ("02 20:00", "02 22:00", "outside_hours", "02", ""),
        ("02 22:00", "03 06:00", "open"),
        ("03 06:00", "03 07:00", "outside_hours", "03", ""),
    ]


def test_an_office_that_never_closes_is_one_stretch():
    always = {key: [["00:00", "24:00"]] for key in WEEKDAYS}
    calendar = Calendar.from_data({"timezone": "Europe/Paris", "week": always})
    assert told(calendar, "2026-03-01 00:00", "2026-04-20 12:00") == [
        ("01 00:00", "20 12:00", "open")
    ]


def test_a_date_that_comes_back_after_midnight_keeps_its_reason():
    # In 2006 the clocks of St. John's went from 00:01 on Sunday back to 23:01 on Saturday.
    calendar = Calendar.from_data(
        {
            "timezone": "America/St_Johns",
            "week": {"mon": NINE_TO_SIX},
            "closed": {"2006-10-28": "Saturday", "2006-10-29": "Sunday"},
        }
    )
    assert told(calendar, "2006-10-29 02:00", "2006-10-29 06:00") == [
        ("29 02:00", "29 02:30", "closed_day", "28", "Saturday"),
        ("29 02:30", "29 02:31", "closed_day", "29", "Sunday"),
        ("29 02:31", "29 03:30", "closed_day", "28", "Saturday"),
        ("29 03:30", "29 06:00", "closed_day", "29", "Sunday"),
    ]


def test_nothing_is_no_stretch_and_time_does_not_run_backwards():
    assert stretches(PARIS, at("2026-03-02 10:00"), at("2026-03-02 10:00")) == []
    with pytest.raises(ValueError, match="cannot lie before its start"):
        stretches(PARIS, at("2026-03-02 10:00"), at("2026-03-02 09:59"))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_moment_is_left_out_and_each_has_its_own_reason(seed):
    random = Random(seed)
    office, first, last = random_office(random, 12)
    calendar = Calendar.from_data(office)
    start, end = random_instants(random, first, last)
    found = stretches(calendar, start, end)
    turns = [start, *(each.until for each in found)]
    assert [each.since for each in found] == turns[:-1]
    assert turns[-1] == end
    open_time = sum((each.until - each.since for each in found if not each.closed), timedelta())
    assert open_time == elapsed(calendar, start, end)
    for each in found:
        last_moment = reason_closed(calendar, each.until - timedelta.resolution)
        assert reason_closed(calendar, each.since) == each.closed
        assert why(last_moment) == why(each.closed)


def why(closed):
    return closed and (closed.why, closed.name)


def test_the_reason_is_that_of_the_first_day():
    (weekend,) = stretches(PARIS, at("2026-03-07 10:00"), at("2026-03-08 10:00"))
    assert weekend.closed is not None
    assert weekend.closed.day == date(2026, 3, 7)
