"""What a handover tells of each incident, as things stood at its instant (SPEC 10, 19.6)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any, Final

from django.db.models import Count, Max, Q
from django.utils.translation import gettext_lazy as _

from incidents.models import Clock, Incident, JournalEntry, SideInterval
from incidents.states import Side, State
from tam.models import Escalation, HandoverItem
from tam.queries.hands import Passing

# Incidents of a section. Nobody reads more at the start of a shift: the queue shows all of them.
SECTION_LIMIT: Final = 200

EXPIRY, ACKNOWLEDGEMENT = "expiry", "acknowledgement"

# What is told of a giver's turn, in the order in which it is told.
TOLD: Final = MappingProxyType(
    {
        "filed": _("Filed"),
        "reopened": _("Reopened"),
        "clock_breached": _("Time missed"),
        "severity_changed": _("Severity changed"),
        "escalated": _("Escalated"),
        "escalation_acknowledged": _("Escalation acknowledged"),
        "escalation_answered": _("Escalation answered"),
        "responded": _("Answered"),
        "replied": _("Message sent"),
        "asked": _("Question asked"),
        "solution_offered": _("Solution offered"),
        "workaround_recorded": _("Workaround recorded"),
        "taken_back": _("Taken back"),
        "call_logged": _("Call logged"),
        "noted": _("Note written"),
        "assigned": _("Assigned"),
        "handed_to_team": _("Handed to a team"),
        "handed_back": _("Handed back"),
        "answered": _("Message from the customer"),
        "declined": _("Solution declined"),
        "accepted": _("Solved"),
        "withdrawn": _("Withdrawn"),
        "expired": _("Closed without a reply"),
    }
)
_BY_THE_CLOCK: Final = ("clock_breached", "expired", "escalated")
_CUSTOMERS_MOVE: Final = {
    "asked": State.AWAITING_CUSTOMER,
    "solution_offered": State.SOLUTION_OFFERED,
}


def summarise(passing: Mapping[int, Passing], at: datetime) -> list[HandoverItem]:
    """Return the items of a handover, not saved, of the certificates that change hands.

    First what is overdue or falls due in the receiver's turn, then all else that is open, then what
    was done in the giver's. Whatever has happened since `at` is left out. Ten queries at most.
    """
    opened = _open_at(passing, at)
    done = _done(passing, at)
    acted_on = Incident.objects.filter(pk__in=done).select_related("customer")
    facts = _Facts.of([*opened, *acted_on], at)
    due: list[tuple[datetime, HandoverItem]] = []
    rest = []
    for incident in opened:
        next_due, told = facts.next_due(incident), facts.of_incident(incident)
        if next_due is not None and next_due[0] <= passing[incident.certificate_id].until:
            due.append((next_due[0], _item(incident, HandoverItem.Section.DUE, told)))
        else:
            rest.append(_item(incident, HandoverItem.Section.OPEN, told))
    finished = [
        _item(incident, HandoverItem.Section.DONE, facts.of_incident(incident) | done[incident.pk])
        for incident in acted_on
    ]
    items = [
        *(item for _due_at, item in sorted(due, key=lambda pair: pair[0])),
        *rest,
        *sorted(finished, key=lambda item: item.facts["last_at"], reverse=True),
    ]
    for position, item in enumerate(items):
        item.position = position
    return items


def _open_at(certificates: Iterable[int], at: datetime) -> list[Incident]:
    """Return the incidents that were some side's then, in the order of the queue."""
    standing = Q(sides__ended_at=None) | Q(sides__ended_at__gt=at)
    found = Incident.objects.filter(
        standing, certificate__in=certificates, sides__started_at__lte=at
    ).select_related("customer")
    ordered = found.order_by("queue_tier", "queue_severity", "queue_at", "id")
    return list(ordered[:SECTION_LIMIT])


def _done(passing: Mapping[int, Passing], at: datetime) -> dict[int, dict[str, Any]]:
    """Return what people did in the giver's turn, and what was missed: counts by incident."""
    turns = defaultdict(list)
    for certificate, span in passing.items():
        turns[span.since].append(certificate)
    within = [
        Q(incident__certificate__in=keys, at__gte=since, incident__changed_at__gte=since)
        for since, keys in turns.items()
    ]
    counted = (
        JournalEntry.objects.filter(reduce(or_, within, Q(pk=None)), at__lt=at, kind__in=TOLD)
        .filter(Q(actor__isnull=False) | Q(kind__in=_BY_THE_CLOCK))
        .order_by()
        .values("incident", "kind")
        .annotate(times=Count("pk"), last_at=Max("at"))
    )
    acts: dict[int, dict[str, int]] = defaultdict(dict)
    last: dict[int, datetime] = {}
    for row in counted:
        key = row["incident"]
        acts[key][row["kind"]] = row["times"]
        last[key] = max(row["last_at"], last.get(key, row["last_at"]))
    latest = sorted(last, key=lambda key: last[key], reverse=True)[:SECTION_LIMIT]
    return {key: {"acts": acts[key], "last_at": last[key].isoformat()} for key in latest}


def _item(incident: Incident, section: HandoverItem.Section, facts: dict[str, Any]) -> HandoverItem:
    return HandoverItem(
        customer_id=incident.customer_id, incident=incident, section=section, facts=facts
    )


@dataclass
class _Facts:
    """What is true of some incidents at an instant; of what changed since, what was before."""

    at: datetime
    sides: Mapping[int, str] = field(default_factory=dict)
    clocks: Mapping[int, tuple[datetime, str]] = field(default_factory=dict)
    escalations: Mapping[int, Escalation] = field(default_factory=dict)
    severities: Mapping[int, int] = field(default_factory=dict)
    states: Mapping[int, State] = field(default_factory=dict)

    @classmethod
    def of(cls, incidents: Sequence[Incident], at: datetime) -> "_Facts":
        keys = {incident.pk for incident in incidents}
        sides = dict(
            SideInterval.objects.filter(
                Q(ended_at=None) | Q(ended_at__gt=at), incident__in=keys, started_at__lte=at
            ).values_list("incident", "side")
        )
        running = Clock.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=at), incident__in=keys, received_at__lte=at
        )
        reached = Escalation.objects.filter(incident__in=keys, opened_at__lte=at)
        later = JournalEntry.objects.filter(incident__in=keys, at__gt=at).order_by("-number")
        changed = list(later.values_list("incident", "kind", "data"))
        return cls(
            at,
            sides,
            _first_due(running, changed),
            {each.incident_id: each for each in reached.order_by("level") if each.incident_id},
            {key: data["from"] for key, kind, data in changed if kind == "severity_changed"},
            dict(_states_before(incidents, {key for key, *_rest in changed}, sides, at)),
        )

    def of_incident(self, incident: Incident) -> dict[str, Any]:
        """Return what is kept of an incident: strings, numbers and truth values, no words."""
        escalation, due = self.escalations.get(incident.pk), self.next_due(incident)
        return {
            "state": str(self.states.get(incident.pk, incident.state)),
            "side": self.sides.get(incident.pk, ""),
            "severity": self.severities.get(incident.pk, incident.severity),
            "level": escalation.level if escalation else 0,
            "due_at": due[0].isoformat() if due else None,
            "due": due[1] if due else "",
            "overdue": bool(due and due[0] < self.at),
        }

    def next_due(self, incident: Incident) -> tuple[datetime, str] | None:
        """Return the earliest of what is due of an incident, and what it is."""
        return min(self._due(incident), default=None)

    def _due(self, incident: Incident) -> Iterator[tuple[datetime, str]]:
        side = self.sides.get(incident.pk)
        clock, escalation = self.clocks.get(incident.pk), self.escalations.get(incident.pk)
        if clock is not None and side == Side.VENDOR:
            yield clock
        if incident.customer_side_until is not None and side == Side.CUSTOMER:
            yield incident.customer_side_until, EXPIRY
        if side and escalation is not None and escalation.acknowledge_by is not None:
            acknowledged_at = escalation.acknowledged_at
            if acknowledged_at is None or acknowledged_at > self.at:
                yield escalation.acknowledge_by, ACKNOWLEDGEMENT


def _first_due(
    clocks: Iterable[Clock], changed: Iterable[tuple[int, str, Any]]
) -> dict[int, tuple[datetime, str]]:
    """Return what is due first of each incident; a due time that moved since is taken back.

    `changed` are the later entries, the latest first.
    """
    before = {
        (key, data["from"]["kind"]): datetime.fromisoformat(data["from"]["due_at"])
        for key, kind, data in changed
        if kind == "clock_moved"
    }
    due: dict[int, tuple[datetime, str]] = {}
    for clock in clocks:
        key, kind = clock.incident_id, str(clock.kind)
        then = before.get((key, kind), clock.due_at), kind
        due[key] = min(then, due.get(key, then))
    return due


def _states_before(
    incidents: Iterable[Incident], changed: set[int], sides: Mapping[int, str], at: datetime
) -> Iterator[tuple[int, State]]:
    """Yield the states of those incidents whose state now may be another."""
    put = JournalEntry.objects.filter(incident__in=changed, at__lte=at, kind__in=_CUSTOMERS_MOVE)
    moves = dict(put.order_by("number").values_list("incident", "kind")) if changed else {}
    for incident in incidents:
        if incident.pk not in changed:
            continue
        match sides.get(incident.pk):
            case Side.CUSTOMER:
                yield incident.pk, _CUSTOMERS_MOVE[moves[incident.pk]]
            case Side.VENDOR:
                responded_at = incident.responded_at
                answered = responded_at is not None and responded_at <= at
                yield incident.pk, State.IN_PROGRESS if answered else State.RECEIVED
            case _:
                yield incident.pk, State.CLOSED
