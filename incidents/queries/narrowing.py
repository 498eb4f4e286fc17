"""A contact's list as they narrow, search and order it (SPEC 6, 18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from incidents.models import Incident
from incidents.queries.lists import Turn, latest_clocks, states_of
from incidents.queries.search import search


class Order(StrEnum):
    """What comes first."""

    LATEST = "latest"
    RECEIVED = "received"
    OLDEST = "oldest"
    SEVERITY = "severity"


_ORDERS: Final[Mapping[Order, Sequence[str]]] = MappingProxyType(
    {
        Order.LATEST: ("-changed_at", "-id"),
        Order.RECEIVED: ("-received_at", "-id"),
        Order.OLDEST: ("received_at", "id"),
        Order.SEVERITY: ("severity", "-changed_at", "-id"),
    }
)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of the list is wanted. `since` and `until` are instants, the second exclusive."""

    text: str = ""
    turn: Turn | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    order: Order = Order.LATEST


def narrowed(user: User, narrowing: Narrowing, at: datetime) -> QuerySet[Incident]:
    """Return what a person sees of the list, in order, with what a line shows of each."""
    incidents = Incident.objects.visible_to(user, at).filter(**narrowing.conditions)
    if narrowing.turn is not None:
        incidents = incidents.filter(state__in=states_of(narrowing.turn))
    if narrowing.since:
        incidents = incidents.filter(received_at__gte=narrowing.since)
    if narrowing.until:
        incidents = incidents.filter(received_at__lt=narrowing.until)
    found: QuerySet[Incident] = search(incidents, narrowing.text, user, at)
    return (
        found.select_related("author", "category", "product", "certificate__office")
        .defer("targets")
        .prefetch_related(Prefetch("clocks", latest_clocks()))
        .order_by(*_ORDERS[narrowing.order])
    )
