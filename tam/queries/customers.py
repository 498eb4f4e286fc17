"""One customer as account management sees them, and the list of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Certificate, Customer, Obligation, Role, User
from incidents.entitlements import Standing
from incidents.models import Clock, Incident, most_pressing
from incidents.queries import filings_left, latest_clocks, validity_of
from tam.queries.health import register_read_by
from tam.queries.standing import IS_OPEN, ORDER

INCIDENTS_SHOWN: Final = 10  # what a glance takes in; the rest stands in the queue
OPEN_OBLIGATIONS: Final = 100  # open ones on a page: more than a year's of ten certificates
SETTLED_OBLIGATIONS: Final = 10  # the latest; the administrators' list has them all
TEXT_LENGTH: Final = 200  # characters searched for: as long as a customer's name may be


@dataclass(frozen=True, slots=True)
class Row:
    """An open incident, with the clock that the queue shows."""

    incident: Incident
    clock: Clock | None
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """A certificate as it stands now; `left` None: any number of incidents can be filed."""

    certificate: Certificate
    standing: Standing
    left: int | None


@dataclass(frozen=True, slots=True)
class Register:
    """What is owed and open, and what was settled of late."""

    open: Sequence[Obligation]
    settled: Sequence[Obligation]


def narrowed(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Return those customers whose names or certificates have all the words, by name."""
    found = customers
    for word in text.split():
        numbered = Certificate.objects.filter(number__icontains=word).values("customer")
        found = found.filter(Q(name__icontains=word) | Q(pk__in=numbered))
    return found.order_by("name")


def open_incidents(customer: Customer, user: User, at: datetime) -> list[Row]:
    """Return the first open incidents in the queue's order. Two queries."""
    incidents = (
        Incident.objects.visible_to(user, at)
        .filter(IS_OPEN, customer=customer)
        .select_related("product")
        .defer("targets")
        .prefetch_related(Prefetch("clocks", latest_clocks()))
        .order_by(*ORDER)[:INCIDENTS_SHOWN]
    )
    rows = []
    for incident in incidents:
        clock = most_pressing(incident.clocks.all())
        rows.append(Row(incident, clock, clock is not None and clock.is_waiting(at)))
    return rows


def agreements(certificates: Sequence[Certificate], at: datetime) -> list[Agreement]:
    """Return certificates, whose offices and programmes are fetched, as they stand. One query."""
    left = filings_left(certificates, at)
    return [
        Agreement(certificate, validity_of(certificate, at).standing, left.get(certificate.pk))
        for certificate in certificates
    ]


def register(customer: Customer, user: User, at: datetime) -> Register:
    """Return what is owed to a customer, as far as the person is in charge of it. Two queries."""
    owed = (
        register_read_by(user, at)
        .filter(customer=customer)
        .select_related("certificate__office", "delivered_by", "waived_by")
    )
    standing = Q(delivered_at=None, waived_at=None)
    settled = owed.exclude(standing)
    return Register(
        open=list(owed.filter(standing).order_by("due_at", "pk")[:OPEN_OBLIGATIONS]),
        settled=list(settled.order_by("-due_at", "-pk")[:SETTLED_OBLIGATIONS]),
    )


def heads_of(certificates: Sequence[Certificate]) -> list[User]:
    """Return the heads of the teams in the offices of certificates."""
    offices = {certificate.office_id for certificate in certificates}
    heads = User.objects.filter(role=Role.TEAM_HEAD, office__in=offices, is_active=True)
    return list(heads.order_by("name"))
