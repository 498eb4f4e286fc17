"""What became of promises: as a play reports it, and as the journal has it on record."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeAlias

from django.db.models import QuerySet
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from incidents.explained import Verdict
from incidents.models import ClockKind, Incident, JournalEntry
from incidents.models.clock import LASTING
from incidents.states import State

LABELS: Mapping[Verdict, LazyText] = {
    Verdict.KEPT: _("kept"),
    Verdict.MISSED: _("missed"),
    Verdict.RUNNING: _("still running"),
    Verdict.ENDED: _("closed before it was due"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one clock by the end of a period."""

    due_at: datetime
    met_at: datetime | None = None
    breached_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(met_at=self.met_at, breached_at=self.breached_at, ended_at=self.ended_at)

    @property
    def verdict_label(self) -> str:
        return str(LABELS[self.verdict])


Key: TypeAlias = tuple[str, int]  # the kind of clock, and which of that kind
Outcomes: TypeAlias = dict[Key, Outcome]
Fields: TypeAlias = Mapping[str, Any]


def reported(incident: Fields) -> Outcomes:
    """Return the outcomes of one incident of a play's report: of responses, the latest."""
    outcomes: Outcomes = {}
    if response := incident["response"]:
        met_at = _instant(response["responded_at"])
        closed_at = _closed_at(incident) if incident["state"] == State.CLOSED else None
        outcomes[ClockKind.RESPONSE, 0] = Outcome(
            due_at=_required(response["due_at"]),
            met_at=met_at,
            breached_at=_instant(response["breached_at"]),
            ended_at=met_at or closed_at,
        )
    counted: Counter[str] = Counter()
    for clock in incident.get("clocks", []):
        outcomes[clock["kind"], counted[clock["kind"]]] = Outcome(
            due_at=_required(clock["due_at"]),
            met_at=_instant(clock["met_at"]),
            breached_at=_instant(clock["breached_at"]),
            ended_at=_instant(clock["ended_at"]),
        )
        counted[clock["kind"]] += 1
    return outcomes


def on_record(incidents: QuerySet[Incident], *, until: datetime) -> dict[str, Outcomes]:
    """Return the outcomes that the journals tell, by reference.

    Of what fell due, only what lies before `until`: at that instant an act is still in time.
    """
    entries = (
        JournalEntry.objects.filter(incident__in=incidents, kind__in=_TELLING, at__lte=until)
        .exclude(kind="clock_breached", at=until)
        .select_related("incident")
        .order_by("incident", "number")
    )
    return {
        reference: told_by(theirs)
        for reference, theirs in groupby(entries, key=lambda entry: entry.incident.reference)
    }


def told_by(entries: Iterable[JournalEntry]) -> Outcomes:
    """Return the outcomes that the entries of one incident tell, in their order.

    Entries from before there were clocks of several kinds name neither the kind nor the reception.
    """
    told: _Told = {}
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    for entry in entries:
        match entry.kind:
            case "expiry_set_aside":
                _run_on(told)
            case "solution_offered":
                offered_at = entry.at
            case "accepted":
                accepted_at = entry.at
            case _:
                solved = offered_at if entry.at == accepted_at else None
                _take(told, entry, solved)
    return _numbered(told)


# By kind of clock and what it counts from: one that is taken up again counts from the same.
_Told: TypeAlias = dict[tuple[str, str], list[Outcome]]

_TELLING = (
    "filed",
    "solution_offered",
    "accepted",
    "clock_started",
    "clock_moved",
    "clock_stopped",
    "clock_ended",
    "clock_breached",
    "breach_set_aside",
    "expiry_set_aside",
)


def _take(told: _Told, entry: JournalEntry, solved_at: datetime | None) -> None:
    """Let one entry change what is known of the clocks of its kind that count from its instant.

    `solved_at` is when the offer came that was accepted right before.
    """
    data: Fields = entry.data["to"] if entry.kind == "clock_moved" else entry.data
    if "due_at" not in data:
        return
    kind, received_at = data.get("kind", str(ClockKind.RESPONSE)), data.get("received_at", "")
    clocks, due_at = told.setdefault((kind, received_at), []), _required(data["due_at"])
    if entry.kind == "clock_started" or not clocks:
        clocks.append(Outcome(due_at))
    known = replace(clocks[-1], due_at=due_at)
    match entry.kind:
        case "clock_breached":
            known = replace(known, breached_at=entry.at)
        case "breach_set_aside":
            known = replace(known, breached_at=None)
        case "clock_stopped" if solved_at and kind in LASTING:
            met_at = max(solved_at, _required(received_at))
            known = replace(known, met_at=met_at, ended_at=entry.at)
        case "clock_stopped":
            known = replace(known, met_at=entry.at, ended_at=entry.at)
        case "clock_ended":
            known = replace(known, ended_at=entry.at)
    clocks[-1] = known


def _numbered(told: _Told) -> Outcomes:
    outcomes: Outcomes = {}
    counted: Counter[str] = Counter()
    for (kind, _received_at), clocks in sorted(told.items()):
        for outcome in clocks:
            outcomes[kind, counted[kind]] = outcome
            counted[kind] += kind != ClockKind.RESPONSE
    return outcomes


def _run_on(told: _Told) -> None:
    """What the month's end had ended runs on: an answer had arrived in time (SPEC 8)."""
    for clocks in told.values():
        if clocks[-1].met_at is None:
            clocks[-1] = replace(clocks[-1], ended_at=None)


def _closed_at(incident: Fields) -> datetime | None:
    return _instant(incident["sides"][-1][2])


def _required(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
