"""A history played twice, as it was and as it would have been, and what differs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, TypeAlias

from django.db.models import QuerySet

from incidents.explained import Verdict
from incidents.models import ClockKind, Incident
from msa.scenarios.history import History
from msa.scenarios.lines import checked
from msa.scenarios.stage import rehearse
from msa.what_if.change import Change
from msa.what_if.outcomes import Outcome, Outcomes, on_record, reported

Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One promise of one incident that ended otherwise, or fell due at another instant.

    None: there was no such promise. `timezone` is the office's.
    """

    reference: str
    severity: int
    timezone: str
    kind: str
    before: Outcome | None
    after: Outcome | None

    @property
    def kind_label(self) -> str:
        return str(ClockKind(self.kind).label)

    @property
    def is_gained(self) -> bool:
        """Whether the change makes a breach."""
        return _is_missed(self.after) and not _is_missed(self.before)

    @property
    def is_lost(self) -> bool:
        """Whether the change leaves a breach out."""
        return _is_missed(self.before) and not _is_missed(self.after)


@dataclass(frozen=True, slots=True)
class Figures:
    """One play in figures: verdicts of first responses by severity, of the rest by kind of clock.

    Times of response run from reception; all durations are whole seconds.
    """

    responses: Mapping[int, Counter[Verdict]]
    further: Mapping[str, Counter[Verdict]]
    median_response_seconds: int | None
    worst_response_seconds: int | None
    vendor_working_seconds: int
    vendor_elapsed_seconds: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change would have done.

    `deviations` are promises that the play as it was shows otherwise than the record (before: the
    record, after: the play). `refused` are acts that the rules would not have allowed, each with
    the incident's reference: as it was, and under the change.
    """

    incidents: int
    ended_at: datetime
    before: Figures
    after: Figures
    differences: Sequence[Difference]
    deviations: Sequence[Difference]
    refused_before: Sequence[tuple[str, str]]
    refused_after: Sequence[tuple[str, str]]
    unknown: Sequence[tuple[str, str]]

    @property
    def gained(self) -> list[Difference]:
        return [difference for difference in self.differences if difference.is_gained]

    @property
    def lost(self) -> list[Difference]:
        return [difference for difference in self.differences if difference.is_lost]


def compare(history: History, change: Change, incidents: QuerySet[Incident]) -> Comparison:
    """Play a history as it was and under a change; nothing of either play stays.

    `incidents` are those of the history, whose record the first play is held against. Raises
    `ChangeError` for a change that cannot be.
    """
    changed = change.applied(history.lines)
    before = _rehearsed(history.lines, history.ended_at)
    after = _rehearsed(changed, history.ended_at)
    recorded = on_record(incidents, until=history.ended_at)
    zones = dict(incidents.values_list("reference", "certificate__office__timezone"))
    played = {
        reference: (incident["severity"], zones[reference])
        for reference, incident in before.incidents.items()
    }
    return Comparison(
        incidents=len(before.incidents),
        ended_at=history.ended_at,
        before=_figures(before.incidents.values()),
        after=_figures(after.incidents.values()),
        differences=_differences(played, before.outcomes(), after.outcomes()),
        deviations=_differences(played, recorded, before.outcomes()),
        refused_before=before.refused,
        refused_after=after.refused,
        unknown=history.unknown,
    )


@dataclass(frozen=True, slots=True)
class _Play:
    """What a rehearsal led to: incidents by reference, and acts that were refused."""

    incidents: Mapping[str, Fields]
    refused: Sequence[tuple[str, str]]

    def outcomes(self) -> dict[str, Outcomes]:
        return {reference: reported(incident) for reference, incident in self.incidents.items()}


def _rehearsed(lines: Sequence[Fields], now: datetime) -> _Play:
    report = rehearse(checked(list(lines), now=now))
    refused = [lines[number] for number in report["refused"]]
    return _Play(
        incidents={incident["incident"]: incident for incident in report["incidents"]},
        refused=[(line.get("incident") or line["key"], line["do"]) for line in refused],
    )


def _figures(incidents: Iterable[Fields]) -> Figures:
    responses: dict[int, Counter[Verdict]] = {}
    further: dict[str, Counter[Verdict]] = {}
    response_seconds = []
    working = elapsed = 0
    for incident in incidents:
        working += incident["vendor_working_seconds"]
        elapsed += incident["vendor_elapsed_seconds"]
        for (kind, _number), outcome in reported(incident).items():
            if kind != ClockKind.RESPONSE:
                further.setdefault(kind, Counter())[outcome.verdict] += 1
                continue
            responses.setdefault(incident["severity"], Counter())[outcome.verdict] += 1
            if outcome.met_at:
                response_seconds.append(_seconds_to(outcome.met_at, incident))
    return Figures(
        responses=dict(sorted(responses.items())),
        further={str(kind): further[kind] for kind in ClockKind if kind in further},
        median_response_seconds=int(median(response_seconds)) if response_seconds else None,
        worst_response_seconds=max(response_seconds, default=None),
        vendor_working_seconds=working,
        vendor_elapsed_seconds=elapsed,
    )


def _seconds_to(met_at: datetime, incident: Fields) -> int:
    """Return the time from reception, or from the reopening that asked anew, to an answer."""
    sides = [("", None, None), *incident["sides"]]
    receptions = [
        datetime.fromisoformat(start)
        for (_before, _start, ended), (_side, start, _end) in pairwise(sides)
        if start != ended
    ]
    received_at = max(at for at in receptions if at <= met_at)
    return (met_at - received_at) // timedelta(seconds=1)


def _differences(
    played: Mapping[str, tuple[int, str]],
    before: Mapping[str, Outcomes],
    after: Mapping[str, Outcomes],
) -> list[Difference]:
    """Return what differs; `played` has severity and time zone of each incident."""
    found = []
    for reference, (severity, timezone) in played.items():
        ours, theirs = before.get(reference, {}), after.get(reference, {})
        for key in dict.fromkeys([*ours, *theirs]):
            pair = ours.get(key), theirs.get(key)
            if _shown(pair[0]) != _shown(pair[1]):
                found.append(Difference(reference, severity, timezone, str(key[0]), *pair))
    return found


def _shown(outcome: Outcome | None) -> tuple[Any, ...]:
    return (outcome.due_at, outcome.verdict, outcome.met_at) if outcome else ()


def _is_missed(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.verdict is Verdict.MISSED
