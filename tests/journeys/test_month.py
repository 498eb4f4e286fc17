"""The month on the customer's side: reminders, closing, and the last second."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.errors import Conflict, NotAllowed
from incidents.actions import answering, responding
from incidents.models import Clock, JournalEntry, SideInterval

pytestmark = pytest.mark.django_db
ASKED = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)  # 10:00 in Paris, before the clocks change
MONTH_END = datetime(2026, 4, 16, 8, 0, tzinfo=UTC)  # 10:00 in Paris, after they have


@pytest.fixture
def asked(cast):
    incident = cast.file("product-malfunction", ASKED - timedelta(hours=1))
    return responding.ask_customer(
        incident=incident, actor=cast.tom, text="Please send the log.", at=ASKED
    )


def kinds(incident):
    return list(JournalEntry.objects.filter(incident=incident).values_list("kind", "at"))


def test_the_month_ends_at_the_same_local_time(asked):
    assert asked.customer_side_until == MONTH_END


def test_reminders_then_closing_then_reopening(cast, asked, until):
    until(MONTH_END + timedelta(days=1))
    asked.refresh_from_db()
    assert (asked.state, asked.closure, asked.closed_at) == ("closed", "no_reply", MONTH_END)
    assert kinds(asked)[4:] == [
        ("reminded", MONTH_END - timedelta(days=14)),
        ("reminded", MONTH_END - timedelta(days=7)),
        ("reminded", MONTH_END - timedelta(days=1)),
        ("expired", MONTH_END),
    ]
    reopened_at = MONTH_END + timedelta(days=14)
    reopened = answering.reopen(incident=asked, actor=cast.alice, at=reopened_at, text="Still so.")
    assert (reopened.state, reopened.closure) == ("in_progress", "")
    assert list(
        SideInterval.objects.filter(incident=asked).values_list("side", "started_at", "ended_at")
    ) == [
        ("vendor", ASKED - timedelta(hours=1), ASKED),
        ("customer", ASKED, MONTH_END),
        ("vendor", reopened_at, None),
    ]


def test_a_second_past_fourteen_days_only_staff_reopen(cast, asked, until):
    late = MONTH_END + timedelta(days=14, seconds=1)
    until(late)
    with pytest.raises(NotAllowed):
        answering.reopen(incident=asked, actor=cast.alice, at=late)
    assert answering.reopen(incident=asked, actor=cast.tom, at=late).state == "in_progress"


def test_an_answer_in_the_last_second_keeps_it_open(cast, asked, until):
    until(MONTH_END)
    answered = answering.answer(incident=asked, actor=cast.alice, text="Here.", at=MONTH_END)
    until(MONTH_END + timedelta(days=1))
    answered.refresh_from_db()
    assert (answered.state, answered.customer_side_until) == ("in_progress", None)


def test_an_answer_that_arrived_in_time_reopens_what_the_check_closed(cast, asked, until):
    until(MONTH_END + timedelta(seconds=5))  # the check ran while the request waited for the lock
    answered = answering.answer(incident=asked, actor=cast.alice, text="Here.", at=MONTH_END)
    assert (answered.state, answered.closure, answered.closed_at) == ("in_progress", "", None)
    assert [kind for kind, _ in kinds(asked)][-3:] == ["expired", "expiry_set_aside", "answered"]
    assert SideInterval.objects.filter(incident=asked, ended_at=None).count() == 1


def test_a_second_later_it_is_closed(cast, asked, until):
    with pytest.raises(Conflict):
        answering.answer(
            incident=asked, actor=cast.alice, text="Here.", at=MONTH_END + timedelta(seconds=1)
        )


def test_what_staff_add_meanwhile_prolongs_nothing(cast, asked):
    added = responding.respond(
        incident=asked,
        actor=cast.tom,
        text="One more thing.",
        at=ASKED + timedelta(days=3),
        qualified=False,
    )
    assert (added.state, added.customer_side_until) == ("awaiting_customer", MONTH_END)


def test_going_to_the_vendor_and_back_starts_anew(cast, asked):
    answering.answer(incident=asked, actor=cast.alice, text="?", at=ASKED + timedelta(days=1))
    again = responding.ask_customer(
        incident=asked, actor=cast.tom, text="!", at=ASKED + timedelta(days=2)
    )
    assert again.customer_side_until == datetime(2026, 4, 18, 8, 0, tzinfo=UTC)


def test_reopened_unanswered_it_gets_a_clock_of_its_own(cast, until):
    filed = ASKED
    incident = cast.file("product-network-down", filed)
    until(filed + timedelta(hours=1))
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=filed + timedelta(hours=1))
    again_at = filed + timedelta(hours=2)
    reopened = answering.reopen(incident=incident, actor=cast.alice, at=again_at)
    assert reopened.state == "received"
    assert list(
        Clock.objects.filter(incident=incident)
        .order_by("id")
        .values_list("started_at", "due_at", "breached_at", "ended_at")
    ) == [
        (
            filed,
            filed + timedelta(minutes=30),
            filed + timedelta(minutes=30),
            filed + timedelta(hours=1),
        ),
        (again_at, again_at + timedelta(minutes=30), None, None),
    ]
