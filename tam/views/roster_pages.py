"""What the pages of the plan have in common: their office, and how a change is taken."""

from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed, NotFound, Refused
from accounts.models import DutyShift, Office
from incidents.actions.submissions import once
from incidents.views.request import Request
from tam.access import may_plan, offices_seen_by
from tam.views.roster_forms import PlanForm

UNPROCESSABLE = 422

# What the page of a form says: title, explanation, submit, back, and what stands beside it.
Page: TypeAlias = Mapping[str, Any]


def offices_of(request: Request) -> list[Office]:
    return list(offices_seen_by(request.user).order_by("name", "pk"))


def chosen_office(request: Request, offices: list[Office]) -> Office | None:
    """Return the office that the address names, else the person's own, else the first.

    Raises `NotFound` for one that the person does not see; None where they see none.
    """
    named = request.GET.get("office", "")
    if named:
        found = next((office for office in offices if str(office.pk) == named), None)
        if found is None:
            raise NotFound(_("There is no such office."))
        return found
    own = [office for office in offices if office.pk == request.user.office_id]
    return next(iter([*own, *offices]), None)


def planned_office(request: Request) -> Office:
    """Return the office that the address names, which the person plans."""
    office = chosen_office(request, offices_of(request))
    if office is None:
        raise NotFound(_("There is no such office."))
    if not may_plan(request.user, office):
        raise NotAllowed(_("The head of the office's team plans its shifts."))
    return office


def get_shift(request: Request, pk: int) -> DutyShift:
    """Return a shift of an office that the person sees."""
    rows = DutyShift.objects.select_related("office", "person", "pattern")
    shift = rows.filter(pk=pk, office__in=offices_seen_by(request.user)).first()
    if shift is None:
        raise NotFound(_("There is no such shift."))
    return shift


def planner_address(office: Office, day: date | None = None) -> str:
    query = f"?office={office.pk}" + (f"&day={day.isoformat()}" if day else "")
    return reverse("roster") + query


def address_on(office: Office, at: datetime) -> str:
    return planner_address(office, at.astimezone(ZoneInfo(office.timezone)).date())


def day_of(text: str) -> date | None:
    """Read a date of an address; None for what is none."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def instant_of(text: str) -> datetime | None:
    """Read an instant of an address, with its offset; None for what is none.

    None, too, in the first and last year of all: another time zone may have no such instant.
    """
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    if found is None or found.tzinfo is None or found.year in {MINYEAR, MAXYEAR}:
        return None
    return found


def take(
    request: Request, form: PlanForm, page: Page, act: Callable[[], str], done: str
) -> HttpResponse:
    """Perform a valid form once and go where it led, or show it with what was refused."""
    try:
        address = once(user=request.user, key=form.key, at=request.at, act=act)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        refuse(form, refusal)
        return show_form(request, form, page)
    messages.success(request, done)
    return redirect(address)


def refuse(form: PlanForm, refusal: Refused) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def show_form(request: Request, form: PlanForm, page: Page, **effect: Any) -> HttpResponse:
    """Render a form with its page's words; `effect`, where it is known: what saving would do."""
    status = UNPROCESSABLE if form.is_bound and not form.is_valid() else 200
    return render(request, "tam/roster/form.html", {"form": form, **page, **effect}, status=status)


def act_and_return(
    request: Request, act: Callable[[], object], done: str, address: str
) -> HttpResponse:
    """Perform an act that has no form of its own; what is refused is told on the next page."""
    try:
        act()
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(address)
