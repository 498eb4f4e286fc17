"""Handovers: noticed wherever responsibility changes, with the facts of that instant."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from accounts.actions import offices
from accounts.models import DutyShift, Office
from accounts.tenancy import set_scope
from incidents.actions import answering, responding
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tam.actions import handovers
from tam.models import Absence, Handover, HandoverItem, HandoverNote, OfficeWatch
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = timedelta(days=1)
CLOSING = MONDAY_NINE + 9 * HOUR
OPENING = MONDAY_NINE + DAY


@pytest.fixture
def watched(cast: Cast) -> Cast:
    """The office was looked at for the first time on Monday at nine, with one incident."""
    cast.file("service-request", title="At Acme")
    handovers.watch(at=MONDAY_NINE)
    return cast


def made() -> list[tuple[str | None, str, datetime]]:
    """Return giver, receiver and instant of each handover, in the order of making."""
    return [
        (each.giver.name if each.giver else None, each.receiver.name, each.at)
        for each in Handover.objects.order_by("pk")
    ]


def told() -> list[tuple[str, str]]:
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    mails = Email.objects.filter(dedupe_key__startswith="handover").order_by("pk")
    return [(mail.to_address.partition("@")[0], mail.subject) for mail in mails]


def items(handover: Handover) -> list[tuple[str, str]]:
    return [(item.section, item.incident.title) for item in handover.items.all()]


def test_the_first_look_hands_nothing_over(watched: Cast):
    assert (handovers.watch(at=MONDAY_NINE + MINUTE), made()) == (0, [])


def test_without_anything_open_or_done_there_is_no_handover(cast: Cast):
    handovers.watch(at=MONDAY_NINE)
    assert (handovers.watch(at=OPENING), made()) == (0, [])


def test_a_note_alone_is_handed_over(cast: Cast):
    handovers.watch(at=MONDAY_NINE)
    HandoverNote.objects.create(
        office=cast.office, giver=cast.tom, text="Quiet.", noted_at=MONDAY_NINE
    )
    assert handovers.watch(at=CLOSING) == 1
    assert list(Handover.objects.values_list("note", "noted_at")) == [("Quiet.", MONDAY_NINE)]
    assert not HandoverNote.objects.exists()


def test_a_change_is_handed_over_once(watched: Cast):
    assert handovers.watch(at=CLOSING - SECOND) == 0
    assert handovers.watch(at=CLOSING) == 1
    assert handovers.watch(at=CLOSING) == 0
    assert handovers.watch(at=CLOSING + SECOND) == 0
    assert made() == [("Tom", "Dana", CLOSING)]
    OfficeWatch.objects.update(watched_until=CLOSING)
    assert handovers.watch(at=CLOSING + MINUTE) == 0


def test_an_absence_hands_to_the_deputy_and_where_there_is_none_to_duty(watched: Cast):
    watched.file("service-request", by=watched.olga, title="At Globex")
    noon, three = MONDAY_NINE + 3 * HOUR, MONDAY_NINE + 6 * HOUR
    Absence.objects.create(person=watched.tom, starts_at=noon, ends_at=three)
    assert handovers.watch(at=noon + MINUTE) == 2
    assert handovers.watch(at=three + MINUTE) == 2
    assert made() == [
        ("Tom", "Tess", noon),
        ("Tom", "Dana", noon),
        ("Tess", "Tom", three),
        ("Dana", "Tom", three),
    ]
    to_tess, to_dana, _from_tess, _from_dana = Handover.objects.order_by("pk")
    assert (items(to_tess), items(to_dana)) == (
        [("due", "At Acme"), ("done", "At Acme")],
        [("due", "At Globex"), ("done", "At Globex")],
    )


def test_an_absence_that_is_entered_afterwards_counts_from_when_it_is_noticed(watched: Cast):
    handovers.watch(at=MONDAY_NINE + 2 * HOUR)
    Absence.objects.create(
        person=watched.tom, starts_at=MONDAY_NINE + HOUR, ends_at=MONDAY_NINE + DAY
    )
    handovers.watch(at=MONDAY_NINE + 2 * HOUR + 15 * SECOND)
    assert made() == [("Tom", "Tess", MONDAY_NINE + 2 * HOUR)]
    assert Handover.objects.get().since == MONDAY_NINE


def test_another_account_manager_takes_over_too(watched: Cast):
    watched.certificate.tam, watched.certificate.deputy = watched.tess, watched.tom
    watched.certificate.save()
    handovers.watch(at=MONDAY_NINE + HOUR)
    assert made() == [("Tom", "Tess", MONDAY_NINE)]


def test_to_nobody_there_is_no_handover_and_from_nobody_it_has_no_giver(watched: Cast):
    DutyShift.objects.all().delete()
    handovers.watch(at=OPENING)
    assert made() == [(None, "Tom", OPENING)]
    assert Handover.objects.get().since == CLOSING
    assert told() == [("tom", "[Paris] You take over")]


def test_shift_to_shift(watched: Cast):
    watched.hanna.role = "duty_manager"
    watched.hanna.save()
    DutyShift.objects.all().delete()
    night = CLOSING + 4 * HOUR
    for person, starts_at, ends_at in (
        (watched.dana, CLOSING - HOUR, night),
        (watched.hanna, night, OPENING + HOUR),
    ):
        offices.plan_shift(
            office=watched.office, person=person, starts_at=starts_at, ends_at=ends_at
        )
    handovers.watch(at=OPENING)
    assert made() == [("Tom", "Dana", CLOSING), ("Dana", "Hanna", night), ("Hanna", "Tom", OPENING)]


def test_after_an_outage_each_is_made_in_order_as_things_stood(watched: Cast):
    late = watched.file(at=CLOSING - HOUR, title="Filed late")
    responding.change_severity(
        incident=late, actor=watched.dana, severity=1, text="Worse.", at=CLOSING + HOUR
    )
    responding.ask_customer(
        incident=late, actor=watched.dana, text="Which?", at=CLOSING + HOUR + 10 * MINUTE
    )
    assert handovers.watch(at=OPENING + 2 * HOUR) == 2
    assert made() == [("Tom", "Dana", CLOSING), ("Dana", "Tom", OPENING)]
    evening, morning = Handover.objects.order_by("pk")
    assert [(item.section, item.facts) for item in evening.items.filter(incident=late)][:1] == [
        (
            "due",
            {
                "state": "received",
                "side": "vendor",
                "severity": 2,
                "level": 0,
                "due_at": "2026-03-02T20:00:00+00:00",
                "due": "response",
                "overdue": False,
            },
        )
    ]
    assert [item.facts["state"] for item in morning.items.filter(incident=late)] == [
        "awaiting_customer",
        "awaiting_customer",
    ]
    assert morning.items.get(incident=late, section="done").facts["acts"] == {
        "asked": 1,
        "severity_changed": 1,
    }
    # The evening's is for the record: Dana's turn is over.
    assert told() == [("tom", "[Paris] Dana hands over to you")]
    assert handovers.remind(at=OPENING + 2 * HOUR + 59 * MINUTE) == 0
    assert handovers.remind(at=OPENING + 3 * HOUR) == 1


def test_what_is_years_back_is_handed_over_no_more(watched: Cast):
    later = MONDAY_NINE + 60 * DAY + 4 * HOUR  # a Friday
    handovers.watch(at=later)
    first = Handover.objects.order_by("pk").first()
    assert first is not None
    assert first.at >= later - 14 * DAY


def test_what_is_due_comes_first_and_what_is_overdue_says_so(watched: Cast):
    overdue = watched.file(at=MONDAY_NINE, title="Overdue")
    watched.file(at=CLOSING - HOUR, title="Due tonight")
    asked = watched.file(at=MONDAY_NINE, title="Asked")
    responding.ask_customer(
        incident=asked, actor=watched.tom, text="Which?", at=MONDAY_NINE + MINUTE
    )
    handovers.watch(at=CLOSING)
    handover = Handover.objects.get()
    assert items(handover)[:4] == [
        ("due", "Overdue"),
        ("due", "At Acme"),
        ("due", "Due tonight"),
        ("open", "Asked"),
    ]
    facts = handover.items.get(incident=overdue, section="due").facts
    assert (facts["overdue"], facts["due_at"]) == (True, "2026-03-02T12:00:00+00:00")


def test_a_closed_incident_is_told_as_done(watched: Cast):
    incident = watched.file(title="Solved")
    responding.offer_solution(
        incident=incident, actor=watched.tom, text="Update.", at=MONDAY_NINE + HOUR
    )
    answering.accept(incident=incident, actor=watched.alice, text="", at=MONDAY_NINE + 2 * HOUR)
    handovers.watch(at=CLOSING)
    item = HandoverItem.objects.get(incident=incident)
    assert (item.section, item.facts["state"], item.facts["acts"]) == (
        "done",
        "closed",
        {"filed": 1, "solution_offered": 1, "accepted": 1},
    )


def test_an_office_that_fails_holds_up_no_other(watched: Cast, monkeypatch, caplog):
    broken = Office.objects.create(
        name="Aachen", timezone="Europe/Berlin", week=watched.office.week
    )
    look = handovers._watch

    def watch(office: Office, at: datetime) -> int | None:
        if office == broken:
            raise RuntimeError("torn")
        return look(office, at)

    monkeypatch.setattr(handovers, "_watch", watch)
    assert handovers.watch(at=CLOSING) == 1
    assert caplog.messages == [f"The changes of office {broken.pk} could not be handed over."]


def test_a_note_written_for_a_change_that_has_come_goes_to_it(watched: Cast):
    handovers.watch(at=CLOSING + SECOND)
    write = partial(
        handovers.annotate_next, office=watched.office, actor=watched.tom, at=CLOSING + MINUTE
    )
    made_now = write(text="Look at Acme.", shown_change_at=CLOSING)
    assert made_now == Handover.objects.get(note="Look at Acme.")
    assert write(text="For tomorrow.", shown_change_at=CLOSING + DAY) is None
    assert HandoverNote.objects.get().text == "For tomorrow."
    assert write(text="", shown_change_at=CLOSING + DAY) is None
    assert not HandoverNote.objects.exists()


def test_looking_costs_the_same_for_any_number_of_certificates_while_nothing_changes(
    watched: Cast, django_assert_num_queries
):
    def looks() -> int:
        OfficeWatch.objects.update(watched_until=MONDAY_NINE)
        return handovers.watch(at=MONDAY_NINE + 15 * SECOND)

    with django_assert_num_queries(17):
        looks()
    watched.globex_certificate.deputy = watched.tess
    watched.globex_certificate.save()
    with django_assert_num_queries(17):
        looks()
