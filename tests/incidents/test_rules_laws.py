"""Laws of the clock that hold for every calendar, zone and promise (docs/clocks.md)."""

from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.worktime import Calendar, elapsed
from incidents import rules
from incidents.rules import RunningClock, Target, Unit
from tests.accounts.minute_walk import random_office, random_windows

randoms = st.randoms(use_true_random=False)
law = settings(max_examples=80, deadline=None)


@law
@given(randoms)
def test_standing_still_never_brings_the_due_time_nearer(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    pause, resume = while_it_runs(random, clock), later(random, clock.due_at)
    paused = rules.pause(clock, at=pause)
    assert paused.is_standing
    assert paused.due_at == clock.due_at
    resumed = rules.resume(paused, at=resume, calendar=calendar)
    assert not resumed.is_standing
    assert resumed.due_at >= max(clock.due_at, resume)


@law
@given(randoms)
def test_a_clock_is_due_when_it_ran_for_the_length_of_its_promise(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    pause = while_it_runs(random, clock)
    resume = later(random, pause)
    resumed = rules.resume(rules.pause(clock, at=pause), at=resume, calendar=calendar)
    (promise,) = resumed.promises
    ran = sum(
        (
            elapsed(calendar, since, until) if promise.unit is Unit.WORKING else until - since
            for since, until in ((promise.basis, pause), (resume, resumed.due_at))
        ),
        timedelta(),
    )
    assert ran == promise.length


@law
@given(randoms)
def test_a_pause_in_two_parts_is_one_pause(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    pause = while_it_runs(random, clock)
    middle = later(random, pause)
    resume = later(random, middle)
    once = rules.resume(rules.pause(clock, at=pause), at=resume, calendar=calendar)
    twice = rules.resume(rules.pause(clock, at=pause), at=middle, calendar=calendar)
    twice = rules.resume(rules.pause(twice, at=middle), at=resume, calendar=calendar)
    assert (twice.due_at, twice.is_standing) == (once.due_at, False)


@law
@given(randoms)
def test_a_pause_of_no_length_changes_nothing(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    pause = while_it_runs(random, clock)
    resumed = rules.resume(rules.pause(clock, at=pause), at=pause, calendar=calendar)
    assert (resumed.due_at, resumed.pauses) == (clock.due_at, ())


@law
@given(randoms)
def test_a_raise_never_puts_the_due_time_off(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    change = while_it_runs(random, clock)
    target = random_target(random)
    raised = rules.raise_severity(clock, at=change, target=target, calendar=calendar)
    promised = rules.start(
        received_at=change, by_phone=True, target=target, percentages=(), calendar=calendar
    )
    before = rules.log_call(clock, at=change, calendar=calendar)
    assert raised.due_at == min(before.due_at, promised.due_at)
    assert raised.due_at <= clock.due_at


@law
@given(randoms)
def test_a_lowered_clock_is_never_due_before_the_change(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    change = while_it_runs(random, clock)
    target = random_target(random)
    lowered = rules.lower_severity(clock, at=change, target=target, calendar=calendar)
    promised = rules.start(
        received_at=change, by_phone=True, target=target, percentages=(), calendar=calendar
    )
    assert change <= lowered.due_at
    if clock.started_at <= change:
        assert lowered.due_at <= promised.due_at


@law
@given(randoms)
def test_the_same_calendar_moves_nothing(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    change = while_it_runs(random, clock)
    again = rules.revise_calendar(clock, at=change, calendar=calendar)
    assert (again.due_at, again.started_at) == (clock.due_at, clock.started_at)


@law
@given(randoms)
def test_warnings_come_in_order_before_the_due_time(random):
    calendar, at = random_calendar(random)
    clock = random_clock(random, calendar, at)
    half, most = (warning.due_at for warning in clock.warnings)
    assert clock.started_at <= half <= most <= clock.due_at


# What the laws are tried on


def random_calendar(random: Random) -> tuple[Calendar, datetime]:
    """Return a calendar, and an instant near what its zone is known for."""
    office, first, last = random_office(random, days=3)
    office["week"]["thu"] = office["week"]["thu"] or random_windows(random, 1)
    seconds = int((last - first).total_seconds())
    return Calendar.from_data(office), first + timedelta(seconds=random.randrange(seconds))


def random_clock(random: Random, calendar: Calendar, at: datetime) -> RunningClock:
    return rules.start(
        received_at=at,
        by_phone=random.random() < 0.5,
        target=random_target(random),
        percentages=(50, 80),
        calendar=calendar,
    )


def random_target(random: Random) -> Target:
    return Target(
        length=timedelta(minutes=random.choice((1, 30, 240, 480, 2880))),
        unit=random.choice((Unit.ELAPSED, Unit.WORKING)),
        call_required=random.random() < 0.5,
    )


def while_it_runs(random: Random, clock: RunningClock) -> datetime:
    """Return an instant between the start and the due time, often one of the two."""
    span = int((clock.due_at - clock.started_at).total_seconds())
    return clock.started_at + timedelta(seconds=random.choice((0, random.randrange(span), span)))


def later(random: Random, at: datetime) -> datetime:
    return at + timedelta(seconds=random.choice((0, 1, random.randrange(10**6))))
