"""What a tab and a filter of the queue leave of the incidents."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Certificate, Customer, Product, Role, User
from incidents.models import Category, Handling, QueueTier
from incidents.states import Side
from tam.models import Escalation
from tam.queries.in_charge import Charge, is_stood_in_for
from tam.queries.narrowing import DUE_WITHIN, ME, NOBODY, Narrowing, Tab, whole_number

SOON = timedelta(hours=1)

# Of a search: each is looked for in every title, and a title has hardly more.
WORDS: Final = 8

PART_OF_REFERENCE: Final = re.compile(r"(INC|IN|I)?[-\d]*", re.ASCII)


def under(tab: Tab, charge: Charge) -> Q:
    """Return what stands under a tab.

    Overdue is what its due time has passed, whether or not the sweep has noticed it (SPEC 7.9);
    an answer at the due instant itself is in time.
    """
    return _UNDER[tab](charge)


def chosen(narrowing: Narrowing, charge: Charge) -> Q:
    """Return what the filters leave, the tab left aside."""
    at = charge.at
    filters = {
        "side": _on_side(narrowing.side),
        "severities": Q(severity__in=narrowing.severities),
        "customer": Q(customer=narrowing.customer),
        "certificate": Q(certificate=narrowing.certificate),
        "owner": _owned(narrowing.owner, charge),
        "team": Q(pk__in=_assigned().filter(team=narrowing.team).values("incident")),
        "product": Q(product=narrowing.product),
        "kind": Q(category__in=Category.objects.filter(kind=narrowing.kind).values("pk")),
        "state": Q(state=narrowing.state),
        "due": _due(at, DUE_WITHIN.get(narrowing.due, SOON)),
        "escalated": _escalated(charge),
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


def _owned(owner: str, charge: Charge) -> Q:
    """One's own, or on whose desk it lies; else whose certificate it is, or their deputy's."""
    if owner in {ME, str(charge.person.pk)}:
        return charge.own
    on_a_desk = Q(pk__in=_assigned().filter(user__isnull=False).values("incident"))
    if owner == NOBODY:
        return ~on_a_desk
    person = whole_number(owner)
    stood_in_for = is_stood_in_for(charge.at)
    theirs = Certificate.objects.filter(
        Q(tam=person) & ~stood_in_for | Q(deputy=person) & stood_in_for
    )
    on_theirs = Q(pk__in=_assigned().filter(user=person).values("incident"))
    return on_theirs | ~on_a_desk & Q(certificate__in=theirs.values("pk"))


def _assigned() -> QuerySet[Handling]:
    return Handling.objects.filter(reason=Handling.Reason.ASSIGNED, until__isnull=True)


def _says(word: str) -> Q:
    """Look for a word in title and reference, and in the names that a row or its page shows.

    Names are looked for where they stand, a few thousand rows, and not beside each incident.
    """
    said = Q(title__icontains=word)
    said |= Q(customer__in=Customer.objects.filter(name__icontains=word).values("pk"))
    said |= Q(certificate__in=Certificate.objects.filter(number__icontains=word).values("pk"))
    said |= Q(product__in=Product.objects.filter(name__icontains=word).values("pk"))
    contacts = User.objects.filter(role=Role.CONTACT, name__icontains=word)
    said |= Q(author__in=contacts.values("pk"))
    if PART_OF_REFERENCE.fullmatch(word.upper()):
        said |= Q(reference__contains=word.upper())
    return said


def _overdue(charge: Charge) -> Q:
    is_late = Q(queue_tier=QueueTier.RUNNING, queue_at__lt=charge.at)
    return Q(queue_tier=QueueTier.BREACHED) | is_late


def _due(at: datetime, within: timedelta) -> Q:
    return Q(queue_tier=QueueTier.RUNNING, queue_at__gte=at, queue_at__lte=at + within)


def _escalated(_charge: Charge) -> Q:
    return Q(Exists(Escalation.objects.filter(incident=OuterRef("pk"))))


_UNDER: Mapping[Tab, Callable[[Charge], Q]] = {
    Tab.ALL: lambda _charge: Q(queue_tier__lt=QueueTier.CLOSED),
    Tab.MINE: lambda charge: charge.own,
    Tab.OVERDUE: _overdue,
    Tab.SOON: lambda charge: _due(charge.at, SOON),
    Tab.OURS: lambda _charge: Q(queue_tier__lte=QueueTier.OUR_MOVE),
    Tab.CUSTOMERS: lambda _charge: Q(queue_tier=QueueTier.CUSTOMERS_MOVE),
    Tab.ESCALATED: _escalated,
    Tab.CLOSED: lambda _charge: Q(queue_tier=QueueTier.CLOSED),
}
