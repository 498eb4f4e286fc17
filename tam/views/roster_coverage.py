"""Who is responsible when, over twelve weeks, and every time with nobody (SPEC 10, 19.6)."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import certificates_read_by
from incidents.views.request import Request
from tam.access import may_plan
from tam.queries.roster_coverage import coverage_of
from tam.views.guards import staff_only
from tam.views.roster_pages import chosen_office, offices_of

# Gaps of an office that are listed at once; more are counted, and shown with `?all=1`. An office
# without any duty plan has one each night.
GAPS_SHOWN: Final = 25
# Of these, how many are seen before the others are unfolded: as many as one plans for in one go.
GAPS_UNFOLDED: Final = 5


@require_GET
@staff_only
def coverage(request: Request) -> HttpResponse:
    """Show the offices that the person sees, or the one that the address names."""
    offices = offices_of(request)
    if not offices:
        return render(request, "tam/roster/none.html", {"title": _("Coverage")})
    office = chosen_office(request, offices) if request.GET.get("office") else None
    readable = set(certificates_read_by(request.user, request.at).values_list("pk", flat=True))
    found = coverage_of([office] if office else offices, readable, request.at)
    urgent = [(one.office, gap) for one in found for gap in one.gaps if gap.is_soon]
    context = {
        "offices": offices,
        "office": office,
        "coverage": found,
        "urgent": urgent,
        "unfolded": f":{GAPS_UNFOLDED}",
        "folded": f"{GAPS_UNFOLDED}:" + ("" if request.GET.get("all") else f"{GAPS_SHOWN}"),
        "limit": None if request.GET.get("all") else GAPS_SHOWN,
        "plannable": {one.office.pk for one in found if may_plan(request.user, one.office)},
    }
    return render(request, "tam/roster/coverage.html", context)
