"""A contact's list of incidents: searched, narrowed, ordered, paged (SPEC 6)."""

from collections.abc import Sequence
from typing import Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from incidents import queries
from incidents.access import certificates_for_filing
from incidents.exports.tables import ROWS_MOST
from incidents.models import Incident
from incidents.queries.lists import Line, lines
from incidents.queries.narrowing import narrowed
from incidents.queries.reading import with_news
from incidents.views.listing_form import ListForm
from incidents.views.request import Request

PAGE: Final = 25  # lines: two screens, so that one seldom turns the page


@require_GET
def listing(request: Request) -> HttpResponse:
    if not request.user.is_contact:
        return redirect("queue")
    form = ListForm(request.GET, user=request.user, at=request.at)
    form.is_valid()
    incidents = narrowed(request.user, form.narrowing(), request.at)
    page = Paginator(incidents, PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "lines": _lines(request, list(page)),
        "exports": page.paginator.count,
        "exports_most": ROWS_MOST,
        "search_url": None,  # the page has a search of its own, with filters
    }
    return render(request, "incidents/list.html", context)


def _lines(request: Request, incidents: Sequence[Incident]) -> list[Line]:
    certificates = certificates_for_filing(request.user, request.at)
    rows = queries.rows(incidents, certificates, request.at)
    return lines(rows, with_news(incidents, request.user))
