"""What an office's team has to do, and who is away when (SPEC 20)."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from accounts.models import Office, Role
from incidents.views.request import Request
from tam.queries.workload import load_by_person, planned_weeks, team_load
from tam.views.guards import staff_only

PLANS_WORK: Final = frozenset({Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD, Role.ADMINISTRATOR})
SEES_PEOPLE: Final = frozenset({Role.TEAM_HEAD, Role.ADMINISTRATOR})


@require_safe
@staff_only
def workload(request: Request) -> HttpResponse:
    """Show the load of the person's office; administrators choose one in the address."""
    offices = list(_offices(request))
    if not offices:
        raise NotFound(_("There is no such page."))
    wanted = request.GET.get("office")
    office = next((one for one in offices if str(one.pk) == wanted), offices[0])
    by_person = office.workload_by_person and request.user.role in SEES_PEOPLE
    context = {
        "office": office,
        "offices": offices,
        "load": team_load(office, request.at),
        "by_person": load_by_person(office, request.at) if by_person else None,
        "weeks": planned_weeks(office, request.at),
    }
    return render(request, "tam/customers/workload.html", context)


def _offices(request: Request) -> QuerySet[Office]:
    user = request.user
    if user.role not in PLANS_WORK:
        return Office.objects.none()
    if user.role == Role.ADMINISTRATOR:
        return Office.objects.order_by("name")
    return Office.objects.filter(staff=user)
