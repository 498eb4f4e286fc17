"""Where a person can go from every page, and what waits for them there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access import READS_CERTIFICATES
from accounts.models import Role, User
from accounts.notice_queries import trouble_of, unread_of
from tam.models import Page
from tam.queries.escalations import open_for as escalations_open_for
from tam.queries.handovers import waiting_for
from tam.queries.inbox import untaken_in
from tam.queries.paging import open_for
from tam.queries.people import WORKS_ON_INCIDENTS

COUNTED: Final = ("inbox", "pages", "handovers", "escalations")

_ANSWERS_ESCALATIONS: Final = frozenset(
    {Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD, Role.BUSINESS_MANAGER}
)
_TAKES_OVER: Final = frozenset({Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD})
_HEARS_COMPLAINTS: Final = _ANSWERS_ESCALATIONS | {Role.ADMINISTRATOR}
_STAFF: Final = frozenset(set(Role) - {Role.CONTACT})
_MANAGES_CUSTOMERS: Final = READS_CERTIFICATES - {Role.CONTACT}


@dataclass(frozen=True, slots=True)
class Destination:
    """One entry of the navigation; `count` None: none is shown."""

    label: str | LazyText
    url: str
    icon: str
    current: bool
    group: str | LazyText = ""
    count: int | None = None
    hot: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    label: LazyText
    name: str  # of its address
    icon: str
    roles: Collection[Role]
    group: str | LazyText = ""
    counts: str = ""  # what of `Navigation.waiting` stands beside it
    hot: bool = False


_PORTAL: Final = (
    _Entry(_("Home"), "home", "house", {Role.CONTACT}),
    _Entry(_("File an incident"), "file", "circle-plus", {Role.CONTACT}),
    _Entry(_("Incidents"), "incidents", "list", {Role.CONTACT}),
    _Entry(_("Certificates"), "certificates", "file-badge", {Role.CONTACT}),
    _Entry(_("Advice"), "advice", "lightbulb", {Role.CONTACT}),
    _Entry(_("Complaints"), "complaints", "message-square-warning", {Role.CONTACT}),
)
_CUSTOMERS: Final = _("Customers")
_TEAM: Final = _("Team")
_WORKSPACE: Final = (
    _Entry(_("Queue"), "queue", "list-todo", _STAFF),
    _Entry(_("Inbox"), "inbox", "inbox", WORKS_ON_INCIDENTS, counts="inbox"),
    _Entry(
        pgettext_lazy("calls to duty", "Pages"),
        "pages",
        "siren",
        _TAKES_OVER,
        counts="pages",
        hot=True,
    ),
    _Entry(_("Handovers"), "handovers", "handshake", _TAKES_OVER, counts="handovers"),
    _Entry(
        _("Escalations"),
        "escalations",
        "flame",
        _ANSWERS_ESCALATIONS,
        counts="escalations",
        hot=True,
    ),
    _Entry(_("Overview"), "customers", "building-2", _MANAGES_CUSTOMERS, _CUSTOMERS),
    _Entry(_("Complaints"), "complaints", "message-square-warning", _HEARS_COMPLAINTS, _CUSTOMERS),
    _Entry(_("Certificates"), "certificates", "file-badge", _MANAGES_CUSTOMERS, _CUSTOMERS),
    _Entry(_("Roster"), "roster", "calendar-days", _STAFF, _TEAM),
    _Entry(_("Coverage"), "coverage", "shield-check", _STAFF, _TEAM),
    _Entry(_("Workload"), "workload", "chart-column", _TAKES_OVER, _TEAM),
    _Entry(_("Reply templates"), "reply-templates", "notebook-pen", WORKS_ON_INCIDENTS, _TEAM),
    _Entry(_("Administration"), "admin:index", "settings", {Role.ADMINISTRATOR}, _TEAM),
)


class Navigation:
    """The entries of a person's navigation in their order; asks only for what is drawn."""

    def __init__(self, request: HttpRequest, user: User, at: datetime) -> None:
        self._path = request.path
        self._user = user
        self._at = at

    def __iter__(self) -> Iterator[Destination]:
        for entry in _PORTAL if self._user.is_contact else _WORKSPACE:
            if self._user.role in entry.roles:
                url = reverse(entry.name)
                yield Destination(
                    entry.label,
                    url,
                    entry.icon,
                    current=self._path == url,
                    group=entry.group,
                    count=self.waiting[entry.counts] or None if entry.counts else None,
                    hot=entry.hot,
                )

    @property
    def pages(self) -> int:
        return self.waiting["pages"]

    @property
    def handovers(self) -> int:
        return self.waiting["handovers"]

    @property
    def unread(self) -> int:
        return self.waiting["unread"]

    @property
    def has_mail_trouble(self) -> bool:
        return self.waiting["mail_trouble"] > 0

    @cached_property
    def waiting(self) -> Mapping[str, int]:
        """How much waits for the person, in one query; for a contact, of what everybody has."""
        rows: dict[str, QuerySet[Any]] = {
            "unread": unread_of(self._user),
            "mail_trouble": trouble_of(self._user),
        }
        if not self._user.is_contact:
            rows |= {
                "inbox": untaken_in(self._user),
                "pages": open_for(self._user),
                "handovers": waiting_for(self._user),
                "escalations": escalations_open_for(self._user, self._at),
            }
        numbers = User.objects.filter(pk=self._user.pk).values_list(*map(_number, rows.values()))
        return dict.fromkeys(COUNTED, 0) | dict(zip(rows, numbers.get(), strict=True))


def _number(rows: QuerySet[Any]) -> Coalesce:
    """Count rows, pages by their incidents."""
    of = "incident" if rows.model is Page else "pk"
    counted = rows.order_by().values(one=Value(1)).annotate(number=Count(of, distinct=True))
    return Coalesce(Subquery(counted.values("number")), 0)
