"""What a person asks of the queue: one tab, and filters that stand in the address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Self, TypeVar
from urllib.parse import urlencode

from django.db.models import TextChoices
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from incidents.categories import Kind
from incidents.states import SEVERITY_LABELS, Side, State

TEXT_LENGTH = 200  # characters searched for: as long as a title may be
KEY_DIGITS = 18  # of a primary key in an address: no more fit into 64 bits for certain

ME: Final = "me"
NOBODY: Final = "nobody"

DUE_WITHIN: Final = MappingProxyType(
    {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "8h": timedelta(hours=8)}
    | {"24h": timedelta(hours=24), "72h": timedelta(hours=72)}
)

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
OPEN_STATES = tuple(state for state in State if state is not State.CLOSED)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A tab and filters; what an address says beyond that, or wrongly, is passed over.

    `owner` is `ME`, `NOBODY`, a person's key in digits, or empty; `due` a key of `DUE_WITHIN`.
    """

    tab: Tab = Tab.ALL
    side: Side | None = None
    severities: tuple[int, ...] = ()
    customer: int | None = None
    certificate: int | None = None
    owner: str = ""
    team: int | None = None
    product: int | None = None
    kind: Kind | None = None
    state: State | None = None
    due: str = ""
    escalated: bool = False
    text: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        state, due = _member(State, query.get("state")), query.get("due", "")
        return cls(
            tab=_member(Tab, query.get("tab")) or Tab.ALL,
            side=_member(Side, query.get("side")),
            severities=_severities(query.getlist("severity")),
            customer=whole_number(query.get("customer")),
            certificate=whole_number(query.get("certificate")),
            owner=_owner(query.get("owner", "")),
            team=whole_number(query.get("team")),
            product=whole_number(query.get("product")),
            kind=_member(Kind, query.get("kind")),
            state=state if state in OPEN_STATES else None,
            due=due if due in DUE_WITHIN else "",
            escalated=query.get("escalated") == "1",
            text=query.get("q", "").replace("\0", "").strip()[:TEXT_LENGTH],
        )

    @property
    def filters(self) -> Sequence[tuple[str, str]]:
        """Return the filters in use, without the tab, by their names in the address."""
        named = (
            ("side", self.side),
            *(("severity", severity) for severity in self.severities),
            ("customer", self.customer),
            ("certificate", self.certificate),
            ("owner", self.owner),
            ("team", self.team),
            ("product", self.product),
            ("kind", self.kind),
            ("state", self.state),
            ("due", self.due),
            ("escalated", int(self.escalated)),
            ("q", self.text),
        )
        return [(name, str(value)) for name, value in named if value]

    def query(
        self, *, tab: Tab | None = None, without: tuple[str, str] | None = None, page: int = 1
    ) -> str:
        """Return what stands behind the address of this list, with a tab, or less a filter."""
        tab = tab or self.tab
        parts = [] if tab is Tab.ALL else [("tab", str(tab))]
        parts += [pair for pair in self.filters if pair != without]
        if page > 1:
            parts.append(("page", str(page)))
        return f"?{urlencode(parts)}" if parts else ""

    def known(self, names: Mapping[str, str]) -> Self:
        """Forget those filters for a row of ours of which there is no name to show."""
        return replace(
            self,
            customer=self.customer if "customer" in names else None,
            certificate=self.certificate if "certificate" in names else None,
            owner=self.owner if "owner" in names else "",
            team=self.team if "team" in names else None,
            product=self.product if "product" in names else None,
        )


def whole_number(value: str | None) -> int | None:
    """Read a positive whole number of at most `KEY_DIGITS` ASCII digits."""
    if value and len(value) <= KEY_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    return None


def _severities(values: Iterable[str]) -> tuple[int, ...]:
    chosen = {whole_number(value) for value in values}
    return tuple(severity for severity in SEVERITY_LABELS if severity in chosen)


def _owner(value: str) -> str:
    return value if value in {ME, NOBODY} else str(whole_number(value) or "")


def _member(kind: type[Choice], value: str | None) -> Choice | None:
    return kind(value) if value in kind.values else None
