"""The queue's page, and the parts of it that are fetched by themselves (SPEC 10)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.access import Verb, get_incident
from incidents.queries import latest_clocks
from incidents.views.request import Request
from tam.queries.narrowing import Narrowing, Tab
from tam.queries.queue import Queue, find, next_for
from tam.queries.queue_choices import names_of
from tam.queries.queue_version import Stamp, Version
from tam.queries.queue_views import preference_of
from tam.views.guards import staff_only
from tam.views.queue_bulk import bulk_context
from tam.views.queue_filter import choices
from tam.views.queue_list import found, list_context, news_of, tools_context

UNCHANGED = 204
VERSION_HEADER = "X-Version"  # of a list that has not changed: what the next poll compares with


@require_safe
@staff_only
def queue(request: Request) -> HttpResponse:
    """Show the queue; who typed a whole reference is led to its incident."""
    asked = Narrowing.from_query(request.GET)
    if incident := find(request.user, asked.text, request.at):
        return redirect(incident)
    names = names_of(asked, request.user, request.at)
    narrowing = asked.known(names)
    shown = Queue(request.user, narrowing, request.at, request.GET.get("page", ""))
    context = {
        **list_context(shown, preference_of(request.user)),
        **tools_context(narrowing, names),
        **bulk_context(request),
        "search_text": narrowing.text,
    }
    return render(request, "tam/queue.html", context)


@require_safe
@staff_only
def queue_rows(request: Request) -> HttpResponse:
    """Answer a poll: 204 while the list looks as in version `v`, else the list as it is now.

    With `typed` it is no poll: somebody narrows the list by typing.
    """
    query = request.GET.copy()
    seen = query.pop("v", [""])[-1]
    typed = bool(query.pop("typed", []))
    stamp, version = Stamp.read(), Version.parse(seen)
    if version is not None and version.holds(stamp, request.at):
        return HttpResponse(status=UNCHANGED)
    asked, page = Narrowing.from_query(query), query.get("page", "")
    shown = Queue(request.user, asked, request.at, page, stamp)
    if version is not None and shown.version.digest == version.digest:
        return HttpResponse(status=UNCHANGED, headers={VERSION_HEADER: str(shown.version)})
    request.GET = QueryDict(query.urlencode())  # for the pager's links: the version is not theirs
    context = list_context(shown, preference_of(request.user))
    context |= _typed(request, shown) if typed else _arrived(shown, seen)
    return render(request, "tam/_queue_news.html", context)


@require_safe
@staff_only
def queue_next(request: Request) -> HttpResponse:
    """Lead to what to do next, or back to a queue in which nothing waits for us."""
    following = next_for(request.user, request.at, after=request.GET.get("after", ""))
    if following is None:
        messages.info(request, _("Nothing else waits for us."))
    return redirect(following or "queue")


@require_safe
@staff_only
def queue_filter(request: Request) -> HttpResponse:
    """Show the filter's form: a part of the queue's page, or a page of its own."""
    narrowing = Narrowing.from_query(request.GET)
    context = {
        "choices": choices(narrowing, request.user, request.at),
        "narrowing": narrowing,
        "kept": {"tab": "" if narrowing.tab is Tab.ALL else narrowing.tab, "q": narrowing.text},
        "back": reverse("queue") + narrowing.query(),
    }
    is_part = "HX-Request" in request.headers
    return render(
        request, "tam/_queue_filter.html" if is_part else "tam/queue_filter.html", context
    )


@require_safe
@staff_only
def queue_clocks(request: Request, reference: str) -> HttpResponse:
    """Show all clocks of one incident, for beside its row."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at, related=())
    clocks = latest_clocks().filter(incident=incident)
    context = {
        "incident": incident,
        "clocks": [(clock, clock.is_waiting(request.at)) for clock in clocks],
    }
    return render(request, "tam/_queue_clocks.html", context)


def _typed(request: Request, shown: Queue) -> dict[str, Any]:
    names = names_of(shown.narrowing, request.user, request.at)
    narrowing = shown.narrowing.known(names)
    return {**tools_context(narrowing, names), "typed": True, "news": found(shown)}


def _arrived(shown: Queue, seen: str) -> dict[str, Any]:
    arrivals = shown.arrivals(seen)
    critical = [row for row in arrivals if row.incident.severity == 1]
    news = news_of(arrivals, shown.answered(seen))
    return {"news": news, "arrived": len(arrivals), "critical": len(critical)}
