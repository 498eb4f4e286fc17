"""Mails to the vendor's side: who is told of what besides the responsible (SPEC 7.4, 7.7, 7.8)."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.actions import offices
from accounts.models import Certificate, DutyShift, Notice
from incidents.actions import answering, responding
from incidents.actions.calendars import revise_clocks
from incidents.actions.case import Case
from incidents.actions.handing import hand_over
from incidents.models import Follower, Incident, JournalEntry, MessageKind
from incidents.notifications import customer
from incidents.notifications.kinds import VENDOR
from msa.outbox import relay
from msa.outbox.models import Email, Message
from tam import notifications
from tam.actions.escalations import escalate, escalate_breach
from tam.letters import assignment, mentions
from tam.models import Absence
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

CANARY = "the customer's firewall is to blame"
HANDLERS = {f"incident.{kind}": [notifications.notify] for kind in notifications.LETTERS}
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
EVENING = MONDAY_NINE + 12 * HOUR  # 21:00 in Paris
DUE = MONDAY_NINE + 4 * HOUR  # of severity 2, filed at nine

Told = list[tuple[str, str]]
Act = Callable[[Cast, Incident], object]


@pytest.fixture
def incident(cast: Cast) -> Incident:
    """Alice's, severity 2, with an internal note, filed at nine: Tom is responsible."""
    filed = cast.file()
    responding.add_note(incident=filed, actor=cast.erik, text=CANARY, at=MONDAY_NINE)
    deliver()
    return filed


def deliver() -> list[Email]:
    """Return the mails on what happened since the last time."""
    known = list(Email.objects.values_list("pk", flat=True))
    relay.drain(HANDLERS)
    return list(Email.objects.exclude(pk__in=known).order_by("pk"))


def told(mails: Sequence[Email]) -> Told:
    """Return name of the address, and the first line: what happened."""
    return [(mail.to_address.partition("@")[0], mail.text.splitlines()[0]) for mail in mails]


def say(act: Callable[..., object], who: str, at: datetime = MONDAY_NINE + HOUR) -> Act:
    return lambda cast, incident: act(
        incident=incident, actor=getattr(cast, who), text="Words.", at=at
    )


def until(at: datetime) -> Act:
    """Fire one by one, each noticed as soon as it is due, as the beat does."""

    def acts(cast: Cast, incident: Incident) -> None:
        while due := incident.deadlines.filter(due_at__lt=at).order_by("due_at", "kind").first():
            noticed_at = due.due_at + SECOND
            Case.settle(incident.pk, before=noticed_at, recorded_at=due.due_at)

    return acts


def breach(cast: Cast, incident: Incident) -> None:
    until(DUE + SECOND)(cast, incident)
    escalate_breach(incident_id=incident.pk, at=DUE)


def reopen(cast: Cast, incident: Incident) -> None:
    answering.reopen(incident=incident, actor=cast.alice, at=MONDAY_NINE + 2 * HOUR, text="Again.")


def change_severity(cast: Cast, incident: Incident) -> None:
    responding.change_severity(
        incident=incident, actor=cast.erik, severity=3, text="Mild.", at=MONDAY_NINE
    )


def log_call(cast: Cast, incident: Incident, *, who: str = "erik", qualified: bool = False) -> None:
    responding.log_call(
        incident=incident,
        actor=getattr(cast, who),
        caller=cast.alice,
        qualified=qualified,
        text="She rang.",
        at=MONDAY_NINE + HOUR,
        logged_at=MONDAY_NINE + 5 * HOUR,
    )


def reply(cast: Cast, incident: Incident) -> None:
    responding.respond(
        incident=incident, actor=cast.erik, text="Hm.", at=MONDAY_NINE, qualified=False
    )


def move_clock(cast: Cast, incident: Incident) -> None:
    case = Case.open(incident, at=MONDAY_NINE)
    shown = case.clocks.latest["response"].summary()
    later = shown | {"due_at": (DUE + HOUR).isoformat()}
    data = {"kind": "response", "reason": "calendar", "from": shown, "to": later}
    case.record("clock_moved", data=data)
    case.finish()


ASK = say(responding.ask_customer, "erik", MONDAY_NINE)
OFFER = say(responding.offer_solution, "erik", MONDAY_NINE)
BREACHED = "Response time missed"


@pytest.mark.parametrize(
    ("before", "act", "expected"),
    [
        ([], say(responding.respond, "erik"), [("tom", "Answered by Erik")]),
        ([], say(responding.respond, "tom"), []),
        ([], reply, [("tom", "A message from Erik")]),
        ([], ASK, [("tom", "Question asked")]),
        ([], OFFER, [("tom", "Solution offered")]),
        ([], say(responding.record_workaround, "erik"), [("tom", "Workaround recorded")]),
        ([], change_severity, [("tom", "Severity changed")]),
        ([ASK], say(responding.take_back, "erik"), [("tom", "Taken back")]),
        ([ASK], say(answering.answer, "alice"), [("tom", "A message from Alice of Acme")]),
        ([OFFER], say(answering.accept, "alice"), [("tom", "Solved")]),
        ([OFFER], say(answering.decline, "alice"), [("tom", "Solution declined")]),
        ([], say(answering.withdraw, "alice"), [("tom", "Withdrawn")]),
        ([say(answering.withdraw, "alice")], reopen, [("tom", "Reopened")]),
        ([], log_call, [("tom", "Call logged")]),
        ([], move_clock, [("tom", "Due time moved")]),
        ([], say(escalate, "alice"), [("tom", "Escalated to level 1")]),
        ([], say(escalate, "tom"), []),  # level 1 is himself
        (
            [say(escalate, "alice")],
            say(escalate, "bob"),
            [("hanna", "Escalated to level 2"), ("tom", "Escalated to level 2")],
        ),
        (
            [say(escalate, "alice"), say(escalate, "alice")],
            say(escalate, "bob"),
            [("bruno", "Escalated to level 3"), ("tom", "Escalated to level 3")],
        ),
        (
            [],
            until(DUE - MINUTE),
            [
                ("tom", "50 % of the response time is gone"),
                ("tom", "80 % of the response time is gone"),
            ],
        ),
        ([until(DUE - MINUTE)], breach, [("tom", BREACHED), ("hanna", BREACHED)]),
        (
            [breach],
            lambda cast, incident: log_call(cast, incident, who="tess", qualified=True),
            [
                ("tom", "Call logged"),
                ("tom", "Breach set aside"),
                ("hanna", "Breach set aside"),
            ],
        ),
        (
            [ASK, until(datetime(2026, 4, 2, 6, tzinfo=UTC))],
            until(datetime(2026, 4, 2, 8, tzinfo=UTC)),
            [("tom", "Closed without a reply")],
        ),
        ([ASK], until(datetime(2026, 4, 2, 6, tzinfo=UTC)), []),  # reminders are the customer's
        ([], say(responding.add_note, "erik"), []),
    ],
)
def test_the_responsible_hears_of_what_others_did_and_others_of_what_they_must(
    cast: Cast, incident: Incident, before: list[Act], act: Act, expected: Told
) -> None:
    for earlier in before:
        earlier(cast, incident)
    deliver()
    act(cast, incident)
    assert told(deliver()) == expected
    assert JournalEntry.objects.filter(kind="noted", message__text=CANARY).count() == 1
    assert not any("firewall" in mail.text + mail.html for mail in Email.objects.all())


CRITICAL, HIGH, MEDIUM = "product-network-down", "product-malfunction", "product-partial"
NEW = {CRITICAL: "New, severity 1 · Critical", HIGH: "New, severity 2 · High"}


@pytest.mark.parametrize(
    ("category", "at", "changes", "expected"),
    [
        (CRITICAL, MONDAY_NINE, {}, [("tom", NEW[CRITICAL])]),
        (CRITICAL, EVENING, {}, []),  # Dana is paged, here and in the next line
        (HIGH, EVENING, {}, []),
        (MEDIUM, EVENING, {}, [("dana", "New, severity 3 · Medium")]),
        (CRITICAL, MONDAY_NINE, {"absent": ["tom"]}, [("tess", NEW[CRITICAL])]),
        (HIGH, EVENING, {"unmanned": True}, []),  # Hanna is
        (HIGH, MONDAY_NINE, {"unmanned": True, "absent": ["tom", "tess"]}, []),
        (MEDIUM, EVENING, {"unmanned": True}, [("hanna", "New, severity 3 · Medium")]),
    ],
)
def test_a_new_incident_reaches_whoever_is_there(
    cast: Cast, category: str, at: datetime, changes: dict[str, Any], expected: Told
) -> None:
    if changes.get("unmanned"):
        DutyShift.objects.all().delete()
    for name in changes.get("absent", []):
        Absence.objects.create(
            person=getattr(cast, name), starts_at=MONDAY_NINE, ends_at=MONDAY_NINE + HOUR
        )
    cast.file(category, at)
    assert told(deliver()) == expected


def test_where_nobody_is_responsible_the_head_is_alarmed(cast: Cast) -> None:
    DutyShift.objects.all().delete()
    cast.file(MEDIUM, EVENING)
    (mail,) = deliver()
    assert mail.text.split("\n\n")[1] == (
        "Nobody is responsible now: the office Paris is closed, and no duty manager is on its "
        "line. Please see to it."
    )
    assert mail.text.endswith(
        "You get this mail because it concerns the head of the team of the office Paris.\n"
    )


def test_a_new_incident_says_what_one_needs_to_begin(cast: Cast) -> None:
    cast.alice.phone = "+33 1 99 00 77 01"
    cast.alice.save()
    cast.file(CRITICAL)
    (mail,) = deliver()
    assert mail.urgent
    assert mail.text.split("\n\n")[1:8] == [
        "Alice of Acme has an incident.",
        "Customer: Acme · MSA-1",
        "Contact:\n  Alice\n  +33 1 99 00 77 01",
        "About:\n  Network down\n  Northlight Endpoint 12.4",
        "Severity: 1 · Critical",
        "Answer at the latest: 09:30 · March 2, 2026 (Europe/Paris)",
        "----- Alice of Acme -----",
    ]


def test_a_warning_at_severity_1_goes_to_duty_manager_and_head_as_well(cast: Cast) -> None:
    critical = cast.file(CRITICAL)
    deliver()
    until(MONDAY_NINE + 16 * MINUTE)(cast, critical)
    assert told(deliver()) == [
        ("tom", "50 % of the response time is gone"),
        ("dana", "50 % of the response time is gone"),
        ("hanna", "50 % of the response time is gone"),
    ]


def test_the_tam_and_the_head_hear_of_a_breach_in_the_night(cast: Cast) -> None:
    night = cast.file(HIGH, MONDAY_NINE + 8.5 * HOUR)  # 17:30, due at 21:30
    deliver()
    until(MONDAY_NINE + 13 * HOUR)(cast, night)
    mails = deliver()
    assert told([mail for mail in mails if "missed" in mail.text.splitlines()[0]]) == [
        ("tom", BREACHED),
        ("hanna", BREACHED),
    ]
    missed = [mail for mail in mails if "missed" in mail.text.splitlines()[0]]
    assert [mail.text.splitlines()[-1] for mail in missed] == [
        "You get this mail because you manage certificate MSA-1.",
        "You get this mail because it concerns the head of the team of the office Paris.",
    ]


def test_what_is_noticed_late_reaches_who_is_there_now_and_who_was(
    cast: Cast, incident: Incident
) -> None:
    Case.settle(incident.pk, before=EVENING, recorded_at=EVENING)
    warnings = [mail for mail in deliver() if "gone" in mail.text.splitlines()[0]]
    assert [(mail.to_name, mail.occurred_at) for mail in warnings] == [
        ("Dana", MONDAY_NINE + 2 * HOUR),
        ("Tom", MONDAY_NINE + 2 * HOUR),
        ("Dana", MONDAY_NINE + 3 * HOUR + 12 * MINUTE),
        ("Tom", MONDAY_NINE + 3 * HOUR + 12 * MINUTE),
    ]


def test_staff_who_follow_are_told_and_nobody_twice(cast: Cast, incident: Incident) -> None:
    hand_over(incident, [cast.erik], MONDAY_NINE)
    for person in (cast.erik, cast.tom):
        Follower.objects.create(customer=cast.acme, incident=incident, user=person)
    both = {topic: [customer.notify, *HANDLERS[topic]] for topic in HANDLERS}
    say(answering.answer, "alice")(cast, incident)
    relay.drain(both)
    topic = Message.objects.get(topic="incident.answered")
    notifications.notify(topic.payload, at=topic.occurred_at)
    mails = Email.objects.filter(text__startswith="A message from").order_by("pk")
    assert told(list(mails)) == [
        ("tom", "A message from Alice of Acme"),
        ("erik", "A message from Alice of Acme"),
    ]
    notices = Notice.objects.filter(heading__startswith="A message from").order_by("pk")
    assert list(notices.values_list("user__name", "kind")) == [
        ("Tom", "progress"),
        ("Erik", "progress"),
    ]


def test_who_follows_what_they_may_no_longer_see_is_told_nothing(
    cast: Cast, incident: Incident
) -> None:
    hand_over(incident, [cast.erik], MONDAY_NINE)
    Follower.objects.create(customer=cast.acme, incident=incident, user=cast.erik)
    answering.answer(incident=incident, actor=cast.alice, text="Worse.", at=MONDAY_NINE + MINUTE)
    assert [mail.to_name for mail in deliver()] == ["Tom", "Erik"]
    incident.handlings.filter(user=cast.erik).update(until=MONDAY_NINE + 2 * MINUTE)
    answering.answer(incident=incident, actor=cast.alice, text="Gone.", at=MONDAY_NINE + 3 * MINUTE)
    assert [mail.to_name for mail in deliver()] == ["Tom"]


def test_each_reads_their_own_language_and_zone(cast: Cast, incident: Incident) -> None:
    cast.tom.language, cast.tom.timezone = "ru", "Europe/Moscow"
    cast.tom.save()
    ASK(cast, incident)
    (mail,) = deliver()
    assert mail.language == "ru"
    assert "10:00 · 2 апреля 2026 г. (Europe/Moscow)" in mail.text
    assert "09:00 · 2 апреля 2026 г. (Europe/Paris)" in mail.text


def test_a_calendar_that_moves_a_clock_is_told(cast: Cast) -> None:
    cast.file("product-other", MONDAY_NINE + 8 * HOUR)
    offices.close_day(
        office=cast.office, day=date(2026, 3, 3), actor=None, at=MONDAY_NINE + 8 * HOUR
    )
    deliver()
    revise_clocks(certificates=Certificate.objects.all(), at=MONDAY_NINE + 8 * HOUR)
    assert told(deliver()) == [("tom", "Due time moved")]


@pytest.mark.parametrize("kind", sorted({*notifications.LETTERS, "noted"}))
def test_no_event_whose_text_is_a_note_is_mailed(cast: Cast, incident: Incident, kind: str) -> None:
    case = Case.open(incident, at=MONDAY_NINE)
    note = case.write(cast.erik, MessageKind.NOTE, CANARY)
    entry = case.record(kind, actor=cast.erik, message=note)
    case.finish()
    before = Email.objects.count()
    notifications.notify({"incident": incident.pk, "entry": entry.pk}, at=MONDAY_NINE)
    assert Email.objects.count() == before


def test_both_sides_have_a_letter_on_the_same_kinds_but_the_customers_own() -> None:
    assert set(customer.LETTERS) - set(notifications.LETTERS) == {"expiry_set_aside", "reminded"}
    assert set(notifications.LETTERS) - set(customer.LETTERS) == {"clock_warned"}


def test_every_letter_has_a_kind_of_notice() -> None:
    assert sorted({*notifications.LETTERS, *mentions_and_assignments()} - set(VENDOR)) == []


def mentions_and_assignments() -> set[str]:
    topics = {**mentions.LETTERS, **assignment.LETTERS}
    return {topic.removeprefix("incident.") for topic in topics}


def test_new_work_is_of_the_kind_duty(cast: Cast, incident: Incident) -> None:
    assert list(Notice.objects.values_list("user__name", "kind", "heading", "mailed_at")) == [
        ("Tom", "duty", "New, severity 2 · High: Scans stop half-way", MONDAY_NINE)
    ]
