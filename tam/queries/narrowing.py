"""What a person asks of the queue: one tab, and filters that stand in the address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self, TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, TextChoices
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from incidents.models import Handling, QueueTier
from incidents.states import SEVERITY_LABELS, Side
from tam.models import Escalation

SOON = timedelta(hours=1)
TEXT_LENGTH = 200  # characters searched for: as long as a title may be
KEY_DIGITS = 18  # of a primary key in an address: no more fit into 64 bits for certain

Choice = TypeVar("Choice", bound=TextChoices)


class Tab(TextChoices):
    ALL = "all", _("All")
    MINE = "mine", _("Mine")
    OVERDUE = "overdue", _("Overdue")
    SOON = "soon", _("Due within 1 h")
    OURS = "ours", _("Our move")
    CUSTOMERS = "customers", _("Customer's move")
    ESCALATED = "escalated", _("Escalated")
    CLOSED = "closed", _("Closed")


OPEN_TABS = tuple(tab for tab in Tab if tab is not Tab.CLOSED)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A tab and filters; what an address says beyond that, or wrongly, is passed over."""

    tab: Tab = Tab.ALL
    side: Side | None = None
    severity: int | None = None
    customer: int | None = None
    text: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        severity = whole_number(query.get("severity"))
        return cls(
            tab=_member(Tab, query.get("tab")) or Tab.ALL,
            side=_member(Side, query.get("side")),
            severity=severity if severity in SEVERITY_LABELS else None,
            customer=whole_number(query.get("customer")),
            text=query.get("q", "").replace("\0", "").strip()[:TEXT_LENGTH],
        )

    @property
    def filters(self) -> Mapping[str, str]:
        """Return the filters in use, without the tab, by their names in the address."""
        named = {
            "side": self.side,
            "severity": self.severity,
            "customer": self.customer,
            "q": self.text,
        }
        return {name: str(value) for name, value in named.items() if value}

    def query(self, *, tab: Tab | None = None, without: str = "", page: int = 1) -> str:
        """Return what stands behind the address of this list, with a tab, or less a filter."""
        tab = tab or self.tab
        parts = {} if tab is Tab.ALL else {"tab": str(tab)}
        parts |= {name: value for name, value in self.filters.items() if name != without}
        if page > 1:
            parts["page"] = str(page)
        return f"?{urlencode(parts)}" if parts else ""

    def among(self, customers: Mapping[int, str]) -> Self:
        """Forget a customer that is none of these."""
        return self if self.customer in customers else replace(self, customer=None)

    def chosen(self) -> Q:
        """Return what the filters leave, the tab left aside."""
        chosen = Q()
        if self.side is Side.VENDOR:
            chosen &= Q(queue_tier__lte=QueueTier.OUR_MOVE)
        elif self.side is Side.CUSTOMER:
            chosen &= Q(queue_tier=QueueTier.CUSTOMERS_MOVE)
        if self.severity:
            chosen &= Q(severity=self.severity)
        if self.customer:
            chosen &= Q(customer=self.customer)
        for word in self.text.split():
            chosen &= (
                Q(reference__icontains=word)
                | Q(title__icontains=word)
                | Q(customer__name__icontains=word)
                | Q(certificate__number__icontains=word)
            )
        return chosen


def under(tab: Tab, user: User, at: datetime) -> Q:
    """Return what stands under a tab.

    Overdue is what its due time has passed, whether or not the sweep has noticed it (SPEC 7.9);
    an answer at the due instant itself is in time.
    """
    return _UNDER[tab](user, at)


def whole_number(value: str | None) -> int | None:
    """Read a positive whole number of at most `KEY_DIGITS` ASCII digits."""
    if value and len(value) <= KEY_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    return None


def _mine(user: User, _at: datetime) -> Q:
    handed = Handling.held_by(user).values("incident")
    return Q(certificate__in=user.certificates_in_charge()) | Q(pk__in=handed)


def _overdue(_user: User, at: datetime) -> Q:
    return Q(queue_tier=QueueTier.BREACHED) | Q(queue_tier=QueueTier.RUNNING, queue_at__lt=at)


def _soon(_user: User, at: datetime) -> Q:
    return Q(queue_tier=QueueTier.RUNNING, queue_at__gte=at, queue_at__lte=at + SOON)


def _escalated(_user: User, _at: datetime) -> Q:
    return Q(Exists(Escalation.objects.filter(incident=OuterRef("pk"))))


_UNDER: Mapping[Tab, Callable[[User, datetime], Q]] = {
    Tab.ALL: lambda _user, _at: Q(queue_tier__lt=QueueTier.CLOSED),
    Tab.MINE: _mine,
    Tab.OVERDUE: _overdue,
    Tab.SOON: _soon,
    Tab.OURS: lambda _user, _at: Q(queue_tier__lte=QueueTier.OUR_MOVE),
    Tab.CUSTOMERS: lambda _user, _at: Q(queue_tier=QueueTier.CUSTOMERS_MOVE),
    Tab.ESCALATED: _escalated,
    Tab.CLOSED: lambda _user, _at: Q(queue_tier=QueueTier.CLOSED),
}


def _member(kind: type[Choice], value: str | None) -> Choice | None:
    return kind(value) if value in kind.values else None
