"""Escalations that nobody acknowledges go up by themselves, whenever anybody notices (SPEC 11)."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from accounts.actions import certificates, offices
from accounts.actions.acknowledging import keep_former_minutes
from accounts.errors import NotAllowed
from accounts.tenancy import set_scope
from incidents.access import Verb, get_incident
from incidents.actions import answering, responding
from incidents.actions.deadlines import fire_earlier_than, sweep
from incidents.models import JournalEntry
from msa.outbox import relay
from msa.scenarios.lines import ScenarioError, checked
from msa.scenarios.player import Player
from msa.wiring import HANDLERS
from tam import responsible
from tam.actions import climbing, escalations
from tam.models import Escalation
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
ESCALATED = MONDAY_NINE + 10 * MINUTE


@pytest.fixture
def incident(cast):
    """Alice's, severity 2, answered at nine; escalations have an hour."""
    set_times(cast, {"1": 30, "2": 60, "3": 120})
    filed = cast.file()
    return responding.respond(incident=filed, actor=cast.tom, text="Seen.", at=MONDAY_NINE)


def set_times(cast, minutes):
    cast.office.acknowledge_minutes = minutes
    cast.office.save()
    cast.certificate.office.refresh_from_db()


def escalate(cast, incident, at=ESCALATED, by=None):
    return escalations.escalate(incident=incident, actor=by or cast.alice, text="…", at=at)


def levels(incident):
    """Return level, cause, when it was opened, and until when it may still go up."""
    return list(
        Escalation.objects.filter(incident=incident)
        .order_by("level")
        .values_list("level", "cause", "opened_at", "climbs_at")
    )


def test_what_nobody_acknowledges_goes_up_and_up_to_the_highest_level(cast, incident):
    escalate(cast, incident)
    assert climbing.climb_due(at=ESCALATED + HOUR) == 0  # at that very instant one is in time
    assert climbing.climb_due(at=ESCALATED + HOUR + SECOND) == 1
    assert climbing.climb_due(at=ESCALATED + 5 * HOUR) == 1
    assert climbing.climb_due(at=ESCALATED + 50 * HOUR) == 0
    assert levels(incident) == [
        (1, "contact", ESCALATED, None),
        (2, "silence", ESCALATED + HOUR, None),
        (3, "silence", ESCALATED + 2 * HOUR, None),
    ]
    entries = JournalEntry.objects.filter(incident=incident, kind="escalated").order_by("number")
    found: list[Any] = list(entries.values_list("at", "recorded_at", "actor", "data"))
    assert found[1:] == [
        (
            ESCALATED + HOUR,
            ESCALATED + HOUR + SECOND,
            None,
            {
                "level": 2,
                "cause": "silence",
                "acknowledge_by": (ESCALATED + 2 * HOUR).isoformat(),
            },
        ),
        (
            ESCALATED + 2 * HOUR,
            ESCALATED + 5 * HOUR,
            None,
            {
                "level": 3,
                "cause": "silence",
                "acknowledge_by": (ESCALATED + 3 * HOUR).isoformat(),
            },
        ),
    ]
    assert get_incident(cast.bruno, incident.reference, Verb.ANSWER_ESCALATION, ESCALATED)
    incident.refresh_from_db()
    assert incident.changed_at == ESCALATED + 2 * HOUR


def test_two_levels_that_are_due_together_open_in_one_run(cast, incident):
    escalate(cast, incident)
    assert climbing.climb_due(at=ESCALATED + DAY) == 2
    assert [level[:3] for level in levels(incident)] == [
        (1, "contact", ESCALATED),
        (2, "silence", ESCALATED + HOUR),
        (3, "silence", ESCALATED + 2 * HOUR),
    ]
    reached = Escalation.objects.order_by("level").values_list("addressees", flat=True)
    assert list(reached) == [[cast.tom.pk], [cast.hanna.pk], [cast.bruno.pk]]


@pytest.mark.parametrize(
    ("take_up", "after"),
    [
        (escalations.acknowledge, HOUR),
        (escalations.answer_escalation, HOUR),
        (escalations.acknowledge, MINUTE),
    ],
)
def test_who_takes_it_up_in_time_keeps_it(cast, incident, take_up, after):
    escalate(cast, incident)
    take_up(incident=incident, actor=cast.tom, text="I see to it.", at=ESCALATED + after)
    assert climbing.climb_due(at=ESCALATED + DAY) == 0
    assert levels(incident) == [(1, "contact", ESCALATED, None)]


def test_who_is_too_late_finds_it_gone_up_though_no_tick_had_come(cast, incident):
    escalate(cast, incident)
    at = ESCALATED + HOUR + SECOND
    with pytest.raises(NotAllowed):
        escalations.acknowledge(incident=incident, actor=cast.tom, text="", at=at)
    taken = escalations.acknowledge(incident=incident, actor=cast.hanna, text="", at=at)
    assert (taken.level, taken.cause, taken.opened_at) == (2, "silence", ESCALATED + HOUR)


def test_escalating_after_silence_comes_above_it(cast, incident):
    escalate(cast, incident)
    escalate(cast, incident, at=ESCALATED + HOUR + SECOND, by=cast.bob)
    assert [level[:3] for level in levels(incident)] == [
        (1, "contact", ESCALATED),
        (2, "silence", ESCALATED + HOUR),
        (3, "contact", ESCALATED + HOUR + SECOND),
    ]


def test_escalating_leaves_nothing_to_climb_below(cast, incident):
    escalate(cast, incident)
    escalate(cast, incident, at=ESCALATED + HOUR)  # the very instant: an act comes first
    climbing.climb_due(at=ESCALATED + HOUR + SECOND)
    assert levels(incident) == [
        (1, "contact", ESCALATED, None),
        (2, "contact", ESCALATED + HOUR, ESCALATED + 2 * HOUR),
    ]


@pytest.mark.parametrize(
    ("closed", "reopened", "expected"),
    [
        (HOUR, None, 1),
        (HOUR + SECOND, None, 2),
        (30 * MINUTE, 2 * HOUR, 1),
        (30 * MINUTE, 40 * MINUTE, 2),
    ],
)
@pytest.mark.parametrize("noticed_late", [True, False])
def test_what_was_closed_at_that_instant_does_not_climb(
    cast, incident, closed, reopened, expected, noticed_late
):
    escalate(cast, incident)

    def tick(at):
        if not noticed_late:
            climbing.climb_due(at=at)

    tick(ESCALATED + closed)
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=ESCALATED + closed)
    if reopened is not None:
        tick(ESCALATED + reopened)
        answering.reopen(incident=incident, actor=cast.alice, text="…", at=ESCALATED + reopened)
    climbing.climb_due(at=ESCALATED + 110 * MINUTE + 40 * MINUTE)
    highest = Escalation.objects.filter(incident=incident, opened_at__lte=ESCALATED + HOUR)
    assert highest.latest("level").level == expected


def test_on_the_customers_side_it_climbs_too(cast, incident):
    escalate(cast, incident)
    responding.ask_customer(incident=incident, actor=cast.tom, text="?", at=ESCALATED + 30 * MINUTE)
    assert climbing.climb_due(at=ESCALATED + HOUR + SECOND) == 1


# Severity 1: escalated to level 1 at nine, due at 09:20; unanswered, it is breached at 09:30.


@pytest.mark.parametrize("order", ["in order", "climb first", "breach first", "act first"])
def test_a_breach_after_a_due_climb_opens_nothing_in_any_order(cast, until, order):
    set_times(cast, {"1": 20})
    critical = cast.file("product-network-down")
    escalate(cast, critical, at=MONDAY_NINE)
    breach = MONDAY_NINE + 30 * MINUTE
    late = breach + SECOND
    match order:
        case "in order":
            climbing.climb_due(at=MONDAY_NINE + 21 * MINUTE)
            until(late)
        case "climb first":
            climbing.climb_due(at=late)
            until(late)
        case "breach first":
            until(late)
            climbing.climb_due(at=late)
        case _:
            escalations.acknowledge(incident=critical, actor=cast.hanna, text="", at=late)
            until(late)
    assert [level[:3] for level in levels(critical)] == [
        (1, "contact", MONDAY_NINE),
        (2, "silence", MONDAY_NINE + 20 * MINUTE),
    ]


@pytest.mark.parametrize("climb_first", [True, False])
@pytest.mark.parametrize("minutes", [30, 40])
def test_a_breach_before_or_at_the_instant_of_a_climb_opens_level_2(
    cast, until, climb_first, minutes
):
    set_times(cast, {"1": minutes})
    critical = cast.file("product-network-down")
    escalate(cast, critical, at=MONDAY_NINE)
    breach = MONDAY_NINE + 30 * MINUTE
    late = MONDAY_NINE + 41 * MINUTE
    if climb_first:
        climbing.climb_due(at=late)
    until(late)
    climbing.climb_due(at=late)
    assert levels(critical) == [
        (1, "contact", MONDAY_NINE, None),
        (2, "breach", breach, breach + minutes * MINUTE),
    ]


def test_a_level_that_a_breach_opened_counts_like_any_other(cast, until):
    set_times(cast, {"1": 20})
    critical = cast.file("product-network-down")
    until(MONDAY_NINE + 31 * MINUTE)
    climbing.climb_due(at=MONDAY_NINE + 51 * MINUTE)
    assert [level[:3] for level in levels(critical)] == [
        (2, "breach", MONDAY_NINE + 30 * MINUTE),
        (3, "silence", MONDAY_NINE + 50 * MINUTE),
    ]


@pytest.mark.parametrize("ticks", [[31, 40], [40]])
def test_the_minutes_of_the_instant_count_though_they_were_set_anew_before_a_tick(cast, ticks):
    set_times(cast, {"2": 30})
    incident = cast.file()
    escalate(cast, incident)
    for minutes in (tick for tick in ticks if tick < 32):
        climbing.climb_due(at=ESCALATED + minutes * MINUTE)
    office = cast.office
    office.acknowledge_minutes = {"2": 1}
    keep_former_minutes(office=office, at=ESCALATED + 32 * MINUTE)
    office.save()
    climbing.climb_due(at=ESCALATED + 40 * MINUTE)
    half_past = ESCALATED + 30 * MINUTE
    assert levels(incident) == [
        (1, "contact", ESCALATED, None),
        (2, "silence", half_past, half_past + 30 * MINUTE),
    ]
    other = escalate(cast, cast.file(), at=ESCALATED + 32 * MINUTE)
    assert other.acknowledge_by == ESCALATED + 33 * MINUTE


@pytest.mark.parametrize("noticed", [SECOND, 17 * MINUTE])
def test_what_a_breach_opens_is_recorded_when_the_breach_was(cast, noticed):
    critical = cast.file("product-network-down")
    breach = MONDAY_NINE + 30 * MINUTE
    sweep(at=breach + noticed)
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    kinds = ("clock_breached", "escalated")
    entries = critical.journal.filter(kind__in=kinds).order_by("number")
    assert list(entries.values_list("kind", "at", "recorded_at")) == [
        ("clock_breached", breach, breach + noticed),
        ("escalated", breach, breach + noticed),
    ]


def test_the_severity_of_the_instant_counts_though_it_was_changed_before_a_tick(cast, incident):
    escalate(cast, incident)
    responding.change_severity(
        incident=incident, actor=cast.tom, severity=3, text="…", at=ESCALATED + 90 * MINUTE
    )
    climbing.climb_due(at=ESCALATED + 100 * MINUTE)
    assert levels(incident)[1] == (2, "silence", ESCALATED + HOUR, ESCALATED + 2 * HOUR)


def test_at_severities_3_and_4_it_is_working_time_as_it_was_then(cast):
    set_times(cast, {"3": 120})
    partial = cast.file("product-partial", MONDAY_NINE + 8 * HOUR)  # 17:00
    opened = MONDAY_NINE + 8 * HOUR + 30 * MINUTE  # 17:30: half an hour is left on Monday
    first = escalate(cast, partial, at=opened)
    tuesday = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)  # 10:30
    assert first.acknowledge_by == tuesday
    offices.close_day(office=cast.office, day=date(2026, 3, 4), actor=None, at=opened)
    climbing.climb_due(at=tuesday + SECOND)
    # 10:30 on Tuesday and two hours more; Wednesday's closing has nothing to do with it.
    assert levels(partial)[1] == (2, "silence", tuesday, tuesday + 2 * HOUR)


def test_hours_that_change_later_move_nothing_that_was_told(cast):
    set_times(cast, {"3": 600})
    partial = cast.file("product-partial")
    responding.respond(incident=partial, actor=cast.tom, text="Seen.", at=MONDAY_NINE)
    first = escalate(cast, partial, at=MONDAY_NINE)
    tuesday_ten = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    assert first.acknowledge_by == tuesday_ten
    certificate = cast.certificate
    certificate.week = {"fri": [["09:00", "18:00"]]}
    certificates.revise_certificate(
        certificate=certificate, products=[cast.product], actor=None, at=tuesday_ten + 30 * MINUTE
    )
    climbing.climb_due(at=tuesday_ten + HOUR)
    # Reckoned by the hours of Tuesday at ten, which were changed only half an hour later.
    assert levels(partial)[1] == (
        2,
        "silence",
        tuesday_ten,
        datetime(2026, 3, 4, 10, 0, tzinfo=UTC),
    )


def test_where_the_office_sets_no_time_nothing_climbs(cast):
    set_times(cast, {"1": 30})
    incident = cast.file()
    opened = escalate(cast, incident)
    assert (opened.acknowledge_by, opened.climbs_at) == (None, None)
    assert climbing.climb_due(at=ESCALATED + 30 * DAY) == 0
    assert levels(incident)[0] == (1, "contact", ESCALATED, None)


def test_the_highest_level_is_to_be_acknowledged_and_goes_nowhere(cast, incident):
    for minute in (1, 2, 3):
        top = escalate(cast, incident, at=ESCALATED + minute * MINUTE)
    assert (top.acknowledge_by, top.climbs_at) == (ESCALATED + 63 * MINUTE, None)


def test_one_that_fails_holds_up_no_other(cast, incident, monkeypatch, caplog):
    other = cast.file(by=cast.olga)
    escalate(cast, incident)
    escalate(cast, other, by=cast.olga)

    def broken(certificate: Any, level: int) -> Any:
        if certificate == cast.certificate:
            raise RuntimeError("nobody")
        return responsible.people_at_level(certificate, level)

    monkeypatch.setattr(climbing, "people_at_level", broken)
    assert climbing.climb_due(at=ESCALATED + HOUR + SECOND) == 1
    assert [level[0] for level in levels(incident)] == [1]
    assert [level[0] for level in levels(other)] == [1, 2]
    assert "could not go up" in caplog.text


def test_a_tick_fires_what_fell_due_before(cast, incident, django_assert_max_num_queries):
    """The month ended before the level's time: closed by then, it does not climb."""
    asked = responding.ask_customer(incident=incident, actor=cast.tom, text="?", at=ESCALATED)
    assert asked.customer_side_until is not None
    Escalation.objects.create(
        customer=cast.acme,
        incident=incident,
        level=1,
        cause="contact",
        opened_at=ESCALATED,
        climbs_at=asked.customer_side_until + SECOND,
    )
    assert climbing.climb_due(at=asked.customer_side_until + HOUR) == 0
    incident.refresh_from_db()
    assert incident.closure == "no_reply"
    assert not Escalation.objects.filter(climbs_at__isnull=False).exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_nothing_due_costs_one_query(cast, incident, rows, django_assert_num_queries):
    for _ in range(rows):
        escalate(cast, cast.file())
    with django_assert_num_queries(4):  # savepoint, the scope, what is due, release
        assert climbing.climb_due(at=ESCALATED) == 0


# Scenarios.


def scenario(acknowledge):
    week = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendar = {"timezone": "UTC", "week": week}
    act = {"incident": "i", "by": "alice", "text": "…"}
    return [
        {"do": "office", "key": "o", "name": "Office", "calendar": calendar, **acknowledge},
        *(
            {"do": "staff", "key": key, "role": role, "office": "o"}
            for key, role in (("tom", "tam"), ("hanna", "team_head"), ("bea", "business_manager"))
        ),
        {"do": "customer", "key": "acme", "name": "Acme"},
        {
            "do": "certificate",
            "key": "c",
            "customer": "acme",
            "programme": "msa-enterprise-fr-2022",
            "office": "o",
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
            "tam": "tom",
            "contacts": [{"key": "alice", "name": "Alice", "email": "alice@acme.example"}],
        },
        {
            "do": "file",
            "at": "2026-03-02T09:00:00Z",
            "key": "i",
            "by": "alice",
            "certificate": "c",
            "category": "product-malfunction",
            "channel": "portal",
            "title": "It fails",
            "text": "It fails.",
        },
        {"do": "escalate", "at": "2026-03-02T09:00:00Z", **act},
        {"do": "acknowledge", "at": "2026-03-02T10:00:01Z", **act, "by": "tom"},
        {"do": "acknowledge", "at": "2026-03-02T10:30:00Z", **act, "by": "hanna"},
        {"do": "end", "at": "2026-03-02T12:00:00Z"},
    ]


def played(lines, *, rehearsal):
    player = Player(today=date(2026, 3, 3), rehearsal=rehearsal)
    player.play(checked(lines, now=MONDAY_NINE))
    (incident,) = player.incidents.values()
    entries = JournalEntry.objects.filter(incident=incident, data__cause="silence")
    recorded = list(entries.values_list("recorded_at", flat=True))
    return [level[:2] for level in levels(incident)], player.refused, recorded


@pytest.mark.parametrize("rehearsal", [True, False])
def test_a_play_lets_time_go_up_too(rehearsal):
    reached, refused, recorded = played(scenario({"acknowledge": {"2": 60}}), rehearsal=rehearsal)
    assert reached == [(1, "contact"), (2, "silence")]
    assert refused == [8]  # Tom comes a second too late
    assert recorded == [datetime(2026, 3, 2, 10, 0, tzinfo=UTC)]
    assert played(scenario({}), rehearsal=True)[:2] == ([(1, "contact")], [9])


@pytest.mark.parametrize("wrong", [{"5": 30}, {"1": "30"}, {"1": 0}, {"1": True}, [30]])
def test_a_time_that_is_none_ends_the_play(wrong):
    with pytest.raises(ScenarioError, match="Line 1: “acknowledge” is not understood"):
        played(scenario({"acknowledge": wrong}), rehearsal=True)


@pytest.fixture
def until():
    """Fire what fell due before an instant, and let the breach have its consequence."""

    def pass_time(at):
        fire_earlier_than(at)
        for entry in JournalEntry.objects.filter(kind="clock_breached").order_by("number"):
            escalations.escalate_breach(incident_id=entry.incident_id, at=entry.at)

    return pass_time
