"""How it stands with customers, and why: from what is recorded, without a score.

A few queries, however many customers there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, IntegerChoices, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access import certificates_read_by
from accounts.endings import WARNING_DAYS, days_left
from accounts.models import Certificate, Customer, Obligation, User
from incidents.entitlements import Standing
from incidents.models import Clock, ClockKind, Incident
from incidents.queries import validity_of
from tam.queries.standing import IS_OPEN, OUR_MOVE, RUNNING, escalated, overdue

JUDGED_WITHIN: Final = timedelta(days=90)  # a quarter: what people remember of each other
IN_TIME_LEAST: Final = 90  # per cent; with one answer in ten late a customer speaks of it
DUE_SOON: Final = timedelta(days=14)  # as long as a quarterly report takes to write
ENDS_SOON_DAYS: Final = max(WARNING_DAYS)
CRITICAL: Final = 1  # the severity that is named by itself


class State(IntegerChoices):
    """How it stands; the worst first."""

    TROUBLE = 0, gettext_lazy("Trouble")
    ATTENTION = 1, gettext_lazy("Needs attention")
    GOOD = 2, gettext_lazy("Good")

    @property
    def tone(self) -> str:
        return {State.TROUBLE: "hot", State.ATTENTION: "offer", State.GOOD: "done"}[self]


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that makes the state what it is, in the active language."""

    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a customer's incidents; `next_due_at` of those that are not overdue."""

    open: int = 0
    ours: int = 0
    overdue: int = 0
    escalated: int = 0
    critical: int = 0
    next_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InTime:
    """Of the response clocks that were judged lately, how many were met."""

    met: int = 0
    judged: int = 0

    @property
    def missed(self) -> int:
        return self.judged - self.met

    @property
    def percentage(self) -> int | None:
        """Rounded down: 100 is shown only when nothing was missed."""
        return self.met * 100 // self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Owed:
    """What is open in the register; `first` is due next, or is longest overdue."""

    first: Obligation | None = None
    overdue: int = 0


@dataclass(frozen=True)
class Health:
    """One customer as a person sees them at an instant."""

    customer: Customer
    at: datetime
    figures: Figures
    in_time: InTime
    owed: Owed
    certificates: Sequence[Certificate] = field(repr=False)

    @property
    def state(self) -> State:
        return min((reason.state for reason in self.reasons), default=State.GOOD)

    @property
    def reasons(self) -> list[Reason]:
        """Return why the state is what it is, the worst first; empty where all is well."""
        found = [*_of_incidents(self.figures), *_of_answers(self.in_time)]
        found += [*_of_register(self.owed, self.at), *_of_agreement(self)]
        return sorted(found, key=lambda reason: reason.state)

    @property
    def in_force(self) -> list[Certificate]:
        return self._standing(Standing.IN_FORCE)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is in force any more, and nothing is to come."""
        over = self._standing(Standing.ENDED) + self._standing(Standing.REVOKED)
        return bool(over) and len(over) == len(self.certificates)

    @property
    def ending(self) -> Certificate | None:
        """Return the certificate in force that ends first and has not been renewed."""
        unrenewed = [one for one in self.in_force if not _is_renewed(one)]
        return min(unrenewed, key=lambda one: (one.valid_until, one.pk), default=None)

    @property
    def urgency(self) -> tuple[Any, ...]:
        """Sort customers by it: the worst first, then whose deadline is next."""
        figures = self.figures
        due_at = figures.next_due_at
        return (
            self.state,
            -figures.overdue,
            -figures.escalated,
            due_at is None,
            due_at or self.at,
            self.customer.name,
            self.customer.pk,
        )

    def _standing(self, standing: Standing) -> list[Certificate]:
        return [one for one in self.certificates if validity_of(one, self.at).standing is standing]


def health_of(customers: Iterable[Customer], user: User, at: datetime) -> list[Health]:
    """Return how it stands with customers, the worst first, by what the person may know of."""
    chosen = list(customers)
    keys = [customer.pk for customer in chosen]
    seen = Incident.objects.visible_to(user, at).filter(customer__in=keys)
    figures, in_time = _figures(seen, at), _in_time(seen, keys, at)
    certificates = _certificates(user, keys, at)
    owed = _owed(user, keys, at)
    found = [
        Health(
            customer=customer,
            at=at,
            figures=figures.get(customer.pk, Figures()),
            in_time=in_time.get(customer.pk, InTime()),
            owed=owed.get(customer.pk, Owed()),
            certificates=certificates.get(customer.pk, ()),
        )
        for customer in chosen
    ]
    return sorted(found, key=lambda health: health.urgency)


def register_read_by(user: User, at: datetime) -> QuerySet[Obligation]:
    """Return what is owed under the certificates that staff are in charge of, or to all of them."""
    theirs = certificates_read_by(user, at)
    return Obligation.objects.filter(
        Q(certificate__in=theirs.values("pk"))
        | Q(certificate=None, customer__in=theirs.values("customer"))
    )


def _figures(seen: QuerySet[Incident], at: datetime) -> Mapping[int, Figures]:
    counted = (
        seen.filter(IS_OPEN)
        .order_by()
        .values("customer")
        .annotate(
            open=Count("pk"),
            ours=Count("pk", filter=OUR_MOVE),
            overdue=Count("pk", filter=overdue(at)),
            escalated=Count("pk", filter=escalated()),
            critical=Count("pk", filter=OUR_MOVE & Q(severity=CRITICAL)),
            next_due_at=Min("queue_at", filter=RUNNING & Q(queue_at__gte=at)),
        )
    )
    return {
        row["customer"]: Figures(
            open=row["open"],
            ours=row["ours"],
            overdue=row["overdue"],
            escalated=row["escalated"],
            critical=row["critical"],
            next_due_at=row["next_due_at"],
        )
        for row in counted
    }


def _in_time(
    seen: QuerySet[Incident], customers: Sequence[int], at: datetime
) -> Mapping[int, InTime]:
    within = (at - JUDGED_WITHIN, at)
    judged = Q(breached_at__range=within) | Q(breached_at=None, met_at__range=within)
    counted = (
        Clock.objects.filter(
            judged, kind=ClockKind.RESPONSE, customer__in=customers, incident__in=seen.values("pk")
        )
        .order_by()
        .values("customer")
        .annotate(met=Count("pk", filter=Q(breached_at=None)), judged=Count("pk"))
    )
    return {row["customer"]: InTime(row["met"], row["judged"]) for row in counted}


def _owed(user: User, customers: Sequence[int], at: datetime) -> Mapping[int, Owed]:
    standing = register_read_by(user, at).filter(
        customer__in=customers, delivered_at=None, waived_at=None
    )
    late = dict(
        standing.filter(due_at__lt=at).order_by().values_list("customer").annotate(Count("pk"))
    )
    first = standing.order_by("customer_id", "due_at", "pk").distinct("customer_id")
    return {
        obligation.customer_id: Owed(obligation, late.get(obligation.customer_id, 0))
        for obligation in first.select_related("certificate__office")
    }


def _certificates(
    user: User, customers: Sequence[int], at: datetime
) -> Mapping[int, list[Certificate]]:
    found: dict[int, list[Certificate]] = {}
    theirs = certificates_read_by(user, at).filter(customer__in=customers)
    related = theirs.select_related("office", "programme", "tam", "deputy", "renewal")
    for certificate in related.order_by("-valid_until", "number"):
        found.setdefault(certificate.customer_id, []).append(certificate)
    return found


def _of_incidents(figures: Figures) -> Iterable[Reason]:
    if count := figures.overdue:
        text = ngettext("%(n)d incident is overdue", "%(n)d incidents are overdue", count)
        yield Reason(State.TROUBLE, text % {"n": count})
    if count := figures.escalated:
        text = ngettext("%(n)d incident is escalated", "%(n)d incidents are escalated", count)
        yield Reason(State.TROUBLE, text % {"n": count})
    if count := figures.critical:
        text = ngettext(
            "%(n)d critical incident waits for us", "%(n)d critical incidents wait for us", count
        )
        yield Reason(State.ATTENTION, text % {"n": count})


def _of_answers(in_time: InTime) -> Iterable[Reason]:
    if not in_time.missed:
        return
    text = ngettext(
        "%(missed)d of %(judged)d answer came late in 90 days",
        "%(missed)d of %(judged)d answers came late in 90 days",
        in_time.judged,
    )
    is_bad = (in_time.percentage or 0) < IN_TIME_LEAST
    yield Reason(
        State.TROUBLE if is_bad else State.ATTENTION,
        text % {"missed": in_time.missed, "judged": in_time.judged},
    )


def _of_register(owed: Owed, at: datetime) -> Iterable[Reason]:
    if count := owed.overdue:
        text = ngettext("%(n)d obligation is overdue", "%(n)d obligations are overdue", count)
        yield Reason(State.TROUBLE, text % {"n": count})
    elif owed.first is not None and owed.first.due_at <= at + DUE_SOON:
        yield Reason(State.ATTENTION, _("Due within two weeks: %(what)s") % {"what": owed.first})


def _is_renewed(certificate: Certificate) -> bool:
    renewal: Certificate | None = getattr(certificate, "renewal", None)
    return renewal is not None and renewal.revoked_at is None


def _of_agreement(health: Health) -> Iterable[Reason]:
    if health.has_ended:
        yield Reason(State.TROUBLE, _("No certificate is in force"))
    ending = health.ending
    if ending is None:
        return
    days = days_left(ending.valid_until, ending.local_date(health.at))
    if days <= ENDS_SOON_DAYS:
        text = ngettext(
            "Certificate %(number)s ends in %(days)d day",
            "Certificate %(number)s ends in %(days)d days",
            days,
        )
        yield Reason(State.ATTENTION, text % {"number": ending.number, "days": days})
