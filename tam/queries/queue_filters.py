"""What a tab and a filter of the queue leave of the incidents."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Certificate, Customer, User
from incidents.models import Category, Handling, QueueTier
from incidents.states import Side
from tam.models import Absence, Escalation
from tam.queries.narrowing import DUE_WITHIN, ME, NOBODY, Narrowing, Tab, whole_number

SOON = timedelta(hours=1)

# Of a search: each is looked for in every title, and a title has hardly more.
WORDS: Final = 8

PART_OF_REFERENCE: Final = re.compile(r"(INC|IN|I)?[-\d]*", re.ASCII)


def under(tab: Tab, user: User, at: datetime) -> Q:
    """Return what stands under a tab.

    Overdue is what its due time has passed, whether or not the sweep has noticed it (SPEC 7.9);
    an answer at the due instant itself is in time.
    """
    return _UNDER[tab](user, at)


def chosen(narrowing: Narrowing, user: User, at: datetime) -> Q:
    """Return what the filters leave, the tab left aside."""
    filters = {
        "side": _on_side(narrowing.side),
        "severities": Q(severity__in=narrowing.severities),
        "customer": Q(customer=narrowing.customer),
        "certificate": Q(certificate=narrowing.certificate),
        "owner": _owned(narrowing.owner, user, at),
        "team": Q(pk__in=_assigned().filter(team=narrowing.team).values("incident")),
        "product": Q(product=narrowing.product),
        "kind": Q(category__in=Category.objects.filter(kind=narrowing.kind).values("pk")),
        "state": Q(state=narrowing.state),
        "due": _due(at, DUE_WITHIN.get(narrowing.due, SOON)),
        "escalated": _escalated(user, at),
    }
    left = Q()
    for name, condition in filters.items():
        if getattr(narrowing, name):
            left &= condition
    for word in narrowing.text.split()[:WORDS]:
        left &= _says(word)
    return left


def _on_side(side: Side | None) -> Q:
    if side is Side.CUSTOMER:
        return Q(queue_tier=QueueTier.CUSTOMERS_MOVE)
    return Q(queue_tier__lte=QueueTier.OUR_MOVE)


def _owned(owner: str, user: User, at: datetime) -> Q:
    """On whose desk it lies; else whose certificate it is, or who stands in for one absent."""
    on_a_desk = Q(pk__in=_assigned().filter(user__isnull=False).values("incident"))
    if owner == NOBODY:
        return ~on_a_desk
    person = user.pk if owner == ME else whole_number(owner)
    absent = Absence.objects.filter(starts_at__lte=at, ends_at__gt=at).values("person")
    stood_in_for = Q(deputy__isnull=False, tam__in=absent)
    theirs = Certificate.objects.filter(
        Q(tam=person) & ~stood_in_for | Q(deputy=person) & stood_in_for
    )
    on_theirs = Q(pk__in=_assigned().filter(user=person).values("incident"))
    return on_theirs | ~on_a_desk & Q(certificate__in=theirs.values("pk"))


def _assigned() -> QuerySet[Handling]:
    return Handling.objects.filter(reason=Handling.Reason.ASSIGNED, until__isnull=True)


def _says(word: str) -> Q:
    """Look for a word in the title, the reference, and the names of customer and certificate.

    Those names are looked for where they stand, a few hundred rows, and not beside each incident.
    """
    customers = Customer.objects.filter(name__icontains=word)
    certificates = Certificate.objects.filter(number__icontains=word)
    said = Q(title__icontains=word)
    said |= Q(customer__in=customers.values("pk")) | Q(certificate__in=certificates.values("pk"))
    if PART_OF_REFERENCE.fullmatch(word.upper()):
        said |= Q(reference__contains=word.upper())
    return said


def _mine(user: User, _at: datetime) -> Q:
    handed = Handling.held_by(user).values("incident")
    return Q(certificate__in=user.certificates_in_charge()) | Q(pk__in=handed)


def _overdue(_user: User, at: datetime) -> Q:
    return Q(queue_tier=QueueTier.BREACHED) | Q(queue_tier=QueueTier.RUNNING, queue_at__lt=at)


def _due(at: datetime, within: timedelta) -> Q:
    return Q(queue_tier=QueueTier.RUNNING, queue_at__gte=at, queue_at__lte=at + within)


def _escalated(_user: User, _at: datetime) -> Q:
    return Q(Exists(Escalation.objects.filter(incident=OuterRef("pk"))))


_UNDER: Mapping[Tab, Callable[[User, datetime], Q]] = {
    Tab.ALL: lambda _user, _at: Q(queue_tier__lt=QueueTier.CLOSED),
    Tab.MINE: _mine,
    Tab.OVERDUE: _overdue,
    Tab.SOON: lambda _user, at: _due(at, SOON),
    Tab.OURS: lambda _user, _at: Q(queue_tier__lte=QueueTier.OUR_MOVE),
    Tab.CUSTOMERS: lambda _user, _at: Q(queue_tier=QueueTier.CUSTOMERS_MOVE),
    Tab.ESCALATED: _escalated,
    Tab.CLOSED: lambda _user, _at: Q(queue_tier=QueueTier.CLOSED),
}
