"""What is on record of an incident's clocks, as the values that explanations reckon with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import CalendarRecord, Certificate
from accounts.worktime import Calendar
from incidents import rules
from incidents.explained import ClockFacts, Explanation, Happening, What
from incidents.explaining.steady import held_steady
from incidents.explanations import explain
from incidents.models import Clock, ClockKind, Incident, JournalEntry, SideInterval
from incidents.models.clock import FROM_RECEPTION, LASTING
from incidents.rules import Target
from incidents.states import Side

# What an entry about a clock tells of it.
_TOLD = {
    "clock_started": What.BEGAN,
    "clock_moved": What.MOVED,
    "clock_paused": What.PAUSED,
    "clock_warned": What.WARNED,
    "clock_stopped": What.MET,
    "clock_ended": What.ENDED,
    "clock_breached": What.BREACHED,
    "breach_set_aside": What.SET_ASIDE,
}

# Acts that are told though the clock stayed as it was.
_TOLD_ANYWAY = frozenset({"severity_changed", "call_logged"})

# Entries that lead to nothing that a clock does.
_WITHOUT_EFFECT = frozenset(
    {
        "assigned",
        "escalated",
        "escalation_acknowledged",
        "escalation_answered",
        "handed_back",
        "handed_to_team",
        "noted",
        "related",
        "reminded",
        "unrelated",
    }
)


def explain_incident(incident: Incident, at: datetime) -> list[Explanation]:
    """Explain every clock of an incident: kind by kind, the latest measurement first.

    The incident is brought up to date. As many queries whatever has happened.
    """
    with held_steady(incident):
        clocks = list(incident.clocks.order_by("id"))
        records = CalendarRecord.objects.in_bulk({clock.calendar for clock in clocks})
        entries = list(incident.journal.select_related("actor", "message").order_by("number"))
        sides = list(incident.sides.order_by("id"))
    calendars = {digest: record.calendar for digest, record in records.items()}
    latest_first = explain_clocks(clocks, entries, sides, calendars, at)[::-1]
    order = [str(kind) for kind in ClockKind]
    return sorted(latest_first, key=lambda each: order.index(each.facts.kind))


def explain_clocks(
    clocks: Sequence[Clock],
    entries: Sequence[JournalEntry],
    sides: Iterable[SideInterval],
    calendars: Mapping[str, Calendar],
    at: datetime,
) -> list[Explanation]:
    """Explain all clocks of an incident, which stand in the order of their keys, one for one.

    `entries` are its whole journal and `sides` all its intervals, in order; `calendars` are by
    digest.
    """
    moves = [(side.started_at, side.ended_at) for side in sides if side.side == Side.CUSTOMER]
    explanations = []
    for clock in clocks:
        story = _story(clock, clocks, entries)
        calendar = calendars[clock.calendar]
        explanations.append(explain(_facts(clock, story), story, moves, calendar, at))
    return explanations


def explain_filing(certificate: Certificate, at: datetime) -> dict[int, list[Explanation]]:
    """Explain what an incident filed in the portal at `at` would be promised, by severity."""
    targets = certificate.programme.targets()
    promised: defaultdict[int, list[Explanation]] = defaultdict(list)
    for severity in (1, 2, 3, 4):
        for kind in FROM_RECEPTION:
            target = Target.of(targets, kind, severity)
            if target:
                promised[severity].append(_of_filing(kind, target, certificate, at))
    return promised


def _of_filing(
    kind: ClockKind, target: Target, certificate: Certificate, at: datetime
) -> Explanation:
    calendar = certificate.hours
    value = rules.start(
        received_at=at, by_phone=False, target=target, percentages=(), calendar=calendar
    )
    facts = ClockFacts(kind=str(kind), value=value, settled_at=at)
    return explain(facts, [Happening(at, What.BEGAN, cause="filing")], (), calendar, at)


# What happened to a clock.


def _facts(clock: Clock, story: Sequence[Happening]) -> ClockFacts:
    reckoned = [told.at for told in story if told.what in {What.BEGAN, What.MOVED}]
    return ClockFacts(
        kind=str(clock.kind),
        value=clock.value(),
        settled_at=reckoned[-1] if reckoned else clock.received_at,
        met_at=clock.met_at,
        ended_at=clock.ended_at,
        breached_at=clock.breached_at,
        set_aside_at=clock.breach_set_aside_at,
    )


def _story(
    clock: Clock, clocks: Sequence[Clock], entries: Sequence[JournalEntry]
) -> list[Happening]:
    """Return what happened to a clock in the journal's order, but for what was taken back."""
    own = _entries_of(clock, clocks, entries)
    causes = {entry.number: _cause(entry, entries) for _, entry in own}
    led_to_something = {cause.number for cause in causes.values() if cause}
    told = {entry.number: entry for owner, entry in own if _holds(owner, entry)}
    told |= {
        entry.number: entry
        for entry in entries
        if entry.kind in _TOLD_ANYWAY
        and entry.number not in led_to_something
        and clock.ran_at(entry.at)
    }
    return [_happening(entry, causes.get(number)) for number, entry in sorted(told.items())]


def _entries_of(
    clock: Clock, clocks: Sequence[Clock], entries: Iterable[JournalEntry]
) -> list[tuple[Clock, JournalEntry]]:
    """Return what the journal says of a clock.

    Clocks of one kind and reception stand in the order in which they were started; one that was
    taken up again has the story of those before it as well, each entry with the clock it is about.
    """
    twins = [
        each for each in clocks if each.kind == clock.kind and each.received_at == clock.received_at
    ]
    place, started = twins.index(clock), -1
    found = []
    for entry in entries:
        summary = _summary(entry)
        if summary is None or summary["kind"] != clock.kind:
            continue
        if datetime.fromisoformat(summary["received_at"]) != clock.received_at:
            continue
        started += entry.kind == "clock_started"
        about = max(0, started)
        if about == place or (about < place and clock.kind in LASTING):
            found.append((twins[about], entry))
    return found


def _summary(entry: JournalEntry) -> Mapping[str, Any] | None:
    if entry.kind not in _TOLD:
        return None
    summary: Mapping[str, Any] = entry.data["to"] if entry.kind == "clock_moved" else entry.data
    return summary


def _cause(entry: JournalEntry, entries: Sequence[JournalEntry]) -> JournalEntry | None:
    """Return the act that led to what a clock did; None: a changed calendar, or time itself."""
    if entry.data.get("reason") == "calendar" or entry.kind in {"clock_warned", "clock_breached"}:
        return None
    before = [
        each
        for each in entries
        if each.number < entry.number
        and each.at == entry.at
        and each.kind not in _TOLD
        and each.kind not in _WITHOUT_EFFECT
    ]
    return before[-1] if before else None


def _holds(clock: Clock, entry: JournalEntry) -> bool:
    """Whether what an entry says still stands: a call that is logged later may have undone it.

    After a breach it does not matter any more that a clock stands still.
    """
    match entry.kind:
        case "clock_breached":
            return entry.at == clock.breached_at
        case "clock_paused":
            return clock.breached_at is None or entry.at < clock.breached_at
        case "clock_warned":
            return clock.ended_at is None or entry.at <= clock.ended_at
        case "clock_stopped" | "clock_ended":
            return entry.at in {clock.met_at, clock.ended_at}
        case _:
            return True


def _happening(entry: JournalEntry, cause: JournalEntry | None) -> Happening:
    act = cause or entry
    moved = entry.kind == "clock_moved"
    return Happening(
        at=entry.at,
        what=_TOLD.get(entry.kind, What.HAPPENED),
        cause=entry.data["reason"] if moved and cause is None else act.kind,
        actor=act.actor.name if act.actor else "",
        text=_reason_given(act),
        data=act.data,
        due_before=_due(entry.data["from"]) if moved else None,
        due_after=_due(entry.data["to"]) if moved else None,
    )


def _reason_given(entry: JournalEntry) -> str:
    """Return why a severity was changed: the customer reads that too (SPEC 5)."""
    if entry.kind != "severity_changed" or entry.message is None or entry.message.is_internal:
        return ""
    return entry.message.text


def _due(summary: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(summary["due_at"])
