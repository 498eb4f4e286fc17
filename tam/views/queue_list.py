"""What the queue's page and its poll show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Role
from incidents.categories import Kind
from incidents.states import SEVERITY_LABELS, Side, State
from tam.models import QueuePreference
from tam.queries.narrowing import Narrowing, Tab
from tam.queries.queue import Queue, Row
from tam.queries.queue_views import COLUMNS, CountedView, known_columns

DUE_LABELS: Mapping[str, str | LazyText] = {
    "1h": gettext_lazy("Due within 1 h"),
    "4h": gettext_lazy("Due within 4 h"),
    "8h": gettext_lazy("Due within 8 h"),
    "24h": gettext_lazy("Due within 24 h"),
    "72h": gettext_lazy("Due within 3 days"),
}


@dataclass(frozen=True, slots=True)
class TabLink:
    label: str | LazyText
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class ViewLink:
    name: str
    owner: str  # empty for one's own
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class KeyFigure:
    key: str
    label: str
    value: int | float | None
    url: str = ""
    unit: str = ""
    note: str = ""
    icon: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """What is said where there are no rows."""

    icon: str
    title: str
    text: str = ""
    action_url: str = ""
    action_label: str = ""


def list_context(shown: Queue, preference: QueuePreference) -> dict[str, Any]:
    narrowing, page = shown.narrowing, shown.page
    return {
        "rows": shown.rows,
        "page": page,
        "version": str(shown.version),
        "poll_url": reverse("queue-rows") + narrowing.query(page=page.number),
        "overdue": shown.figures.seen[Tab.OVERDUE],
        "title": title(shown.figures.seen[Tab.OVERDUE]),
        "key_figures": _key_figures(shown),
        "tabs": _tabs(shown),
        "views": [_view_link(counted, shown) for counted in shown.views],
        "columns": [(column, COLUMNS[column]) for column in known_columns(preference.columns)],
        "preference": preference,
        "empty": None if page.object_list else _empty(shown),
    }


def tools_context(narrowing: Narrowing, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what stands above the list: a chip for each filter in use, and the way to more."""
    return {
        "chips": [
            (_chip(name, value, names), reverse("queue") + narrowing.query(without=(name, value)))
            for name, value in narrowing.filters
        ],
        "filter_url": reverse("queue-filter") + narrowing.query(),
        "view_url": reverse("queue-views") + narrowing.query(),
        "query": narrowing.query(),
    }


def title(overdue: int) -> str:
    """Name the page in the browser's tab, where the number is seen from other tabs."""
    return f"({overdue}) {_('Queue')}" if overdue else _("Queue")


def news_of(arrivals: Sequence[Row], answered: Sequence[Row] = ()) -> str:
    """Say what came in and what customers wrote, for the live region."""
    return "; ".join(said for said in (_arrived(arrivals), _answered(answered)) if said)


def found(shown: Queue) -> str:
    """Say how many incidents a search left, for the live region."""
    count = shown.page.paginator.count
    return ngettext("%(n)d incident", "%(n)d incidents", count) % {"n": count}


def _arrived(arrivals: Sequence[Row]) -> str:
    if len(arrivals) == 1:
        incident = arrivals[0].incident
        return _("New: %(severity)s, %(title)s, %(customer)s") % {
            "severity": SEVERITY_LABELS[incident.severity],
            "title": incident.title,
            "customer": incident.customer.name,
        }
    if not arrivals:
        return ""
    return ngettext("%(n)d new incident", "%(n)d new incidents", len(arrivals)) % {
        "n": len(arrivals)
    }


def _answered(answered: Sequence[Row]) -> str:
    if len(answered) == 1:
        incident = answered[0].incident
        return _("The customer wrote: %(title)s, %(customer)s") % {
            "title": incident.title,
            "customer": incident.customer.name,
        }
    if not answered:
        return ""
    return ngettext(
        "A customer wrote in %(n)d incident", "Customers wrote in %(n)d incidents", len(answered)
    ) % {"n": len(answered)}


def _tabs(shown: Queue) -> list[TabLink]:
    return [
        TabLink(
            label=tab.label,
            url=reverse("queue") + shown.narrowing.query(tab=tab),
            current=tab is shown.narrowing.tab,
            count=shown.figures.narrowed.get(tab),
        )
        for tab in Tab
    ]


def _view_link(counted: CountedView, shown: Queue) -> ViewLink:
    view, query = counted.view, counted.narrowing.query()
    return ViewLink(
        name=view.name,
        owner="" if view.owner_id == shown.user.pk else view.owner.name,
        url=reverse("queue") + query,
        current=query == shown.narrowing.query(),
        count=counted.count,
    )


def _key_figures(shown: Queue) -> list[KeyFigure]:
    def tab_figure(tab: Tab, label: str, icon: str = "", tone: str = "") -> KeyFigure:
        value = shown.figures.seen[tab]
        url = reverse("queue") + Narrowing(tab=tab).query()
        return KeyFigure(tab, label, value, url, icon=icon, tone=tone if value else "")

    answered = shown.answered_in_time
    return [
        tab_figure(Tab.ALL, _("Open")),
        tab_figure(Tab.OVERDUE, _("Overdue"), "siren", "red"),
        tab_figure(Tab.SOON, _("Due within 1 h"), "timer", "amber"),
        tab_figure(Tab.CUSTOMERS, str(Tab.CUSTOMERS.label)),
        KeyFigure(
            "answered",
            _("In time, 30 days"),
            answered.percentage,
            unit="%",
            note=_("%(met)d of %(judged)d") % {"met": answered.met, "judged": answered.judged},
        ),
    ]


def _chip(name: str, value: str, names: Mapping[str, str]) -> str:
    match name:
        case "side":
            return str(Side(value).label)
        case "severity":
            return str(SEVERITY_LABELS[int(value)])
        case "kind":
            return str(Kind(value).label)
        case "state":
            return str(State(value).label)
        case "due":
            return str(DUE_LABELS[value])
        case "escalated":
            return _("Escalated")
        case "q":
            return _("“%(text)s”") % {"text": value}
        case "owner":
            return _("Owner: %(name)s") % {"name": names[name]}
        case "team":
            return _("Team: %(name)s") % {"name": names[name]}
    return names[name]


def _empty(shown: Queue) -> Empty:
    narrowing, queue_url = shown.narrowing, reverse("queue")
    if narrowing.text and narrowing.tab is not Tab.CLOSED:
        return Empty(
            "search-x",
            _("Nothing open matches"),
            _("The search covers reference, title, customer, contact, certificate and product."),
            queue_url + narrowing.query(tab=Tab.CLOSED),
            _("Search the closed ones"),
        )
    if narrowing.filters:
        return Empty(
            "list-filter",
            _("Nothing matches"),
            _("No incident under this tab matches the filters."),
            queue_url + Narrowing(tab=narrowing.tab).query(),
            _("Clear the filters"),
        )
    if narrowing.tab is Tab.ALL and shown.user.role in {Role.ENGINEER, Role.BUSINESS_MANAGER}:
        return Empty("inbox", _("Nothing is with you"), _("What is handed to you appears here."))
    icon, title, text = _EMPTY_TABS[narrowing.tab]
    return Empty(icon, str(title), str(text))


_EMPTY_TABS: Mapping[Tab, tuple[str, str | LazyText, str | LazyText]] = {
    Tab.ALL: (
        "inbox",
        gettext_lazy("Nothing is open"),
        gettext_lazy("New incidents appear here by themselves, the nearest deadline first."),
    ),
    Tab.MINE: (
        "user-check",
        gettext_lazy("Nothing is yours"),
        gettext_lazy("Here stand your certificates' incidents, and what is handed to you."),
    ),
    Tab.OVERDUE: (
        "circle-check",
        gettext_lazy("Nothing is overdue"),
        gettext_lazy("Every promise that fell due was kept."),
    ),
    Tab.SOON: (
        "circle-check",
        gettext_lazy("Nothing is due within an hour"),
        gettext_lazy("The next deadlines stand under “All”."),
    ),
    Tab.OURS: (
        "circle-check",
        gettext_lazy("Nothing waits for us"),
        gettext_lazy("Every open incident is on the customer's side."),
    ),
    Tab.CUSTOMERS: (
        "message-circle-question-mark",
        gettext_lazy("Nothing waits for a customer"),
        gettext_lazy("Questions and offered solutions stand here until they are answered."),
    ),
    Tab.ESCALATED: (
        "flame",
        gettext_lazy("Nothing is escalated"),
        gettext_lazy("A missed deadline escalates by itself."),
    ),
    Tab.CLOSED: (
        "archive",
        gettext_lazy("Nothing is closed yet"),
        gettext_lazy("Closed incidents stay here, the latest first."),
    ),
}
