"""Every clock's account adds up, and is due when the clock is (SPEC 7.11)."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from incidents.actions import answering, responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.explained import ClockState, Counted, Mark
from incidents.explaining.plain import as_text
from incidents.explaining.records import explain_incident
from incidents.explaining.statements import statements_of
from incidents.states import Channel
from msa.scenarios.lines import ScenarioError, checked
from msa.scenarios.player import Player
from tests.conftest import MONDAY_NINE
from tests.incidents.long_promises import SETTING, act, filing
from tests.model.lives import random_life

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DATA = Path(__file__).parents[1] / "data"
EXAMPLES = [
    json.loads(line)["scenario"]
    for line in (DATA / "example-scenarios.jsonl").read_text().splitlines()
]


def played(scenario):
    """Return the explanations of all incidents of a scenario, as of its end."""
    player = Player(today=NOW.date(), rehearsal=True)
    player.play(checked(scenario, now=NOW))
    return [
        explanation
        for incident in player.incidents.values()
        for explanation in explain_incident(incident, player.ended_at)
    ]


def assert_adds_up(explanation):
    facts = explanation.facts
    assert reckoned_due(explanation) == facts.value.due_at
    assert explanation.governing.due_at in {facts.value.due_at, None}
    for account in explanation.accounts:
        assert account.due_at is None or account.counted == account.promise.length
        assert_leaves_nothing_out(account.rows, facts.value.received_at)


def reckoned_due(explanation):
    """Return what the promises come to; a pause that lasts had ended at the last reckoning."""
    facts = explanation.facts
    pauses = [(stopped, on or max(stopped, facts.settled_at)) for stopped, on in facts.pauses]
    return min(promise.due(explanation.calendar, pauses) for promise in facts.value.promises)


def assert_leaves_nothing_out(rows, since):
    total = timedelta()
    for row in rows:
        if isinstance(row, Mark):
            assert row.total == total
            continue
        assert row.since == since
        since = row.until
        if isinstance(row, Counted):
            total += row.length
            assert row.total == total


@pytest.mark.parametrize("number", range(1, 30, 3))
def test_every_clock_of_examples_adds_up(number):
    explanations = played(EXAMPLES[number])
    assert explanations != []
    for explanation in explanations:
        assert_adds_up(explanation)


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 2**32 - 1))
def test_every_clock_of_a_random_life_adds_up(seed):
    with transaction.atomic():
        try:
            explanations = played(random_life(Random(seed), 20))
        except ScenarioError:
            explanations = []
        transaction.set_rollback(True)
    for explanation in explanations:
        assert_adds_up(explanation)


# Whole accounts, as they are read; the office is Paris, Monday to Friday 9 to 18.


def told(incident, at, kind="response"):
    """Return what is said of the latest clock of a kind: title lines, and cells apart by bars."""
    statements = statements_of(explain_incident(incident, at), "Europe/Paris", "Europe/Paris")
    (statement,) = (each for each in statements if each.kind == kind and each.is_latest)
    return [re.sub(" {2,}", " | ", line.strip()) for line in as_text(statement) if line]


def test_a_raise_before_the_answer(cast):
    incident = cast.file("product-partial", MONDAY_NINE + 8 * HOUR)
    responding.change_severity(
        incident=incident,
        actor=cast.tom,
        severity=2,
        text="Core business waits for it.",
        at=MONDAY_NINE + 8 * HOUR + timedelta(minutes=30),
    )
    responding.respond(incident=incident, actor=cast.tom, text="…", at=MONDAY_NINE + 10 * HOUR)
    assert told(incident, NOW) == [
        "First response: Answered in time: 1 h 30 min of 4 h used.",
        "Mon–Fri 09:00–18:00 (Europe/Paris)",
        "4 h around the clock from Mon 2 Mar 17:30, due Mon 2 Mar 2026 21:30 CET",
        "Mon 2 Mar 17:00 | Alice filed the incident in the portal. The clock begins.",
        "Mon 2 Mar 17:00–17:30 | Before the change of severity from which this promise counts",
        "Mon 2 Mar 17:30 | "
        "Tom changed the severity from Medium to High. “Core business waits for it.”"
        " Due moved from Tue 3 Mar 14:00 to Mon 2 Mar 21:30.",
        "Mon 2 Mar 17:30–19:00 | 1 h 30 min | 1 h 30 min | Counts, day and night",
        "Mon 2 Mar 19:00 | 1 h 30 min | Tom gave a qualified response. The promise is kept.",
        "Mon 2 Mar 19:00–21:30 | 2 h 30 min | 4 h | Counts, day and night (left over)",
        "Mon 2 Mar 21:30 | 4 h | Due: 4 h have passed.",
        "6 h of working time from Mon 2 Mar 17:00,"
        " due Tue 3 Mar 2026 14:00 CET: later, so it does not decide",
        "Mon 2 Mar 17:00 | Alice filed the incident in the portal. The clock begins.",
        "Mon 2 Mar 17:00–17:30 | 30 min | 30 min | Office open",
        "Mon 2 Mar 17:30 | 30 min | "
        "Tom changed the severity from Medium to High. “Core business waits for it.”"
        " Due moved from Tue 3 Mar 14:00 to Mon 2 Mar 21:30.",
        "Mon 2 Mar 17:30–18:00 | 30 min | 1 h | Office open",
        "Mon 2 Mar 18:00–19:00 | Office closed: outside its hours",
        "Mon 2 Mar 19:00 | 1 h | Tom gave a qualified response. The promise is kept.",
        "Mon 2 Mar 19:00 – Tue 3 Mar 09:00 | Office closed: outside its hours (left over)",
        "Tue 3 Mar 09:00–14:00 | 5 h | 6 h | Office open (left over)",
        "Tue 3 Mar 14:00 | 6 h | Due: 6 h have passed.",
    ]


def test_a_wait_for_a_call_then_the_call(cast):
    incident = cast.file("product-crash-or-loss", MONDAY_NINE + 10 * HOUR)
    before = told(incident, MONDAY_NINE + 11 * HOUR)
    assert before[0] == (
        "First response: Not begun: waits for a call, or for the office to open Tue 3 Mar 09:00;"
        " then due Tue 3 Mar 09:30."
    )
    responding.log_call(
        incident=incident,
        actor=cast.dana,
        caller=cast.alice,
        qualified=False,
        text="…",
        at=MONDAY_NINE + 11 * HOUR,
    )
    fire_earlier_than(MONDAY_NINE + 12 * HOUR)
    assert told(incident, MONDAY_NINE + 12 * HOUR) == [
        "First response: Missed: due Mon 2 Mar 20:30, and still owed.",
        "30 min around the clock from Mon 2 Mar 20:00, due Mon 2 Mar 2026 20:30 CET",
        "Mon 2 Mar 19:00 | Alice filed the incident in the portal."
        " Out of hours a call is required: the clock waits for it, or for the opening.",
        "Mon 2 Mar 19:00–20:00 | Not begun: waits for a call, or for the office to open",
        "Mon 2 Mar 20:00 | Dana logged a call. Due moved from Tue 3 Mar 09:30 to Mon 2 Mar 20:30.",
        "Mon 2 Mar 20:00–20:15 | 15 min | 15 min | Counts, day and night",
        "Mon 2 Mar 20:15 | 15 min | 50 % of the time has passed.",
        "Mon 2 Mar 20:15–20:24 | 9 min | 24 min | Counts, day and night",
        "Mon 2 Mar 20:24 | 24 min | 80 % of the time has passed.",
        "Mon 2 Mar 20:24–20:30 | 6 min | 30 min | Counts, day and night",
        "Mon 2 Mar 20:30 | 30 min | Due: 30 min have passed.",
        "Mon 2 Mar 20:30 | 30 min | Not kept by now: the promise is missed.",
        "Mon 2 Mar 21:00 | 30 min | Now",
    ]


def test_a_breach_set_aside_by_a_call_that_is_logged_later(cast):
    incident = cast.file()
    fire_earlier_than(MONDAY_NINE + 5 * HOUR)
    responding.log_call(
        incident=incident,
        actor=cast.tom,
        caller=cast.alice,
        qualified=True,
        text="…",
        at=MONDAY_NINE + HOUR,
        logged_at=MONDAY_NINE + 6 * HOUR,
    )
    assert told(incident, MONDAY_NINE + 6 * HOUR) == [
        "First response: Answered in time: 1 h of 4 h used.",
        "4 h around the clock from Mon 2 Mar 09:00, due Mon 2 Mar 2026 13:00 CET",
        "Mon 2 Mar 09:00 | Alice filed the incident in the portal. The clock begins.",
        "Mon 2 Mar 09:00–10:00 | 1 h | 1 h | Counts, day and night",
        "Mon 2 Mar 10:00 | 1 h | Tom gave a qualified response on the phone."
        " The miss that was noted is set aside: this came in time.",
        "Mon 2 Mar 10:00 | 1 h | Tom gave a qualified response on the phone. The promise is kept.",
        "Mon 2 Mar 10:00–13:00 | 3 h | 4 h | Counts, day and night (left over)",
        "Mon 2 Mar 13:00 | 4 h | Due: 4 h have passed.",
    ]


def test_reopened_without_an_answer_both_measurements_are_told(cast):
    incident = cast.file("service-information", channel=Channel.PHONE)
    answering.withdraw(incident=incident, actor=cast.alice, text="", at=MONDAY_NINE + HOUR)
    answering.reopen(incident=incident, actor=cast.alice, at=MONDAY_NINE + 2 * HOUR)
    latest, earlier = explain_incident(incident, MONDAY_NINE + 3 * HOUR)
    assert (latest.state, earlier.state) == (ClockState.RUNNING, ClockState.ENDED)
    statements = statements_of([latest, earlier], "Europe/Paris", "Europe/Paris")
    assert [(each.title, each.verdict) for each in statements] == [
        ("First response", "Due Tue 3 Mar 10:00: 1 h of 8 h used, 7 h left."),
        (
            "First response, earlier: from Mon 2 Mar 09:00",
            "Ended with the incident: 1 h of 8 h used.",
        ),
    ]
    assert [
        (line.text, *line.notes)
        for each in statements
        for line in each.governing.lines
        if line.kind == "event"
    ] == [
        ("Alice reopened the incident.", "The clock begins."),
        ("Now",),
        ("Due: 8 h have passed.",),
        ("Alice filed the incident by phone.", "The clock begins."),
        ("Alice withdrew the incident.", "The clock ends."),
        ("Due: 8 h have passed.",),
    ]


@pytest.mark.parametrize(
    ("zone", "when"),
    [("Europe/Paris", ""), ("Asia/Shanghai", "Mon 2 Mar 16:00–20:00")],
)
def test_the_readers_time_stands_beside_the_offices_where_it_differs(cast, zone, when):
    incident = cast.file()
    (statement,) = statements_of(explain_incident(incident, MONDAY_NINE), "Europe/Paris", zone)
    line = statement.governing.lines[1]
    assert (line.when, line.when_viewer) == ("Mon 2 Mar 09:00–13:00", when)


# Promises that stand still and go on, and long ones.


def long_story(*acts):
    player = Player(today=NOW.date(), rehearsal=True)
    player.play(checked([*SETTING, *acts], now=NOW))
    incident = player.incidents["i1"]
    for explanation in explain_incident(incident, player.ended_at):
        assert_adds_up(explanation)
    return incident, player.ended_at


def test_a_resolution_stands_still_goes_on_and_is_taken_up_again():
    incident, ended_at = long_story(
        filing("product-partial", "2026-05-11T16:00:00+02:00"),
        act("ask", "2026-05-12T10:30:30+02:00"),
        act("answer", "2026-05-12T15:00:00+02:00", by="ann"),
        act("offer_solution", "2026-05-18T10:00:00+02:00"),
        act("accept", "2026-05-18T11:00:00+02:00", by="ann"),
        act("reopen", "2026-05-18T12:00:00+02:00", by="ann"),
        {"do": "end", "at": "2026-05-18T15:00:00+02:00"},
    )
    assert told(incident, ended_at, "resolution") == [
        "Resolution: Due Thu 11 Jun 09:29:30: 20 h 30 min 30 s of 160 h used, 139 h 29"
        " min 30 s left.",
        "Mon–Fri 09:00–13:00, 14:00–18:00 (Europe/Paris)",
        "160 h of working time from Mon 11 May 16:00, due Thu 11 Jun 2026 09:29:30 CEST",
        "Mon 11 May 16:00 | Ann filed the incident in the portal. The clock begins.",
        "Mon 11 May 16:00–18:00 | 2 h | 2 h | Office open",
        "Mon 11 May 18:00 – Tue 12 May 09:00 | Office closed: outside its hours",
        "Tue 12 May 09:00–10:30:30 | 1 h 30 min 30 s | 3 h 30 min 30 s | Office open",
        "Tue 12 May 10:30:30 | 3 h 30 min 30 s | Toma asked the customer. The clock"
        " stands still from here.",
        "Tue 12 May 10:30:30–15:00 | Stands still: the next move is the customer's",
        "Tue 12 May 15:00 | 3 h 30 min 30 s | Ann wrote. The clock goes on, due Wed 10"
        " Jun 16:29:30.",
        "Tue 12 May 15:00–18:00 | 3 h | 6 h 30 min 30 s | Office open",
        "Tue 12 May 18:00 – Wed 13 May 09:00 | Office closed: outside its hours, special"
        " hours 09:00–12:00 (Wed 13 May)",
        "Wed 13 May 09:00–12:00 | 3 h | 9 h 30 min 30 s | Office open, special hours",
        "Wed 13 May 12:00 – Fri 15 May 09:00 | Office closed: special hours 09:00–12:00"
        " (Wed 13 May), Ascension (Thu 14 May), outside its hours",
        "Fri 15 May 09:00–13:00 | 4 h | 13 h 30 min 30 s | Office open",
        "Fri 15 May 13:00–14:00 | Office closed: outside its hours",
        "Fri 15 May 14:00–18:00 | 4 h | 17 h 30 min 30 s | Office open",
        "Fri 15 May 18:00 – Mon 18 May 09:00 | Office closed: outside its hours,"
        " Saturday and Sunday",
        "Mon 18 May 09:00–10:00 | 1 h | 18 h 30 min 30 s | Office open",
        "Mon 18 May 10:00 | 18 h 30 min 30 s | Toma offered a solution. The clock stands"
        " still from here.",
        "Mon 18 May 10:00–11:00 | Stands still: the next move is the customer's",
        "Mon 18 May 11:00 | 18 h 30 min 30 s | Ann accepted the solution. The promise is kept.",
        "Mon 18 May 11:00–12:00 | Stands still: the incident is closed",
        "Mon 18 May 12:00 | 18 h 30 min 30 s | Ann reopened the incident. The clock goes"
        " on where it stood.",
        "Mon 18 May 12:00–13:00 | 1 h | 19 h 30 min 30 s | Office open",
        "Mon 18 May 13:00–14:00 | Office closed: outside its hours",
        "Mon 18 May 14:00–15:00 | 1 h | 20 h 30 min 30 s | Office open",
        "Mon 18 May 15:00 | 20 h 30 min 30 s | Now",
        "Mon 18 May 15:00–18:00 | 3 h | 23 h 30 min 30 s | Office open",
        "Mon 18 May 18:00 – Tue 19 May 09:00 | Office closed: outside its hours",
        "Tue 19 May – Wed 10 Jun | 136 h | 159 h 30 min 30 s | 09:00–13:00, 14:00–18:00"
        " on each working day: 17 × 8 h",
        "Wed 10 Jun 18:00 – Thu 11 Jun 09:00 | Office closed: outside its hours",
        "Thu 11 Jun 09:00–09:29:30 | 29 min 30 s | 160 h | Office open",
        "Thu 11 Jun 09:29:30 | 160 h | Due: 160 h have passed.",
    ]


def test_days_alike_run_together():
    incident, ended_at = long_story(
        filing("product-partial", "2026-04-21T16:00:00+02:00"),
        act("respond", "2026-04-21T17:00:00+02:00"),
    )
    assert told(incident, ended_at, "resolution") == [
        "Resolution: Due Fri 22 May 12:00: 1 h of 160 h used, 159 h left.",
        "Mon–Fri 09:00–13:00, 14:00–18:00 (Europe/Paris)",
        "160 h of working time from Tue 21 Apr 16:00, due Fri 22 May 2026 12:00 CEST",
        "Tue 21 Apr 16:00 | Ann filed the incident in the portal. The clock begins.",
        "Tue 21 Apr 16:00–17:00 | 1 h | 1 h | Office open",
        "Tue 21 Apr 17:00 | 1 h | Now",
        "Tue 21 Apr 17:00–18:00 | 1 h | 2 h | Office open",
        "Tue 21 Apr 18:00 – Wed 22 Apr 09:00 | Office closed: outside its hours",
        "Wed 22 Apr – Fri 24 Apr | 24 h | 26 h | 09:00–13:00, 14:00–18:00 each day: 3 × 8 h",
        "Fri 24 Apr 18:00 – Mon 27 Apr 09:00 | Office closed: outside its hours,"
        " Saturday and Sunday",
        "Mon 27 Apr – Thu 30 Apr | 32 h | 58 h | 09:00–13:00, 14:00–18:00 each day: 4 × 8 h",
        "Thu 30 Apr 18:00 – Mon 4 May 09:00 | Office closed: outside its hours, Labour"
        " Day (Fri 1 May), Saturday and Sunday",
        "Mon 4 May – Fri 8 May | 40 h | 98 h | 09:00–13:00, 14:00–18:00 each day: 5 × 8 h",
        "Fri 8 May 18:00 – Mon 11 May 09:00 | Office closed: outside its hours, Saturday"
        " and Sunday",
        "Mon 11 May 09:00–13:00 | 4 h | 102 h | Office open",
        "Mon 11 May 13:00–14:00 | Office closed: outside its hours",
        "Mon 11 May 14:00–18:00 | 4 h | 106 h | Office open",
        "Mon 11 May 18:00 – Tue 12 May 09:00 | Office closed: outside its hours",
        "Tue 12 May 09:00–13:00 | 4 h | 110 h | Office open",
        "Tue 12 May 13:00–14:00 | Office closed: outside its hours",
        "Tue 12 May 14:00–18:00 | 4 h | 114 h | Office open",
        "Tue 12 May 18:00 – Wed 13 May 09:00 | Office closed: outside its hours, special"
        " hours 09:00–12:00 (Wed 13 May)",
        "Wed 13 May 09:00–12:00 | 3 h | 117 h | Office open, special hours",
        "Wed 13 May 12:00 – Fri 15 May 09:00 | Office closed: special hours 09:00–12:00"
        " (Wed 13 May), Ascension (Thu 14 May), outside its hours",
        "Fri 15 May 09:00–13:00 | 4 h | 121 h | Office open",
        "Fri 15 May 13:00–14:00 | Office closed: outside its hours",
        "Fri 15 May 14:00–18:00 | 4 h | 125 h | Office open",
        "Fri 15 May 18:00 – Mon 18 May 09:00 | Office closed: outside its hours,"
        " Saturday and Sunday",
        "Mon 18 May – Thu 21 May | 32 h | 157 h | 09:00–13:00, 14:00–18:00 each day: 4 × 8 h",
        "Thu 21 May 18:00 – Fri 22 May 09:00 | Office closed: outside its hours",
        "Fri 22 May 09:00–12:00 | 3 h | 160 h | Office open",
        "Fri 22 May 12:00 | 160 h | Due: 160 h have passed.",
    ]


def test_a_promise_of_months_runs_together_across_weekends():
    incident, ended_at = long_story(filing("product-other", "2026-04-21T16:00:00+02:00"))
    assert told(incident, ended_at, "resolution") == [
        "Resolution: Due Fri 17 Jul 12:00 at the latest.",
        "Mon–Fri 09:00–13:00, 14:00–18:00 (Europe/Paris)",
        "480 h of working time from Tue 21 Apr 16:00, due Fri 17 Jul 2026 12:00 CEST",
        "Tue 21 Apr 16:00 | Ann filed the incident in the portal. The clock begins.",
        "Tue 21 Apr 16:00–18:00 | 2 h | 2 h | Office open",
        "Tue 21 Apr 18:00 – Wed 22 Apr 09:00 | Office closed: outside its hours",
        "Wed 22 Apr – Thu 30 Apr | 56 h | 58 h | 09:00–13:00, 14:00–18:00 on each"
        " working day: 7 × 8 h",
        "Thu 30 Apr 18:00 – Mon 4 May 09:00 | Office closed: outside its hours, Labour"
        " Day (Fri 1 May), Saturday and Sunday",
        "Mon 4 May – Tue 12 May | 56 h | 114 h | 09:00–13:00, 14:00–18:00 on each"
        " working day: 7 × 8 h",
        "Tue 12 May 18:00 – Wed 13 May 09:00 | Office closed: outside its hours, special"
        " hours 09:00–12:00 (Wed 13 May)",
        "Wed 13 May 09:00–12:00 | 3 h | 117 h | Office open, special hours",
        "Wed 13 May 12:00 – Fri 15 May 09:00 | Office closed: special hours 09:00–12:00"
        " (Wed 13 May), Ascension (Thu 14 May), outside its hours",
        "Fri 15 May – Thu 16 Jul | 360 h | 477 h | 09:00–13:00, 14:00–18:00 on each"
        " working day: 45 × 8 h",
        "Thu 16 Jul 18:00 – Fri 17 Jul 09:00 | Office closed: outside its hours",
        "Fri 17 Jul 09:00–12:00 | 3 h | 480 h | Office open",
        "Fri 17 Jul 12:00 | 480 h | Due: 480 h have passed.",
    ]
