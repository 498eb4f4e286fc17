"""Corners that random lives reach seldom, each with what must come of it."""

from typing import Any

import pytest

from tests.model.compare import played
from tests.model.desk import report_of

WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"


@pytest.mark.django_db
def test_a_length_that_was_used_up_at_the_close_lies_before_the_pause():
    scenario = [
        *agreement({"2": promise("workaround", 960), "3": promise("workaround", 540)}),
        filed(f"{MONDAY}T09:00:00Z", "product-malfunction"),
        act("ask", f"{MONDAY}T20:00:00Z"),
        act("change_severity", f"{TUESDAY}T10:00:00Z", severity=3),
        act("answer", f"{WEDNESDAY}T10:00:00Z", by="alice"),
        {"do": "end", "at": f"{WEDNESDAY}T12:00:00Z"},
    ]
    # 540 minutes from Monday 09:00 end on Monday at 18:00, before the change: from the change then,
    # at which the clock stands still until Wednesday 10:00.
    assert [clock["due_at"] for clock in clocks(scenario)] == [f"{THURSDAY}T10:00:00Z"]


@pytest.mark.django_db
def test_a_raise_that_does_not_move_a_standing_clock_forgets_no_warning():
    scenario = [
        *agreement({"2": promise("resolution", 60), "3": promise("resolution", 60)}),
        filed(f"{MONDAY}T09:00:00Z", "product-partial"),
        act("ask", f"{MONDAY}T09:40:00Z"),
        act("change_severity", f"{MONDAY}T12:00:00Z", severity=2),
        act("answer", f"{MONDAY}T13:00:00Z", by="alice"),
        {"do": "end", "at": f"{MONDAY}T13:05:00Z"},
    ]
    # 20 of the 60 minutes are left when it goes on, which the new 60 do not shorten.
    assert [(clock["due_at"], clock["warned_at"]) for clock in clocks(scenario)] == [
        (f"{MONDAY}T13:20:00Z", [f"{MONDAY}T09:30:00Z", None])
    ]


@pytest.mark.django_db
def test_updates_that_have_begun_go_on_though_an_answer_is_owed_since():
    targets = {
        "2": {
            "response": {"minutes": 600, "unit": "elapsed"},
            "further": {"update": {"minutes": 540, "unit": "working"}},
        },
        "3": {"response": None, "further": {"update": {"minutes": 540, "unit": "working"}}},
    }
    scenario = [
        *agreement(targets),
        filed(f"{MONDAY}T09:00:00Z", "product-partial"),
        act("change_severity", f"{MONDAY}T09:10:00Z", severity=2),
        act("reply", f"{MONDAY}T10:00:00Z"),
        {"do": "end", "at": f"{MONDAY}T11:00:00Z"},
    ]
    assert [(clock["started_at"], clock["met_at"]) for clock in clocks(scenario)] == [
        (f"{MONDAY}T09:00:00Z", f"{MONDAY}T10:00:00Z"),
        (f"{MONDAY}T10:00:00Z", None),
    ]


@pytest.mark.django_db
def test_what_was_reopened_unanswered_is_owed_an_answer_once_its_severity_promises_one():
    scenario = [
        *agreement({"4": {"response": None}}),
        filed(f"{MONDAY}T09:00:00Z", "product-partial"),
        act("change_severity", f"{MONDAY}T09:10:00Z", severity=4),
        act("withdraw", f"{MONDAY}T09:20:00Z", by="alice"),
        act("reopen", f"{MONDAY}T10:00:00Z"),
        act("change_severity", f"{MONDAY}T10:10:00Z", severity=2),
        {"do": "end", "at": f"{MONDAY}T11:00:00Z"},
    ]
    report = played(scenario)
    assert report == report_of(scenario)
    assert report["incidents"][0]["response"]["due_at"] == f"{MONDAY}T14:10:00Z"


def clocks(scenario: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the further clocks of the only incident, in which the product and the model agree."""
    report = played(scenario)
    assert report == report_of(scenario)
    (incident,) = report["incidents"]
    found: list[dict[str, Any]] = incident["clocks"]
    return found


def agreement(targets: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "do": "office",
            "key": "o",
            "name": "Office",
            "calendar": {"timezone": "UTC", "week": WEEK},
        },
        {"do": "staff", "key": "tom", "role": "tam", "office": "o"},
        {"do": "customer", "key": "acme", "name": "Acme"},
        {"do": "programme", "key": "p", "edition": "msa-enterprise-fr-2022", "targets": targets},
        {
            "do": "certificate",
            "key": "c",
            "customer": "acme",
            "programme": "p",
            "office": "o",
            "valid_from": "2026-01-01",
            "valid_until": "2026-12-31",
            "tam": "tom",
            "contacts": [{"key": "alice", "name": "Alice", "email": "alice@acme.example"}],
        },
    ]


def promise(kind: str, minutes: int) -> dict[str, Any]:
    return {"further": {kind: {"minutes": minutes, "unit": "working"}}}


def filed(at: str, category: str) -> dict[str, Any]:
    return {
        "do": "file",
        "at": at,
        "key": "i1",
        "by": "alice",
        "certificate": "c",
        "category": category,
        "channel": "portal",
        "title": "It fails",
        "text": "It fails.",
    }


def act(do: str, at: str, by: str = "tom", **fields: object) -> dict[str, Any]:
    return {"do": do, "at": at, "incident": "i1", "by": by, "text": "…", **fields}
