"""The lists of the portal, by whose turn it is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import Certificate, User
from incidents.models import Clock, Incident, most_pressing
from incidents.states import FACTS, Side, State


class Turn(StrEnum):
    """Whose turn it is, as the customer reads it (SPEC 6)."""

    YOURS = "yours"
    OURS = "ours"
    CLOSED = "closed"


_STATES = MappingProxyType(
    {
        Turn.YOURS: [state for state in State if FACTS[state].side is Side.CUSTOMER],
        Turn.OURS: [state for state in State if FACTS[state].side is Side.VENDOR],
        Turn.CLOSED: [State.CLOSED],
    }
)
_ORDER: Mapping[Turn, Sequence[str]] = MappingProxyType(
    {
        Turn.YOURS: ("customer_side_until", "id"),
        Turn.OURS: ("queue_tier", "queue_severity", "queue_at", "id"),  # as in the TAM's queue
        Turn.CLOSED: ("-closed_at", "-id"),
    }
)


def incidents_by_turn(user: User, turn: Turn, at: datetime) -> QuerySet[Incident]:
    """Return what a contact sees of one turn, the most pressing first, with its clocks."""
    return (
        Incident.objects.visible_to(user, at)
        .filter(state__in=_STATES[turn])
        .select_related("author", "product", "certificate__office")
        .prefetch_related(Prefetch("clocks", latest_clocks()))
        .order_by(*_ORDER[turn])
    )


def states_of(turn: Turn) -> list[State]:
    """Return the states in which it is somebody's turn."""
    return _STATES[turn]


def turn_of(incident: Incident) -> Turn:
    """Return whose turn it is with an incident."""
    return next(turn for turn, states in _STATES.items() if incident.state in states)


def latest_clocks() -> QuerySet[Clock]:
    """Return the latest clock of each kind, incident by incident."""
    return Clock.objects.order_by("incident_id", "kind", "-received_at", "-id").distinct(
        "incident_id", "kind"
    )


def count_by_turn(user: User, at: datetime) -> dict[Turn, int]:
    counts = {
        turn.name: Count("pk", filter=Q(state__in=states)) for turn, states in _STATES.items()
    }
    found = Incident.objects.visible_to(user, at).aggregate(**counts)
    return {turn: found[turn.name] for turn in _STATES}


@dataclass(frozen=True, slots=True)
class Row:
    """One incident of a list, with the clock that the vendor's staff see (SPEC 19.7)."""

    incident: Incident
    clock: Clock | None
    clock_waits: bool
    may_act: bool


def rows(
    incidents: Iterable[Incident], certificates: Iterable[Certificate], at: datetime
) -> list[Row]:
    """Return incidents with their latest clocks; `certificates` are those that name the reader."""
    named = {certificate.pk for certificate in certificates}
    found = []
    for incident in incidents:
        clock = most_pressing(incident.clocks.all())
        waits = clock is not None and clock.is_waiting(at)
        found.append(Row(incident, clock, waits, may_act=incident.certificate_id in named))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the searched list, where every turn stands among the others."""

    turn: Turn
    row: Row
    is_new: bool


def lines(found: Iterable[Row], news: Collection[int]) -> list[Line]:
    """Return rows with whose turn it is, and whether the reader has something new to read."""
    return [Line(turn_of(row.incident), row, row.incident.pk in news) for row in found]
