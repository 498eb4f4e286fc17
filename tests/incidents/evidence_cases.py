"""A life with all kinds of clocks, and the independent program that checks evidence."""

from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from incidents.models import Incident
from msa.scenarios.lines import checked
from msa.scenarios.player import Player

CHECKER = Path(__file__).parents[2] / "docs" / "check_evidence.py"
NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)

_spec = spec_from_file_location("check_evidence", CHECKER)
assert _spec is not None
assert _spec.loader is not None
checker: Any = module_from_spec(_spec)
_spec.loader.exec_module(checker)

_WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
_TARGETS: dict[str, Any] = {
    "response": {"minutes": 240, "unit": "working"},
    "call_required": True,
    "further": {
        "next_response": {"minutes": 120, "unit": "elapsed"},
        "update": {"minutes": 1440, "unit": "elapsed"},
        "workaround": {"minutes": 480, "unit": "working"},
        "resolution": {"minutes": 2880, "unit": "working"},
    },
}
_SETTING: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "paris",
        "name": "Paris",
        "calendar": {
            "timezone": "Europe/Paris",
            "week": _WEEK,
            "closed": ["2026-04-06"],
            "special": {"2026-03-28": [["01:00", "12:00"]]},
        },
    },
    {"do": "staff", "key": "tom", "role": "tam", "office": "paris"},
    {"do": "staff", "key": "dan", "role": "duty_manager", "office": "paris"},
    {"do": "customer", "key": "acme", "name": "Acme"},
    {
        "do": "programme",
        "key": "p1",
        "edition": "msa-enterprise-fr-2022",
        "targets": {
            "2": {**_TARGETS, "response": {"minutes": 60, "unit": "elapsed"}},
            "3": _TARGETS,
        },
    },
    {
        "do": "certificate",
        "key": "c1",
        "customer": "acme",
        "programme": "p1",
        "office": "paris",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": "tom",
        "contacts": [{"key": "alice", "name": "Alice", "email": "alice@acme.example"}],
    },
    {
        "do": "shift",
        "person": "dan",
        "office": "paris",
        "from": "2026-01-01T00:00:00Z",
        "until": "2026-12-31T00:00:00Z",
    },
]
# Filed out of hours, over the spring's change of the clock, a calendar revised in between: every
# kind of clock, each way to end.
_LIFE: list[tuple[str, str, str | None, dict[str, Any]]] = [
    ("2026-03-27T20:00:00Z", "file", "alice", {"category": "product-partial"}),
    ("2026-03-27T20:30:00Z", "note", "tom", {}),
    ("2026-03-27T21:30:00Z", "answer", "alice", {}),
    ("2026-03-30T08:00:00Z", "respond", "tom", {}),
    ("2026-03-30T09:00:00Z", "answer", "alice", {}),
    ("2026-03-30T12:00:00Z", "change_severity", "tom", {"severity": 2}),
    ("2026-03-30T12:30:00Z", "ask", "tom", {}),
    ("2026-03-31T07:00:00Z", "answer", "alice", {}),
    ("2026-03-31T07:10:00Z", "log_call", "tom", {"caller": "alice", "qualified": True}),
    ("2026-03-31T08:00:00Z", "close_day", None, {"office": "paris", "date": "2026-04-02"}),
    ("2026-03-31T09:00:00Z", "record_workaround", "tom", {}),
    ("2026-03-31T10:00:00Z", "escalate", "alice", {}),
    ("2026-04-01T10:00:00Z", "offer_solution", "tom", {}),
    ("2026-04-03T07:00:00Z", "decline", "alice", {}),
    ("2026-04-03T08:00:00Z", "offer_solution", "tom", {}),
    ("2026-04-07T08:00:00Z", "accept", "alice", {}),
    ("2026-04-08T08:00:00Z", "reopen", "alice", {}),
    ("2026-04-08T09:00:00Z", "respond", "tom", {}),
]


def lived() -> Incident:
    """Return an incident that has lived through all that clocks can do."""
    lines: list[dict[str, Any]] = [*_SETTING]
    for at, do, by, fields in _LIFE:
        line = {"at": at, "do": do, "text": "…", **fields}
        if do == "file":
            line |= {"key": "i1", "certificate": "c1", "channel": "portal", "title": "It stops"}
        elif by:
            line["incident"] = "i1"
        lines.append({**line, "by": by} if by else line)
    return play(lines)["i1"]


def play(lines: list[dict[str, Any]], *, rehearsal: bool = False) -> dict[str, Incident]:
    """Return the incidents of a scenario by key, as they are stored."""
    player = Player(today=NOW.date(), rehearsal=rehearsal)
    player.play(checked(lines, now=NOW))
    return {key: Incident.objects.get(pk=one.pk) for key, one in player.incidents.items()}


def differences(evidence: Any) -> list[str]:
    """Return what the checker finds, one line each."""
    lines: list[str] = []
    checker.check(evidence, say=lines.append)
    return [line.strip() for line in lines if line.startswith(" ")]
