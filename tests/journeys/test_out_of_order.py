"""What counts is the instants, never the order in which programs ran (SPEC 7.9)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.actions import certificates, offices
from accounts.models import Certificate, Office
from incidents.actions import answering, responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.actions.filing import file_incident
from incidents.models import Category, JournalEntry
from msa import clock
from tam.actions import escalations
from tam.queries.narrowing import Narrowing
from tam.queries.queue import Queue
from tests.conftest import MONDAY_NINE, PARIS_WEEK

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DUE = MONDAY_NINE + 4 * HOUR  # of a severity 2


def latest(incident):
    return incident.clocks.latest("id")


def rang(cast, incident, at, logged_at):
    return responding.log_call(
        incident=incident,
        actor=cast.tom,
        caller=cast.alice,
        qualified=True,
        text="Analysed on the phone.",
        at=at,
        logged_at=logged_at,
    )


@pytest.mark.parametrize("late", [responding.respond, responding.ask_customer])
def test_a_call_logged_after_a_late_answer_disproves_the_breach(cast, late):
    incident = cast.file()
    late(incident=incident, actor=cast.tom, text="…", at=MONDAY_NINE + 5 * HOUR)
    assert latest(incident).breached_at == DUE
    called = rang(cast, incident, MONDAY_NINE + HOUR, MONDAY_NINE + 6 * HOUR)
    assert (latest(incident).breached_at, latest(incident).met_at, called.responded_at) == (
        None,
        MONDAY_NINE + HOUR,
        MONDAY_NINE + HOUR,
    )


def test_a_call_logged_after_the_closing_disproves_it_too(cast):
    incident = cast.file()
    responding.offer_solution(
        incident=incident, actor=cast.tom, text="…", at=MONDAY_NINE + 5 * HOUR
    )
    answering.accept(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + 6 * HOUR)
    called = rang(cast, incident, MONDAY_NINE + HOUR, MONDAY_NINE + 7 * HOUR)
    assert (latest(incident).breached_at, called.state) == (None, "closed")


def test_a_breach_set_aside_before_anybody_was_told_escalates_nothing(cast, until):
    incident = cast.file()
    fire_earlier_than(MONDAY_NINE + 5 * HOUR)
    rang(cast, incident, MONDAY_NINE + HOUR, MONDAY_NINE + 6 * HOUR)
    until(MONDAY_NINE + 6 * HOUR)
    assert escalations.level_of(incident) == 0


def test_a_withdrawal_in_time_is_no_breach_though_the_check_ran_first(cast):
    incident = cast.file()
    fire_earlier_than(MONDAY_NINE + 5 * HOUR)
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + 3 * HOUR)
    assert latest(incident).breached_at is None


def test_declining_in_the_last_second_keeps_it_open(cast):
    incident = cast.file()
    offered = responding.offer_solution(
        incident=incident, actor=cast.tom, text="…", at=MONDAY_NINE + HOUR
    )
    month_end = offered.customer_side_until
    assert month_end is not None
    fire_earlier_than(month_end + timedelta(seconds=1))
    declined = answering.decline(incident=incident, actor=cast.alice, text="No.", at=month_end)
    assert (declined.state, declined.closed_at) == ("in_progress", None)


@pytest.mark.parametrize("noticed_first", [True, False])
def test_an_escalation_after_a_breach_comes_above_it_in_any_order(cast, until, noticed_first):
    incident = cast.file()
    at = MONDAY_NINE + 5 * HOUR
    if noticed_first:
        until(at)
    escalations.escalate(incident=incident, actor=cast.alice, text="…", at=at)
    until(at)
    assert list(incident.escalations.values_list("level", "cause", "opened_at")) == [
        (2, "breach", DUE),
        (3, "contact", at),
    ]


def test_a_reminder_comes_once_though_an_act_of_its_second_came_later(cast):
    incident = cast.file()
    asked = responding.ask_customer(
        incident=incident, actor=cast.tom, text="?", at=MONDAY_NINE + HOUR
    )
    assert asked.customer_side_until is not None
    reminder = asked.customer_side_until - timedelta(days=7)
    fire_earlier_than(reminder + timedelta(seconds=1))
    responding.add_note(incident=incident, actor=cast.tom, text="…", at=reminder)
    fire_earlier_than(reminder + timedelta(days=1))
    assert JournalEntry.objects.filter(kind="reminded", data__days=7).count() == 1


def test_a_contacts_act_settles_what_fell_due_in_their_own_sight(cast, signed_in):
    incident = cast.file()
    with clock.at(MONDAY_NINE + 5 * HOUR):
        for noun in ("messages", "escalations"):
            sent = signed_in(cast.alice).post(
                f"/incidents/{incident.reference}/{noun}/", {"text": "…"}
            )
            assert sent.status_code == 302
    assert latest(incident).breached_at == DUE


def test_a_call_before_the_clocks_change_is_reckoned_around_the_clock(cast, signed_in):
    incident = cast.file(at=datetime(2026, 3, 28, 22, 0, tzinfo=UTC))
    with clock.at(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)):
        signed_in(cast.dana).post(
            f"/incidents/{incident.reference}/calls/",
            {"caller": cast.alice.pk, "called_at": "2026-03-29T01:00", "text": "…"},
        )
    assert (latest(incident).started_at, latest(incident).due_at) == (
        datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 4, 0, tzinfo=UTC),
    )


def test_a_call_in_the_minute_of_reception_came_with_the_report(cast, signed_in):
    received_at = MONDAY_NINE + timedelta(seconds=30)
    incident = cast.file(at=received_at)
    form = {
        "caller": cast.alice.pk,
        "code": cast.alice.contact_slots.get().call_in_code,
        "called_at": "2026-03-02T09:00",
        "answered_at": "2026-03-02T09:00",
        "text": "…",
    }
    with clock.at(MONDAY_NINE + timedelta(minutes=5)):
        signed_in(cast.tom).post(
            f"/incidents/{incident.reference}/calls/", {**form, "qualified": "on"}
        )
    assert latest(incident).met_at == received_at


def test_own_hours_move_the_clocks_that_run_in_them(cast, until):
    incident = cast.file("product-partial")  # six working hours: Monday 15:00 in Paris
    certificate = Certificate.objects.get(pk=cast.certificate.pk)
    certificate.week = {day: [["09:00", "12:00"]] for day in PARIS_WEEK}
    certificates.revise_certificate(
        certificate=certificate,
        products=[cast.product],
        actor=cast.ada,
        at=MONDAY_NINE + HOUR,
    )
    until(MONDAY_NINE + HOUR)
    assert latest(incident).due_at == datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("noticed_first", ["the change", "the due time"])
def test_hours_that_were_changed_in_time_count_whoever_notices_first(cast, until, noticed_first):
    incident = cast.file("product-partial")  # six working hours: Monday 15:00 in Paris
    certificate = Certificate.objects.get(pk=cast.certificate.pk)
    certificate.week = {day: [["09:00", "12:00"]] for day in PARIS_WEEK}
    changed_at = MONDAY_NINE + 2 * HOUR
    terms = {"certificate": certificate, "products": [cast.product], "actor": cast.ada}
    certificates.revise_certificate(**terms, at=changed_at)
    if noticed_first == "the change":
        until(changed_at)
    fire_earlier_than(MONDAY_NINE + 7 * HOUR)
    until(MONDAY_NINE + 7 * HOUR)
    assert (latest(incident).due_at, latest(incident).breached_at) == (
        datetime(2026, 3, 3, 11, 0, tzinfo=UTC),
        None,
    )


@pytest.mark.parametrize("logged", ["at once", "later"])
def test_a_call_before_a_rise_starts_the_clock_whenever_it_is_logged(cast, logged):
    friday = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
    incident = cast.file("product-malfunction", at=friday)  # four hours from the call or Monday
    called_at, raised_at = friday + timedelta(minutes=30), friday + 2 * HOUR
    call = {
        "incident": incident,
        "actor": cast.dana,
        "caller": cast.alice,
        "qualified": False,
        "text": "…",
        "at": called_at,
    }
    if logged == "at once":
        responding.log_call(**call)
    responding.change_severity(
        incident=incident, actor=cast.dana, severity=1, text="…", at=raised_at
    )
    if logged == "later":
        responding.log_call(**call, logged_at=raised_at + timedelta(minutes=10))
    clock = latest(incident)
    assert (clock.started_at, clock.due_at, [each["basis"] for each in clock.promises]) == (
        called_at,
        raised_at + timedelta(minutes=30),
        [called_at.isoformat(), raised_at.isoformat()],
    )


@pytest.mark.parametrize("breached", [False, True])
def test_an_answer_by_phone_undoes_the_clock_of_a_reopening(cast, breached):
    incident = cast.file("product-malfunction")  # four hours
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + 2 * HOUR)
    reopened_at = MONDAY_NINE + 3 * HOUR
    answering.reopen(incident=incident, actor=cast.alice, at=reopened_at)
    logged_at = reopened_at + (5 if breached else 1) * HOUR
    fire_earlier_than(logged_at)
    called = rang(cast, incident, MONDAY_NINE + HOUR, logged_at)
    clocks = incident.clocks.order_by("received_at")
    assert (called.state, called.responded_at) == ("in_progress", MONDAY_NINE + HOUR)
    assert list(clocks.values_list("received_at", "met_at", "ended_at", "breached_at")) == [
        (MONDAY_NINE, MONDAY_NINE + HOUR, MONDAY_NINE + HOUR, None),
        (reopened_at, None, reopened_at, None),
    ]


def test_a_call_from_a_time_in_which_it_was_closed_begins_nothing(cast):
    incident = cast.file("product-malfunction")
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + HOUR)
    answering.reopen(incident=incident, actor=cast.alice, at=MONDAY_NINE + 3 * HOUR)
    rang(cast, incident, MONDAY_NINE + 2 * HOUR, MONDAY_NINE + 4 * HOUR)
    clocks = incident.clocks.order_by("received_at")
    assert list(clocks.values_list("kind", "started_at", "due_at", "ended_at")) == [
        ("response", MONDAY_NINE, MONDAY_NINE + 4 * HOUR, MONDAY_NINE + HOUR),
        ("response", MONDAY_NINE + 3 * HOUR, MONDAY_NINE + 7 * HOUR, None),
    ]


def test_filing_reckons_by_the_calendar_in_force_not_by_one_read_before(cast, until):
    read_before = Certificate.objects.select_related("office").get(pk=cast.certificate.pk)
    office = Office.objects.get(pk=cast.office.pk)
    offices.close_day(office=office, day=date(2026, 3, 3), actor=cast.ada, at=MONDAY_NINE)
    incident = file_incident(
        certificate=read_before,
        category=Category.objects.get(key="product-partial"),
        author=cast.alice,
        actor=cast.alice,
        title="…",
        text="…",
        at=MONDAY_NINE + 8 * HOUR,
    )
    until(MONDAY_NINE + 8 * HOUR)
    assert latest(incident).due_at == datetime(2026, 3, 4, 13, 0, tzinfo=UTC)
    assert not JournalEntry.objects.filter(kind="clock_moved").exists()


def test_an_escalation_takes_the_incident_from_nobodys_desk(cast, until):
    incident = cast.file()
    escalations.escalate(incident=incident, actor=cast.alice, text="…", at=MONDAY_NINE + HOUR)
    until(MONDAY_NINE + 5 * HOUR)
    queue = Queue(cast.hanna, Narrowing(), MONDAY_NINE + 5 * HOUR)
    assert [row.owner.name for row in queue.rows] == ["Tom"]
