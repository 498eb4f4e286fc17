"""What other hours or targets do is told before, and is what happens (SPEC 7.10, 19.3)."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts.actions.offices import close_day, revise_calendar
from accounts.admin.preview import in_full
from accounts.models import Certificate, Office, Programme
from accounts.tenancy import set_scope
from incidents.actions import responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.effects import PromiseChange, effect_of_change, promise_text
from incidents.models import Clock, JournalEntry
from incidents.rules import Target, Unit
from msa.outbox import relay
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE, PARIS_WEEK

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TWO = MONDAY_NINE + 5 * HOUR  # Monday 14:00 in Paris
FOUR = MONDAY_NINE + 7 * HOUR
TUESDAY = date(2026, 3, 3)


def march(day, hour, minute=0):
    """Return an instant of March 2026 that the clocks of Paris name so."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


def drain():
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))


def told(change, at):
    """Make a change, and return what is told of it."""
    before = in_full(Certificate.objects.all())
    change()
    return tell(before, in_full(Certificate.objects.all()), at)


def tell(before, after, at):
    return effect_of_change(before=before, after=after, at=at)


def week(office, at, **days):
    """Return the change that gives an office other hours on some weekdays."""

    def change():
        Office.objects.filter(pk=office.pk).update(week={**PARIS_WEEK, **days})
        revise_calendar(office=Office.objects.get(pk=office.pk), actor=None, at=at)

    return change


def close_tuesday(cast, at=FOUR):
    return lambda: close_day(office=cast.office, day=TUESDAY, actor=None, at=at)


def moved(effect):
    return [(row.incident.reference, row.due_before, row.due_after) for row in effect.moved]


def filings(effect):
    return [
        (row.certificate.number, row.others, row.severity, row.due_before, row.due_after)
        for row in effect.filings
    ]


def test_a_closed_day_moves_what_counts_on_it_the_first_first(cast):
    cast.file("product-malfunction", TWO)  # four hours around the clock
    cast.file("product-other", TWO)
    cast.file("product-partial", TWO, by=cast.olga)
    effect = told(close_tuesday(cast), FOUR)
    assert moved(effect) == [
        ("INC-2026-000003", march(3, 11), march(4, 11)),
        ("INC-2026-000002", march(3, 13), march(4, 13)),
    ]
    assert (effect.moved_later, effect.moved_earlier, effect.left, effect.standing) == (2, 0, 0, 0)
    assert filings(effect) == [
        ("MSA-1", 1, 3, march(3, 13), march(4, 13)),
        ("MSA-1", 1, 4, march(3, 15), march(4, 15)),
    ]
    assert (effect.hours_change, effect.targets_change, effect.promises) == (True, False, [])


def test_what_is_told_is_what_happens_to_each_clock(cast):
    for hours in range(7):
        at = MONDAY_NINE + hours * HOUR
        cast.file("product-partial", at)
        cast.file("product-other", at, by=cast.olga)
        cast.file("product-malfunction", at)
    fire_earlier_than(FOUR)
    before = dict(Clock.objects.values_list("incident__reference", "due_at"))
    effect = told(week(cast.office, FOUR, mon=[["09:00", "17:00"]], tue=[["08:30", "18:00"]]), FOUR)
    drain()
    after = dict(Clock.objects.values_list("incident__reference", "due_at"))
    changed = [
        (reference, before[reference], due_at)
        for reference, due_at in after.items()
        if due_at != before[reference]
    ]
    assert len(changed) == 10
    assert sorted(moved(effect)) == sorted(changed)
    assert effect.moved_in_all == 10
    lines = JournalEntry.objects.filter(kind="clock_moved").order_by("incident__reference")
    told_of = [line for line in lines if line.data["from"]["due_at"] != line.data["to"]["due_at"]]
    assert [line.incident.reference for line in told_of] == [row[0] for row in sorted(changed)]


def test_one_that_would_be_due_before_the_change_is_left(cast):
    incident = cast.file("product-partial", march(2, 8))  # counts from nine on: due at three
    change = week(cast.office, march(2, 14, 30), mon=[["07:00", "18:00"]])
    effect = told(change, march(2, 14, 30))
    assert (effect.left, effect.moved_in_all) == (1, 0)
    drain()
    assert Clock.objects.get(incident=incident).due_at == march(2, 15)


def test_what_is_overdue_answered_or_breached_is_not_told(cast):
    answered, breached = cast.file("product-other", TWO), cast.file("product-partial")
    cast.file("product-partial", MONDAY_NINE - HOUR, by=cast.olga)
    responding.respond(incident=answered, actor=cast.tom, text="We see it.", at=TWO + HOUR)
    Clock.objects.filter(incident=breached).update(breached_at=march(2, 15))
    effect = told(close_tuesday(cast), FOUR)  # what was due at three is not swept yet
    assert (effect.moved_in_all, effect.left, effect.standing) == (0, 0, 0)
    assert len(effect.filings) == 2


def test_a_clock_that_waits_for_the_opening_waits_for_the_other_one(cast):
    incident = cast.file("product-network-down", march(2, 20))
    effect = told(close_tuesday(cast, march(2, 21)), march(2, 21))
    assert moved(effect) == [(incident.reference, march(3, 9, 30), march(4, 9, 30))]


def test_what_stands_still_is_told_if_it_would_go_on_otherwise(cast):
    severity(4, further_targets={"resolution": {"minutes": 600, "unit": "working"}})()
    incident = cast.file("product-other")
    responding.ask_customer(incident=incident, actor=cast.tom, text="Which version?", at=TWO)
    effect = told(close_tuesday(cast), FOUR)
    assert (effect.standing, effect.moved_in_all, effect.left) == (1, 0, 0)
    far = week(cast.office, FOUR, sat=[["09:00", "12:00"]])
    assert told(far, FOUR) is None


def test_a_digest_holds_for_the_same_effect_at_any_hour(cast):
    cast.file("product-other", TWO)
    before = in_full(Certificate.objects.all())
    with transaction.atomic():
        close_tuesday(cast)()
        after = in_full(Certificate.objects.all())
        transaction.set_rollback(True)
    digests = {
        tell(before, after, at).digest
        for at in (FOUR, FOUR + timedelta(seconds=1), FOUR + 20 * HOUR)
    }
    assert len(digests) == 1
    cast.file("product-other", FOUR)
    assert tell(before, after, FOUR).digest not in digests


def test_certificates_with_hours_of_their_own_follow_closed_days_but_not_the_week(cast):
    own = {day: [["08:00", "12:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    Certificate.objects.filter(pk=cast.globex_certificate.pk).update(week=own)
    cast.file("product-other", TWO, by=cast.olga)
    by_week = told(week(cast.office, FOUR, tue=[["10:00", "18:00"]]), FOUR)
    assert (by_week.unconcerned, by_week.moved_in_all) == (["MSA-2"], 0)
    by_day = told(close_tuesday(cast), FOUR)
    assert by_day.unconcerned == []
    assert moved(by_day) == [("INC-2026-000001", march(4, 12), march(5, 12))]
    assert [row.certificate.number for row in by_day.filings] == (
        ["MSA-1"] * 2 + ["MSA-2"] * 4  # at four its own hours are over: severity 1 and 2 wait
    )


def test_a_far_day_off_and_a_new_name_of_one_tell_nothing(cast):
    cast.file("product-other", TWO)
    for name in ("Armistice", "Armistice Day"):
        day = date(2026, 11, 11)
        change = partial(close_day, office=cast.office, day=day, actor=None, at=FOUR, name=name)
        assert told(change, FOUR) is None


def test_nothing_can_be_filed_under_what_has_ended_or_was_revoked(cast):
    Certificate.objects.filter(number="MSA-1").update(revoked_at=MONDAY_NINE)
    Certificate.objects.filter(number="MSA-2").update(valid_until=date(2026, 3, 1))
    assert told(close_tuesday(cast), FOUR) is None


def severity(number, **values):
    def change():
        programme = Programme.objects.get(key="msa-enterprise-fr-2022")
        programme.severities.filter(severity=number).update(**values)

    return change


def test_other_targets_touch_no_clock_and_tell_what_filing_then_promises(cast):
    incident = cast.file("product-partial", TWO)
    effect = told(severity(3, response_minutes=600), FOUR)
    assert (effect.moved_in_all, effect.hours_change, effect.targets_change) == (0, False, True)
    assert (effect.certificates, effect.worse) == (2, 1)
    assert filings(effect) == [("MSA-1", 1, 3, march(3, 13), march(3, 17))]
    [promise] = effect.promises
    assert (promise.severity, promise.kind) == (3, "First response")
    assert (promise.text_before, promise.text_after) == ("6 h working", "10 h working")
    drain()
    assert Clock.objects.get(incident=incident).due_at == march(3, 11)


def test_further_targets_are_promises_too(cast):
    effect = told(
        severity(2, further_targets={"resolution": {"minutes": 90, "unit": "working"}}), FOUR
    )
    [filing] = effect.filings
    assert (filing.kind, filing.due_before, filing.due_after) == (
        "Resolution",
        None,
        march(2, 17, 30),
    )
    assert not filing.is_later
    assert [(promise.kind, promise.is_worse) for promise in effect.promises] == [
        ("Resolution", False)
    ]


def test_a_promise_that_falls_away_is_worse(cast):
    effect = told(severity(4, response_minutes=None), FOUR)
    assert [(row.due_before, row.due_after, row.is_later) for row in effect.filings] == [
        (march(3, 15), None, True)
    ]
    assert effect.worse == 1


def target(minutes, unit=Unit.WORKING, *, call=False):
    return Target(timedelta(minutes=minutes), unit, call_required=call)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        (None, target(60), False),
        (target(60), None, True),
        (target(60), target(61), True),
        (target(60), target(59), False),
        (target(240, Unit.ELAPSED), target(240), True),
        (target(240, Unit.ELAPSED), target(60), True),  # at night and on Sundays
        (target(240), target(240, Unit.ELAPSED), False),
        (target(240), target(300, Unit.ELAPSED), True),  # in the morning
        (target(30, Unit.ELAPSED), target(30, Unit.ELAPSED, call=True), True),
        (target(30, Unit.ELAPSED, call=True), target(30, Unit.ELAPSED), False),
    ],
)
def test_a_promise_is_worse_if_it_can_come_later(before, after, worse):
    assert PromiseChange(2, "First response", before, after).is_worse is worse


@pytest.mark.parametrize(
    ("promised", "text"),
    [
        (None, "not promised"),
        (target(30, Unit.ELAPSED, call=True), "30 min, call required out of hours"),
        (target(240, Unit.ELAPSED), "4 h"),
        (target(390), "6 h 30 min working"),
    ],
)
def test_promises_are_told_in_words(promised, text):
    assert promise_text(promised) == text


@pytest.mark.parametrize("clocks", [1, 3])
def test_many_clocks_cost_as_many_queries_as_one(cast, django_assert_num_queries, clocks):
    for number in range(clocks):
        cast.file("product-other", TWO + timedelta(minutes=number))
    before = in_full(Certificate.objects.all())
    close_tuesday(cast)()
    after = in_full(Certificate.objects.all())
    with django_assert_num_queries(2):
        effect = tell(before, after, FOUR)
    assert effect.moved_in_all == clocks


def test_the_page_shows_the_first_twenty(cast):
    for number in range(23):
        cast.file("product-other", TWO + timedelta(minutes=number))
    effect = told(close_tuesday(cast), FOUR)
    assert [row.due_after for row in effect.moved] == [
        march(4, 13) + timedelta(minutes=number) for number in range(20)
    ]
    assert (effect.moved_in_all, effect.moved_more) == (23, 3)
