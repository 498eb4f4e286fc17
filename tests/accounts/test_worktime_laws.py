"""Laws of working time that hold for every calendar and every zone.

Those of a due time and the working time until it stand in `test_worktime`; here stand the laws that
compare two questions, or the same question of two calendars.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.worktime import (
    WEEKDAYS,
    Calendar,
    CalendarError,
    Windows,
    due,
    elapsed,
    intervals,
    is_open,
    local_date,
    month_after,
    next_opening,
)
from tests.accounts.minute_walk import random_office, random_windows

randoms = st.randoms(use_true_random=False)
law = settings(max_examples=60, deadline=None)

TICK = timedelta(microseconds=1)
NOTHING = timedelta(0)
WATCHED = timedelta(days=12)  # around the date that a place is known for


# One calendar


@law
@given(randoms)
def test_an_amount_may_be_worked_in_parts(random):
    calendar, known_for = random_calendar(random)
    (start,) = instants(random, known_for, 1)
    first, second = amount(random), amount(random)
    assert due(calendar, due(calendar, start, first), second) == due(
        calendar, start, first + second
    )


@law
@given(randoms)
def test_a_due_time_does_not_depend_on_where_one_looks_from(random):
    calendar, known_for = random_calendar(random)
    (start,) = instants(random, known_for, 1)
    wanted = amount(random)
    moment = due(calendar, start, wanted)
    between = start + (moment - start) * random.random()
    missing = wanted - elapsed(calendar, start, between)
    assert missing > NOTHING or between == moment
    assert due(calendar, between, missing) == moment


@law
@given(randoms)
def test_the_office_is_open_just_before_a_due_time(random):
    calendar, known_for = random_calendar(random)
    (start,) = instants(random, known_for, 1)
    moment = due(calendar, start, amount(random))
    assert is_open(calendar, moment - TICK)


@law
@given(randoms)
def test_openings_are_the_first_instant_that_is_open(random):
    calendar, known_for = random_calendar(random)
    earlier, later = instants(random, known_for, 2)
    opening = next_opening(calendar, earlier)
    assert opening >= earlier
    assert is_open(calendar, opening)
    assert elapsed(calendar, earlier, opening) == NOTHING
    assert next_opening(calendar, opening) == opening
    assert (opening == earlier) == is_open(calendar, earlier)
    assert next_opening(calendar, later) >= opening
    assert due(calendar, earlier, TICK) == opening + TICK


@law
@given(randoms)
def test_intervals_may_be_asked_for_in_parts(random):
    calendar, known_for = random_calendar(random)
    start, middle, end = instants(random, known_for, 3)
    parts = intervals(calendar, start, middle) + intervals(calendar, middle, end)
    assert joined(parts) == intervals(calendar, start, end)


@law
@given(randoms)
def test_intervals_are_in_order_and_apart(random):
    calendar, known_for = random_calendar(random)
    start, end = instants(random, known_for, 2)
    found = intervals(calendar, start, end)
    assert all(start <= opens < closes <= end for opens, closes in found)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(found))
    (at,) = instants(random, known_for, 1)
    if start <= at < end:
        assert is_open(calendar, at) == any(opens <= at < closes for opens, closes in found)


@law
@given(randoms)
def test_standing_still_never_brings_a_due_time_nearer(random):
    calendar, known_for = random_calendar(random)
    start, pause, resume = instants(random, known_for, 3)
    wanted = amount(random)
    without = due(calendar, start, wanted)
    if without <= pause:
        return
    still_missing = wanted - elapsed(calendar, start, pause)
    stood_still = due(calendar, resume, still_missing)
    assert stood_still >= without
    assert elapsed(calendar, start, pause) + elapsed(calendar, resume, stood_still) == wanted
    missed = elapsed(calendar, pause, resume)
    if missed == NOTHING and resume <= without:
        assert stood_still == without
    if resume <= without:
        assert stood_still == due(calendar, without, missed)


# Two calendars


@law
@given(randoms)
def test_open_and_closed_time_make_the_whole(random):
    office, known_for = random_place(random)
    start, end = instants(random, known_for, 2)
    calendar, opposite = Calendar.from_data(office), Calendar.from_data(turned_round(office))
    assert elapsed(calendar, start, end) + elapsed(opposite, start, end) == end - start
    assert is_open(calendar, start) != is_open(opposite, start)
    closed = intervals(opposite, start, end)
    assert joined(sorted(closed + intervals(calendar, start, end))) == [(start, end)][: end > start]


@law
@given(randoms)
def test_a_closed_day_takes_away_what_was_worked_on_it(random):
    calendar, known_for = random_calendar(random)
    start, day_off, end = instants(random, known_for, 3)
    day = local_date(day_off, calendar.timezone)
    without = calendar.with_closed(day)
    worked = worked_on(calendar, day, start, end)
    assert elapsed(calendar, start, end) - elapsed(without, start, end) == worked
    wanted = amount(random)
    assert due(without, start, wanted) >= due(calendar, start, wanted)
    assert next_opening(without, start) >= next_opening(calendar, start)


@law
@given(randoms)
def test_a_longer_day_adds_what_is_worked_on_it(random):
    calendar, known_for = random_calendar(random)
    start, changed, end = instants(random, known_for, 3)
    day = local_date(changed, calendar.timezone)
    around_the_clock = calendar.with_special(day, ((0, 1440),))
    gained = worked_on(around_the_clock, day, start, end) - worked_on(calendar, day, start, end)
    assert elapsed(around_the_clock, start, end) - elapsed(calendar, start, end) == gained
    wanted = amount(random)
    assert due(around_the_clock, start, wanted) <= due(calendar, start, wanted)


@law
@given(randoms)
def test_own_hours_matter_only_where_the_week_holds(random):
    calendar, known_for = random_calendar(random)
    start, end = instants(random, known_for, 2)
    every_day_is_named = calendar
    for day in days_around(calendar, start, end):
        every_day_is_named = every_day_is_named.with_special(day, windows_of(calendar, day))
    other_week = every_day_is_named.with_week([((0, 1440),)] * 7)
    assert intervals(other_week, start, end) == intervals(calendar, start, end)


@law
@given(randoms, st.integers(-14, 12))
def test_a_zone_of_constant_offset_is_a_shift_of_utc(random, hours_west):
    office, known_for = random_place(random)
    here = Calendar.from_data(office | {"timezone": f"Etc/GMT{hours_west:+}"})
    utc = Calendar.from_data(office | {"timezone": "UTC"})
    shift = timedelta(hours=-hours_west)
    start, end = instants(random, known_for, 2)
    wanted = amount(random)
    assert due(here, start, wanted) == due(utc, start + shift, wanted) - shift
    assert elapsed(here, start, end) == elapsed(utc, start + shift, end + shift)
    assert next_opening(here, start) == next_opening(utc, start + shift) - shift


@law
@given(randoms, st.sampled_from(["UTC", "Asia/Tokyo", "Etc/GMT+5"]))
def test_where_clocks_do_not_change_one_week_is_like_the_next(random, zone):
    office, known_for = random_place(random)
    calendar = Calendar.from_data({"timezone": zone, "week": office["week"]})
    week = timedelta(days=7)
    known_for = max(known_for, datetime(2000, 1, 1, tzinfo=known_for.tzinfo))
    start, end = instants(random, known_for, 2)
    wanted = amount(random)
    assert due(calendar, start + week, wanted) == due(calendar, start, wanted) + week
    assert elapsed(calendar, start + week, end + week) == elapsed(calendar, start, end)
    a_week_s_work = elapsed(calendar, start, start + week)
    assert due(calendar, start, a_week_s_work + wanted) == due(calendar, start, wanted) + week


# Months


@law
@given(randoms)
def test_a_month_leads_into_the_next_month(random):
    calendar, known_for = random_calendar(random)
    (start,) = instants(random, known_for, 1)
    month = month_after(start, calendar.timezone)
    # From 28 to 31 days, and a day more or less where a zone left a date out or lived it twice.
    assert timedelta(days=27) <= month - start <= timedelta(days=32)
    today, then = (local_date(at, calendar.timezone) for at in (start, month))
    assert then.month == today.month % 12 + 1


# What the laws are tried on


def random_place(random: Random) -> tuple[dict[str, Any], datetime]:
    office, first, last = random_office(random, days=3)
    return office, first + (last - first) / 2


def random_calendar(random: Random) -> tuple[Calendar, datetime]:
    office, known_for = random_place(random)
    office["week"]["thu"] = office["week"]["thu"] or random_windows(random, 1)
    return Calendar.from_data(office), known_for


def instants(random: Random, known_for: datetime, count: int) -> list[datetime]:
    """Return instants in order; half of them at a quarter of an hour."""
    span = int(WATCHED.total_seconds())
    seconds = (random.randrange(-span, span) for _ in range(count))
    return sorted(
        known_for + timedelta(seconds=second - (second % 900 if random.random() < 0.5 else 0))
        for second in seconds
    )


def amount(random: Random) -> timedelta:
    return random.choice(
        (
            TICK,
            timedelta(minutes=random.randrange(1, 600)),
            timedelta(seconds=random.randrange(1, 200_000)),
        )
    )


def joined(parts: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return intervals in order as one where they touch."""
    found: list[tuple[datetime, datetime]] = []
    for opens, closes in parts:
        if found and found[-1][1] == opens:
            found[-1] = (found[-1][0], closes)
        else:
            found.append((opens, closes))
    return found


def turned_round(office: Mapping[str, Any]) -> dict[str, Any]:
    """Return a calendar that is open exactly when this one is closed."""
    special = {day: [["00:00", "24:00"]] for day in office["closed"]}
    special |= {day: gaps(windows) for day, windows in office["special"].items()}
    week = {day: gaps(office["week"].get(day, [])) for day in WEEKDAYS}
    return {"timezone": office["timezone"], "week": week, "closed": [], "special": special}


def gaps(windows: list[list[str]]) -> list[list[str]]:
    edges = ["00:00", *(edge for window in sorted(windows) for edge in window), "24:00"]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [[closes, opens] for closes, opens in pairs if closes < opens]


def worked_on(calendar: Calendar, day: date, start: datetime, end: datetime) -> timedelta:
    """Return the working time of one local date within [start, end)."""
    windows = [
        [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in window]
        for window in windows_of(calendar, day)
    ]
    try:
        only_that_day = Calendar.from_data(
            {"timezone": calendar.timezone, "week": {}, "special": {day.isoformat(): windows}}
        )
    except CalendarError:  # the date has no opening, or the zone left it out
        return NOTHING
    return elapsed(only_that_day, start, end)


def windows_of(calendar: Calendar, day: date) -> Windows:
    if day in calendar.special:
        return calendar.special[day]
    return () if day in calendar.closed else calendar.week[day.weekday()]


def days_around(calendar: Calendar, start: datetime, end: datetime) -> list[date]:
    first = local_date(start, calendar.timezone) - timedelta(days=1)
    last = local_date(end, calendar.timezone) + timedelta(days=1)
    return [first + timedelta(days=days) for days in range((last - first).days + 1)]
