"""Corners of evidence, each with what it says, and forgeries of them that the checker shows.

The office is Lyon, Monday to Friday from 9 to 18 with an hour's break.
"""

from datetime import datetime
from typing import Any

import pytest

from incidents.actions import responding
from incidents.evidence.document import evidence_of
from tests.incidents.evidence_cases import checker, differences, play
from tests.incidents.long_promises import SETTING, act, filing

pytestmark = pytest.mark.django_db


def told(targets, *acts) -> Any:
    """Return the evidence of an incident of severity 3 under some targets; nothing is wrong."""
    setting = [
        {**line, "targets": {"3": targets}} if line["do"] == "programme" else line
        for line in SETTING
    ]
    evidence = evidence_of(play([*setting, *acts])["i1"])
    assert differences(evidence) == []
    return evidence


def clock_of(evidence, kind, number=0):
    return [clock for clock in evidence["clocks"] if clock["kind"] == kind][number]


@pytest.mark.parametrize(
    ("kind", "number", "do", "due_at"),
    [
        ("workaround", 0, "record_workaround", "2026-03-02T21:00:00+00:00"),
        ("update", -2, "reply", "2026-03-02T22:00:00+00:00"),
    ],
)
def test_what_is_done_while_a_clock_stands_still_ends_the_pause(kind, number, do, due_at):
    evidence = told(
        {"further": {kind: {"minutes": 600, "unit": "elapsed"}}},
        filing("product-partial", "2026-03-02T09:00:00Z"),
        act("respond", "2026-03-02T10:00:00Z"),
        act("ask", "2026-03-02T10:00:00Z"),
        act(do, "2026-03-02T12:00:00Z"),
    )
    clock = clock_of(evidence, kind, number)
    pause = ["2026-03-02T10:00:00+00:00", "2026-03-02T12:00:00+00:00"]
    assert (clock["pauses"], clock["met_at"], clock["verdict"]) == ([pause], pause[1], "kept")
    assert (clock["due_at"], clock["promises"][0]["due_at"]) == (due_at, due_at)


def test_a_solution_that_is_accepted_came_when_it_was_offered_not_when_it_was_asked_for():
    evidence = told(
        {"further": {"resolution": {"minutes": 960, "unit": "working"}}},
        filing("product-partial", "2026-03-02T09:00:00Z"),
        act("ask", "2026-03-02T10:00:00Z"),
        act("offer_solution", "2026-03-02T12:00:00Z"),
        act("accept", "2026-03-02T15:00:00Z", by="ann"),
    )
    clock = clock_of(evidence, "resolution")
    assert (clock["met_at"], clock["ended_at"]) == (
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T15:00:00+00:00",
    )


WAITS = {"response": {"minutes": 60, "unit": "elapsed"}, "call_required": True}
SATURDAY = {"timezone": "Europe/Paris", "week": {"sat": [["09:00", "12:00"]]}}


@pytest.mark.parametrize(
    ("revised_at", "starts_at"),
    [
        ("2026-03-06T20:00:00Z", "2026-03-07T08:00:00+00:00"),
        ("2026-03-07T09:30:00Z", "2026-03-07T09:30:00+00:00"),
        ("2026-03-07T12:00:00Z", "2026-03-14T08:00:00+00:00"),
    ],
)
def test_hours_that_are_revised_while_a_clock_waits_move_its_start(revised_at, starts_at):
    evidence = told(
        WAITS,
        filing("product-partial", "2026-03-06T19:00:00Z"),
        {"do": "calendar", "at": revised_at, "office": "lyon", "calendar": SATURDAY},
    )
    assert clock_of(evidence, "response")["started_at"] == starts_at


def test_a_start_that_no_rule_gives_is_shown():
    """Another instant at which something happened is none."""
    evidence = told(
        WAITS,
        filing("product-partial", "2026-03-06T19:00:00Z"),
        act("answer", "2026-03-06T20:00:00Z", by="ann"),
        act("log_call", "2026-03-06T21:00:00Z", caller="ann", qualified=False),
    )
    (moved,) = [event for event in evidence["events"] if event["kind"] == "clock_moved"]
    moved["data"]["to"]["started_at"] = "2026-03-06T20:00:00+00:00"
    assert list(checker.check_histories(evidence)) == [
        f"event {moved['number']}: the clock does not start then"
    ]


def not_required(evidence):
    evidence["targets"]["response"]["3"]["call_required"] = False


def by_phone(evidence):
    evidence["events"][0]["data"]["channel"] = "phone"


def always_open(evidence):
    for calendar in evidence["calendars"].values():
        calendar["week"] = {day: [["00:00", "24:00"]] for day in checker.WEEKDAYS}


@pytest.mark.parametrize("forge", [not_required, by_phone, always_open])
def test_a_wait_that_was_not_allowed_is_shown(forge):
    evidence = told(WAITS, filing("product-partial", "2026-03-06T19:00:00Z"))
    forge(evidence)
    assert "event 2: the clock need not wait" in list(checker.check_histories(evidence))


def test_a_wait_that_was_left_out_is_shown():
    evidence = told(
        {**WAITS, "call_required": False}, filing("product-partial", "2026-03-06T19:00:00Z")
    )
    evidence["targets"]["response"]["3"]["call_required"] = True
    assert list(checker.check_histories(evidence)) == [
        "event 2: the clock has to wait",
        "event 2: the clock does not start then",
    ]


@pytest.mark.parametrize(
    ("severity", "starts_at", "waits"),
    [
        (2, "2026-03-06T20:00:00+00:00", False),  # raised: from the change
        (4, "2026-03-06T19:00:00+00:00", False),  # lowered, and no call required: from reception
    ],
)
def test_a_change_of_severity_ends_a_wait(severity, starts_at, waits):
    evidence = told(
        WAITS,
        filing("product-partial", "2026-03-06T19:00:00Z"),
        act("change_severity", "2026-03-06T20:00:00Z", severity=severity),
    )
    clock = clock_of(evidence, "response")
    assert (clock["started_at"], clock["waits_for_call"]) == (starts_at, waits)


def test_a_clock_of_a_reopening_that_a_later_record_shows_was_never_owed():
    """The call is logged at one and came at ten, before the withdrawal and the reopening."""
    lines = [
        *SETTING,
        filing("product-partial", "2026-03-02T09:00:00Z"),
        act("withdraw", "2026-03-02T11:00:00Z", by="ann"),
        act("reopen", "2026-03-02T12:00:00Z", by="ann"),
    ]
    incident = play(lines)["i1"]
    responding.log_call(
        incident=incident,
        actor=incident.certificate.tam,
        caller=incident.author,
        qualified=True,
        text="…",
        at=datetime.fromisoformat("2026-03-02T10:00:00+00:00"),
        logged_at=datetime.fromisoformat("2026-03-02T13:00:00+00:00"),
    )
    evidence = evidence_of(incident)
    assert differences(evidence) == []
    again = clock_of(evidence, "response", -1)
    assert (again["received_at"], again["ended_at"], again["met_at"], again["verdict"]) == (
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00:00+00:00",
        None,
        "ended",
    )
