"""Clocks besides the first response: they stand still while the move is the customer's."""

from datetime import UTC, datetime

import pytest

from msa.scenarios.lines import checked
from msa.scenarios.stage import rehearse

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OFFICE_DAY = [["09:00", "18:00"]]
OFFICE_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE_DAY)

pytestmark = pytest.mark.django_db


def life(targets, *acts):
    """Return the report's incident after acts on it; it is filed on Monday at 09:00 in Paris."""
    certificate = {
        "do": "certificate",
        "key": "c1",
        "customer": "acme",
        "programme": "plan",
        "office": "paris",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": "tom",
        "contacts": [{"key": "alice", "name": "Alice", "email": "alice@acme.example"}],
    }
    calendar = {"timezone": "Europe/Paris", "week": OFFICE_WEEK}
    lines = [
        {"do": "office", "key": "paris", "name": "Paris", "calendar": calendar},
        {"do": "staff", "key": "tom", "role": "tam", "office": "paris"},
        {"do": "staff", "key": "hanna", "role": "team_head", "office": "paris"},
        {"do": "customer", "key": "acme", "name": "Acme"},
        {
            "do": "programme",
            "key": "plan",
            "edition": "msa-enterprise-fr-2022",
            "targets": {"2": {"further": targets}, **targets.pop("others", {})},
        },
        certificate,
        {
            "do": "file",
            "at": "2026-03-02T08:00:00Z",
            "key": "i1",
            "by": "alice",
            "certificate": "c1",
            "category": "product-malfunction",
            "title": "Scans stop",
            "text": "Why?",
        },
        *acts,
    ]
    report = rehearse(checked(lines, now=NOW))
    assert report["refused"] == []
    return report["incidents"][0]


def act(at, do, by="tom", **fields):
    return {"at": f"2026-03-{at}:00Z", "do": do, "incident": "i1", "by": by, "text": "…", **fields}


def end(at):
    return {"at": f"2026-03-{at}:00Z", "do": "end"}


def clocks(incident, kind):
    """Return due, met and breached of each measurement of a kind, in March."""
    return [
        tuple(clock[name] and clock[name][8:16] for name in ("due_at", "met_at", "breached_at"))
        for clock in incident["clocks"]
        if clock["kind"] == kind
    ]


def elapsed(minutes):
    return {"minutes": minutes, "unit": "elapsed"}


def working(minutes):
    return {"minutes": minutes, "unit": "working"}


def test_a_resolution_stands_still_while_we_wait_for_the_customer():
    incident = life(
        {"resolution": elapsed(48 * 60)},
        act("02T10:00", "ask"),  # 2 of 48 hours are used
        act("03T10:00", "answer", "alice"),
        act("03T12:00", "offer_solution"),  # 4 hours are used
        act("05T12:00", "accept", "alice"),
        end("20T00:00"),
    )
    assert clocks(incident, "resolution") == [("05T08:00", "03T12:00", None)]


def test_in_working_time_nights_and_the_customers_side_do_not_count():
    incident = life(
        {"resolution": working(12 * 60)},
        act("02T10:00", "ask"),  # 09:00–11:00 in Paris: 2 of 12 hours
        act("06T16:00", "answer", "alice"),  # Friday 17:00: 1 hour more until 18:00
        end("09T17:30"),  # Monday 09:00–18:00: 9 hours; the twelfth ends with the day
    )
    assert clocks(incident, "resolution") == [("09T17:00", None, "09T17:00")]
    assert incident["escalation_level"] == 2


def test_a_declined_solution_leaves_what_was_left():
    incident = life(
        {"resolution": elapsed(8 * 60)},
        act("02T12:00", "offer_solution"),  # 4 of 8 hours
        act("04T12:00", "decline", "alice"),
        end("04T16:00"),
    )
    assert clocks(incident, "resolution") == [("04T16:00", None, None)]


def test_a_reopened_incident_takes_its_resolution_up_where_it_stood():
    incident = life(
        {"resolution": elapsed(8 * 60)},
        act("02T12:00", "offer_solution"),
        act("04T12:00", "accept", "alice"),
        act("10T12:00", "reopen", "alice"),
        end("10T16:00"),
    )
    assert clocks(incident, "resolution") == [
        ("02T16:00", "02T12:00", None),
        ("10T16:00", None, None),
    ]


def test_what_was_missed_is_not_promised_again():
    incident = life(
        {"resolution": elapsed(60)},
        act("02T12:00", "offer_solution"),
        act("04T12:00", "accept", "alice"),
        act("10T12:00", "reopen", "alice"),
        end("20T00:00"),
    )
    assert clocks(incident, "resolution") == [("02T09:00", "02T12:00", "02T09:00")]


def test_a_workaround_is_owed_once():
    incident = life(
        {"workaround": working(10 * 60)},
        act("02T09:00", "respond"),
        act("03T08:59", "record_workaround"),  # ten hours end on Tuesday at 10:00
        act("03T10:00", "change_severity", severity=1),
        end("20T00:00"),
    )
    assert clocks(incident, "workaround") == [("03T09:00", "03T08:59", None)]


def test_updates_are_owed_from_the_first_answer_on_and_with_each_word_anew():
    incident = life(
        {"update": elapsed(4 * 60)},
        act("02T09:00", "respond"),
        act("02T12:00", "reply"),
        act("02T13:00", "ask"),
        act("03T13:00", "answer", "alice"),
        end("03T17:01"),
    )
    assert clocks(incident, "update") == [
        ("02T13:00", "02T12:00", None),
        ("02T16:00", "02T13:00", None),
        ("03T17:00", None, "03T17:00"),
    ]


def test_a_next_response_is_owed_for_the_oldest_word_that_is_unanswered():
    incident = life(
        {"next_response": elapsed(2 * 60)},
        act("02T08:30", "answer", "alice"),  # before the first response: that one is owed
        act("02T09:00", "respond"),
        act("02T10:00", "answer", "alice"),
        act("02T11:00", "answer", "alice"),
        act("02T11:30", "reply"),  # not qualified: it answers nothing
        act("02T12:00", "respond"),  # in time, to the second
        act("02T14:00", "answer", "alice"),
        end("02T17:00"),
    )
    assert clocks(incident, "next_response") == [
        ("02T12:00", "02T12:00", None),
        ("02T16:00", None, "02T16:00"),
    ]


def test_a_raised_severity_promises_the_earlier_of_both():
    others = {"1": {"further": {"resolution": elapsed(3 * 60)}}}
    incident = life(
        {"resolution": elapsed(8 * 60), "others": others},
        act("02T10:00", "change_severity", severity=1),
        end("02T12:00"),
    )
    assert clocks(incident, "resolution") == [("02T13:00", None, None)]


def test_a_severity_that_promises_nothing_of_the_kind_leaves_what_was_promised():
    incident = life(
        {"resolution": elapsed(8 * 60)},
        act("02T10:00", "change_severity", severity=4),
        end("02T12:00"),
    )
    assert clocks(incident, "resolution") == [("02T16:00", None, None)]


def test_where_no_answer_is_promised_updates_are_owed_from_the_report_on():
    incident = life(
        {"update": elapsed(4 * 60), "others": {}},
        end("02T11:59"),
    )
    assert incident["response"]["due_at"] == "2026-03-02T12:00:00Z"
    assert "clocks" not in incident
    without = life(
        {
            "update": elapsed(4 * 60),
            "others": {"2": {"response": None, "further": {"update": elapsed(4 * 60)}}},
        },
        end("02T12:01"),
    )
    assert without["response"] is None
    assert clocks(without, "update") == [("02T12:00", None, "02T12:00")]


def test_a_closed_day_moves_a_resolution_in_working_time_and_not_the_one_that_stands_still():
    closing = {"at": "2026-03-02T11:00:00Z", "do": "close_day", "office": "paris"}
    incident = life(
        {"resolution": working(12 * 60), "workaround": elapsed(60 * 60)},
        act("02T10:00", "respond"),
        closing | {"date": "2026-03-03"},
        end("04T10:59"),
    )
    assert clocks(incident, "resolution") == [("04T11:00", None, None)]
    assert clocks(incident, "workaround") == [("04T20:00", None, None)]


def test_a_call_logged_afterwards_was_an_update_then():
    incident = life(
        {"update": elapsed(4 * 60)},
        act("02T09:00", "respond"),
        act("02T12:30", "log_call", caller="alice", qualified=False),
        end("02T16:00"),
    )
    assert clocks(incident, "update") == [
        ("02T13:00", "02T12:30", None),
        ("02T16:30", None, None),
    ]
