"""From the report to the first qualified response: in time, late, and out of hours."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.access import Verb, get_incident
from incidents.actions import answering, responding
from incidents.models import Clock, JournalEntry, SideInterval
from incidents.states import Channel
from tam.models import Escalation
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SATURDAY_NIGHT = datetime(2026, 3, 7, 22, 15, tzinfo=UTC)
MONDAY_OPENING = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)  # 09:00 in Paris


def clock_of(incident):
    clock = Clock.objects.get(incident=incident)
    return clock.started_at, clock.due_at, clock.met_at, clock.breached_at


def test_answered_in_time_asked_answered_solved(cast, until):
    incident = cast.file("product-network-down", MONDAY_NINE)
    assert (incident.reference, incident.severity) == ("INC-2026-000001", 1)
    until(MONDAY_NINE + 12 * MINUTE)
    responding.ask_customer(
        incident=incident, actor=cast.tom, text="Which version?", at=MONDAY_NINE + 12 * MINUTE
    )
    assert clock_of(incident) == (
        MONDAY_NINE,
        MONDAY_NINE + 30 * MINUTE,
        MONDAY_NINE + 12 * MINUTE,
        None,
    )
    answering.answer(incident=incident, actor=cast.bob, text="12.4", at=MONDAY_NINE + 40 * MINUTE)
    responding.offer_solution(
        incident=incident, actor=cast.tom, text="Update.", at=MONDAY_NINE + 60 * MINUTE
    )
    closed = answering.accept(
        incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + 90 * MINUTE
    )
    assert (closed.state, closed.closure) == ("closed", "solved")
    assert list(
        SideInterval.objects.filter(incident=incident).values_list("side", "started_at", "ended_at")
    ) == [
        ("vendor", MONDAY_NINE, MONDAY_NINE + 12 * MINUTE),
        ("customer", MONDAY_NINE + 12 * MINUTE, MONDAY_NINE + 40 * MINUTE),
        ("vendor", MONDAY_NINE + 40 * MINUTE, MONDAY_NINE + 60 * MINUTE),
        ("customer", MONDAY_NINE + 60 * MINUTE, MONDAY_NINE + 90 * MINUTE),
    ]
    assert not Escalation.objects.exists()


def test_an_answer_at_the_due_instant_is_in_time(cast, until):
    incident = cast.file("product-network-down", MONDAY_NINE)
    due = MONDAY_NINE + 30 * MINUTE
    until(due)
    responding.respond(incident=incident, actor=cast.tom, text="We see it.", at=due)
    until(due + MINUTE)
    assert clock_of(incident) == (MONDAY_NINE, due, due, None)


def test_a_missed_response_is_dated_when_due_and_escalates(cast, until):
    incident = cast.file("product-network-down", MONDAY_NINE)
    until(MONDAY_NINE + 24 * 60 * MINUTE)
    responding.respond(
        incident=incident, actor=cast.tom, text="Sorry.", at=MONDAY_NINE + 24 * 60 * MINUTE
    )
    due = MONDAY_NINE + 30 * MINUTE
    assert clock_of(incident) == (MONDAY_NINE, due, MONDAY_NINE + 24 * 60 * MINUTE, due)
    assert list(Escalation.objects.values_list("level", "cause", "opened_at")) == [
        (2, "breach", due)
    ]
    assert list(
        JournalEntry.objects.filter(incident=incident).values_list("number", "kind", "at")
    ) == [
        (1, "filed", MONDAY_NINE),
        (2, "clock_started", MONDAY_NINE),
        (3, "clock_warned", MONDAY_NINE + 15 * MINUTE),
        (4, "clock_warned", MONDAY_NINE + 24 * MINUTE),
        (5, "clock_breached", due),
        (6, "escalated", due),
        (7, "responded", MONDAY_NINE + 24 * 60 * MINUTE),
        (8, "clock_stopped", MONDAY_NINE + 24 * 60 * MINUTE),
    ]
    assert get_incident(cast.hanna, incident.reference, Verb.RESPOND, due) == incident


def test_a_response_before_the_due_instant_counts_though_the_check_ran_first(cast, until):
    incident = cast.file("product-network-down", MONDAY_NINE)
    until(MONDAY_NINE + 31 * MINUTE)  # the sweep found it overdue
    responding.respond(
        incident=incident, actor=cast.tom, text="Seen.", at=MONDAY_NINE + 29 * MINUTE
    )  # a request that had waited for the lock
    clock = Clock.objects.get(incident=incident)
    assert (clock.breached_at, clock.met_at) == (None, MONDAY_NINE + 29 * MINUTE)
    assert clock.breach_set_aside_at == MONDAY_NINE + 29 * MINUTE


def test_a_call_logged_afterwards_disproves_a_breach(cast, until):
    incident = cast.file("product-network-down", MONDAY_NINE)
    until(MONDAY_NINE + 60 * MINUTE)
    responding.log_call(
        incident=incident,
        actor=cast.tom,
        caller=cast.alice,
        qualified=True,
        text="Analysed on the phone.",
        at=MONDAY_NINE + 20 * MINUTE,
        logged_at=MONDAY_NINE + 61 * MINUTE,
    )
    clock = Clock.objects.get(incident=incident)
    assert (clock.breached_at, clock.met_at, clock.breach_set_aside_at) == (
        None,
        MONDAY_NINE + 20 * MINUTE,
        MONDAY_NINE + 61 * MINUTE,
    )


def test_out_of_hours_the_clock_waits_for_the_call(cast, until):
    incident = cast.file("malware-outbreak", SATURDAY_NIGHT)
    clock = Clock.objects.get(incident=incident)
    assert (clock.waits_for_call, clock.started_at) == (True, MONDAY_OPENING)
    call = SATURDAY_NIGHT + 5 * MINUTE
    responding.log_call(
        incident=incident,
        actor=cast.dana,
        caller=cast.alice,
        qualified=False,
        text="Alice rang.",
        at=call,
    )
    assert clock_of(incident) == (call, call + 30 * MINUTE, None, None)


def test_without_a_call_the_clock_starts_when_the_office_opens(cast, until):
    incident = cast.file("malware-outbreak", SATURDAY_NIGHT)
    until(MONDAY_OPENING + 20 * MINUTE)
    assert clock_of(incident) == (
        MONDAY_OPENING,
        MONDAY_OPENING + 30 * MINUTE,
        None,
        None,
    )
    assert Clock.objects.get(incident=incident).warned_at == [
        MONDAY_OPENING + 15 * MINUTE,
        None,
    ]


def test_a_report_by_phone_starts_the_clock_at_once(cast):
    incident = cast.file("malware-outbreak", SATURDAY_NIGHT, channel=Channel.PHONE)
    assert clock_of(incident)[:2] == (SATURDAY_NIGHT, SATURDAY_NIGHT + 30 * MINUTE)


def test_six_working_hours_from_friday_noon_end_on_friday(cast):
    friday_noon = datetime(2026, 3, 6, 11, 0, tzinfo=UTC)
    incident = cast.file("service-request", friday_noon)
    assert clock_of(incident)[:2] == (friday_noon, datetime(2026, 3, 6, 17, 0, tzinfo=UTC))
