"""Pages: those that wait, and what became of the others (SPEC 7.4, 10)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Conflict, NotFound
from accounts.models import User
from incidents.models import Incident
from incidents.views.request import Request
from tam.actions.paging import TIMES, acknowledge
from tam.models import Page
from tam.queries.paging import open_pages, visible_to
from tam.views.guards import staff_only

PAGE_SIZE: Final = 50  # lines that a person scrolls through; further ones are a page away
OPEN_LIMIT: Final = 100  # a night has a handful; more than that many at once nobody takes up singly


@dataclass(frozen=True, slots=True)
class Waiting:
    """An incident that nobody has taken up: its latest page, and everybody it has reached."""

    page: Page
    people: list[User]


@require_safe
@staff_only
def pages(request: Request) -> HttpResponse:
    """List what waits to be taken up, and below it all else."""
    user = request.user
    own = Page.objects.filter(person=user, incident=OuterRef("incident"))
    opens = Incident.objects.visible_to(user, request.at).filter(pk=OuterRef("incident"))
    seen = visible_to(user).annotate(is_mine=Exists(own), is_seen=Exists(opens))
    listed = seen.select_related(
        "incident__customer", "incident__certificate__office", "person", "acknowledged_by"
    )
    waiting = open_pages(listed)
    over = listed.exclude(pk__in=open_pages(visible_to(user)).values("pk"))
    context = {
        "waiting": _by_incident(waiting[:OPEN_LIMIT]),
        "page": Paginator(over, PAGE_SIZE).get_page(request.GET.get("page")),
        "times": TIMES,
    }
    return render(request, "tam/handover/pages.html", context)


@require_POST
@staff_only
def acknowledgement(request: Request, pk: int) -> HttpResponse:
    page = visible_to(request.user).select_related("incident").filter(pk=pk).first()
    if page is None:
        raise NotFound(_("There is no such page."))
    try:
        acknowledge(incident=page.incident, actor=request.user, at=request.at)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Acknowledged: nobody is paged for it any more."))
    return redirect("pages")


def _by_incident(pages: Iterable[Page]) -> list[Waiting]:
    """Gather pages, the newest first: an incident is taken up once, whoever it woke."""
    gathered: dict[int, Waiting] = {}
    for page in pages:
        waiting = gathered.setdefault(page.incident_id, Waiting(page, []))
        if page.person not in waiting.people:
            waiting.people.append(page.person)
    return list(gathered.values())
