"""The queue's page, and the part of it that is fetched again and again (SPEC 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.models import Role
from incidents.states import SEVERITY_LABELS, Side
from incidents.views.request import Request
from tam.queries.narrowing import Narrowing, Tab
from tam.queries.queue import Queue, Row, customers_of, find
from tam.views.guards import staff_only

UNCHANGED = 204


@require_safe
@staff_only
def queue(request: Request) -> HttpResponse:
    """Show the queue; who typed a whole reference is led to its incident."""
    asked = Narrowing.from_query(request.GET)
    if incident := find(request.user, asked.text, request.at):
        return redirect(incident)
    customers = customers_of(request.user, request.at)
    narrowing = asked.among(customers)
    shown = Queue(request.user, narrowing, request.at, request.GET.get("page", ""))
    context = {
        **_list_context(shown),
        "search_text": narrowing.text,
        "chips": _chips(narrowing, customers),
        "choices": _choices(narrowing, customers),
        "kept": {"tab": "" if narrowing.tab is Tab.ALL else narrowing.tab, "q": narrowing.text},
    }
    return render(request, "tam/queue.html", context)


@require_safe
@staff_only
def queue_rows(request: Request) -> HttpResponse:
    """Answer a poll: 204 while the list looks as in version `v`, else the list as it is now."""
    query = request.GET.copy()
    seen = query.pop("v", [""])[-1]
    shown = Queue(request.user, Narrowing.from_query(query), request.at, query.get("page", ""))
    if shown.version == seen:
        return HttpResponse(status=UNCHANGED)
    request.GET = QueryDict(query.urlencode())  # for the pager's links: the version is not theirs
    news = _news(shown.arrivals(seen))
    return render(request, "tam/_queue_news.html", {**_list_context(shown), "news": news})


@dataclass(frozen=True, slots=True)
class TabLink:
    label: str | LazyText
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


@dataclass(frozen=True, slots=True)
class Choice:
    """One select of the filter; its options are (value, label, whether it is chosen)."""

    name: str
    label: str
    options: Sequence[tuple[str, str, bool]]


def _list_context(shown: Queue) -> dict[str, Any]:
    narrowing, page = shown.narrowing, shown.page
    return {
        "rows": shown.rows,
        "page": page,
        "version": shown.version,
        "poll_url": reverse("queue-rows") + narrowing.query(page=page.number),
        "title": _title(shown.figures.seen[Tab.OVERDUE]),
        "key_figures": _key_figures(shown),
        "tabs": _tabs(shown),
        "empty": None if page.object_list else _empty(shown),
    }


def _title(overdue: int) -> str:
    """Name the page in the browser's tab, where the number is seen from other tabs."""
    return f"({overdue}) {_('Queue')}" if overdue else _("Queue")


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
        tab_figure(Tab.CUSTOMERS, _("Waiting for the customer")),
        KeyFigure(
            "answered",
            _("In time, 30 days"),
            answered.percentage,
            unit="%",
            note=_("%(met)d of %(judged)d") % {"met": answered.met, "judged": answered.judged},
        ),
    ]


def _empty(shown: Queue) -> Empty:
    narrowing, queue_url = shown.narrowing, reverse("queue")
    if narrowing.text and narrowing.tab is not Tab.CLOSED:
        return Empty(
            "search-x",
            _("Nothing open matches"),
            _("The search covers reference, title, customer and certificate."),
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


def _chips(narrowing: Narrowing, customers: Mapping[int, str]) -> list[tuple[str, str]]:
    """Name each filter in use, with the address of the list without it."""
    labels = {
        "side": narrowing.side and narrowing.side.label,
        "severity": narrowing.severity and SEVERITY_LABELS[narrowing.severity],
        "customer": narrowing.customer and customers[narrowing.customer],
        "q": narrowing.text and _("“%(text)s”") % {"text": narrowing.text},
    }
    return [
        (str(labels[name]), reverse("queue") + narrowing.query(without=name))
        for name in narrowing.filters
    ]


def _choices(narrowing: Narrowing, customers: Mapping[int, str]) -> list[Choice]:
    return [
        _choice("side", _("Side"), dict(Side.choices), narrowing.side),
        _choice("severity", _("Severity"), SEVERITY_LABELS, narrowing.severity),
        _choice("customer", _("Customer"), customers, narrowing.customer),
    ]


def _choice(name: str, label: str, options: Mapping[Any, Any], chosen: object) -> Choice:
    return Choice(
        name, label, [(str(value), str(word), value == chosen) for value, word in options.items()]
    )


def _news(arrivals: Sequence[Row]) -> str:
    """Say what came in, for the live region."""
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
