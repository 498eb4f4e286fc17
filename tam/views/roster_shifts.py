"""Planning an office's line: shifts and patterns of them."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.errors import NotAllowed, NotFound, Refused
from accounts.models import DutyShift, ShiftPattern
from accounts.worktime import local_date
from incidents.views.request import Request
from tam.access import may_plan, offices_seen_by
from tam.actions.roster.patterns import (
    check_pattern,
    end_pattern,
    left_out,
    make_pattern,
    shifts_of,
)
from tam.actions.roster.shifts import change_shift, check_shift, plan_shift, remove_shift
from tam.queries.roster_effects import effect_of_shifts
from tam.views.guards import staff_only
from tam.views.roster_forms import PatternForm, PlanForm, ShiftForm
from tam.views.roster_pages import (
    Page,
    act_and_return,
    address_on,
    get_shift,
    instant_of,
    planned_office,
    planner_address,
    refuse,
    show_form,
    take,
)


@require_http_methods(["GET", "POST"])
@staff_only
def new_shift(request: Request) -> HttpResponse:
    """Ask for a shift, with the times of the address filled in; or plan it."""
    office = planned_office(request)
    initial = {
        "starts_at": instant_of(request.GET.get("from", "")),
        "ends_at": instant_of(request.GET.get("until", "")),
    }
    form = ShiftForm(request.POST or None, office=office, initial=initial, at=request.at)
    page = {
        "title": _("Plan a shift"),
        "explanation": _("The duty manager answers the line of %(office)s during the shift.")
        % {"office": office},
        "submit": _("Plan this shift"),
        "back": planner_address(office),
    }
    if not (form.is_bound and form.is_valid()):
        return show_form(request, form, page)
    person, starts_at, ends_at = form.planned()
    if not form.is_to_be_saved:
        added = DutyShift(office=office, person=person, starts_at=starts_at, ends_at=ends_at)
        return _preview(request, form, added, [], page)

    def act() -> str:
        shift = plan_shift(
            office=office,
            person=person,
            starts_at=starts_at,
            ends_at=ends_at,
            actor=request.user,
            at=request.at,
        )
        return address_on(office, shift.starts_at)

    return take(request, form, page, act, _("The shift is planned."))


@require_http_methods(["GET", "POST"])
@staff_only
def shift(request: Request, pk: int) -> HttpResponse:
    """Show a shift; to who plans the office, with the form that changes it."""
    found = get_shift(request, pk)
    planner = may_plan(request.user, found.office)
    if not planner or found.ends_at <= request.at:
        if request.method == "POST" and not planner:
            raise NotAllowed(_("The head of the office's team plans its shifts."))
        return _look_at(request, found)
    form = ShiftForm(request.POST or None, office=found.office, shift=found, at=request.at)
    page = {
        "title": _("Shift of %(name)s") % {"name": found.person},
        "explanation": _("This shift has begun; only its end can be changed.")
        if form.begun
        else _("Once changed it no longer follows its pattern, and swaps asked for it are off."),
        "submit": _("Save"),
        "back": address_on(found.office, found.starts_at),
        "shift": found,
        "removable": not form.begun,
        "swappable": found.person == request.user and not form.begun,
    }
    if not (form.is_bound and form.is_valid()):
        return show_form(request, form, page)
    person, starts_at, ends_at = form.planned()
    if not form.is_to_be_saved:
        added = DutyShift(
            pk=found.pk, office=found.office, person=person, starts_at=starts_at, ends_at=ends_at
        )
        try:
            check_shift(added, request.at, new_from=found.ends_at if form.begun else starts_at)
        except Refused as refusal:
            refuse(form, refusal)
            return show_form(request, form, page)
        return _preview(request, form, added, [found], page)

    def act() -> str:
        changed = change_shift(
            shift=found,
            person=person,
            starts_at=starts_at,
            ends_at=ends_at,
            actor=request.user,
            at=request.at,
        )
        return address_on(changed.office, changed.starts_at)

    return take(request, form, page, act, _("The shift is changed."))


@require_http_methods(["GET", "POST"])
@staff_only
def shift_removal(request: Request, pk: int) -> HttpResponse:
    """Ask whether a shift is to be removed, telling what it opens; or remove it."""
    found = get_shift(request, pk)
    if not may_plan(request.user, found.office):
        raise NotAllowed(_("The head of the office's team plans its shifts."))
    address = address_on(found.office, found.starts_at)
    if request.method == "POST":
        return act_and_return(
            request,
            lambda: remove_shift(shift=found, actor=request.user, at=request.at),
            _("The shift is removed."),
            address,
        )
    context = {
        "title": _("Remove the shift of %(name)s") % {"name": found.person},
        "shifts": [found],
        "zone": found.office.timezone,
        "effect": effect_of_shifts(found.office, [], removed=[found], at=request.at),
        "submit": _("Remove this shift"),
        "back": address,
    }
    return render(request, "tam/roster/confirm.html", context)


@require_http_methods(["GET", "POST"])
@staff_only
def new_pattern(request: Request) -> HttpResponse:
    """Ask for a pattern, show what it does, and make it."""
    office = planned_office(request)
    today = local_date(request.at, office.timezone)
    form = PatternForm(request.POST or None, office=office, today=today)
    page = {
        "title": _("Plan shifts that come again"),
        "explanation": _(
            "They are planned twelve weeks ahead, and further every day until the pattern ends. "
            "The times on the clock stay the same when the clocks change."
        ),
        "submit": _("Make this pattern"),
        "back": planner_address(office),
    }
    if not (form.is_bound and form.is_valid()):
        return show_form(request, form, page)
    pattern = form.pattern()
    if not form.is_to_be_saved:
        return _preview_pattern(request, form, pattern, page)

    def act() -> str:
        make_pattern(pattern=pattern, actor=request.user, at=request.at)
        return planner_address(office, pattern.first_day)

    return take(request, form, page, act, _("The pattern is made, and its shifts are planned."))


@require_http_methods(["GET", "POST"])
@staff_only
def pattern_end(request: Request, pk: int) -> HttpResponse:
    """Ask whether a pattern is to end, telling what goes with it; or end it."""
    rows = ShiftPattern.objects.filter(office__in=offices_seen_by(request.user))
    pattern = rows.select_related("office", "person").filter(pk=pk).first()
    if pattern is None:
        raise NotFound(_("There is no such pattern."))
    office = pattern.office
    if not may_plan(request.user, office):
        raise NotAllowed(_("The head of the office's team plans its shifts."))
    if request.method == "POST":
        return act_and_return(
            request,
            lambda: end_pattern(pattern=pattern, actor=request.user, at=request.at),
            _("The pattern has ended; its shifts to come are removed."),
            planner_address(office),
        )
    coming = list(pattern.shifts.filter(starts_at__gt=request.at).select_related("person"))
    context = {
        "title": _("End the pattern of %(name)s") % {"name": pattern.person},
        "shifts": coming,
        "zone": office.timezone,
        "effect": effect_of_shifts(office, [], removed=coming, at=request.at),
        "submit": _("End this pattern"),
        "back": planner_address(office),
    }
    return render(request, "tam/roster/confirm.html", context)


def _look_at(request: Request, found: DutyShift) -> HttpResponse:
    context = {
        "shift": found,
        "back": address_on(found.office, found.starts_at),
        "swappable": found.person == request.user and found.starts_at > request.at,
    }
    return render(request, "tam/roster/shift.html", context)


def _preview(
    request: Request,
    form: PlanForm,
    added: DutyShift,
    removed: list[DutyShift],
    page: Page,
) -> HttpResponse:
    if added.ends_at <= added.starts_at:
        form.add_error("ends_at", _("The shift ends before it begins."))
        return show_form(request, form, page)
    effect = effect_of_shifts(added.office, [added], removed=removed, at=request.at)
    form.show()
    return show_form(request, form, page, effect=effect)


def _preview_pattern(
    request: Request, form: PatternForm, pattern: ShiftPattern, page: Page
) -> HttpResponse:
    try:
        check_pattern(pattern, request.at)
    except Refused as refusal:
        refuse(form, refusal)
        return show_form(request, form, page)
    added = shifts_of(pattern, at=request.at)
    skipped = left_out(pattern, at=request.at)
    notes = [
        ngettext("%(count)d shift is planned.", "%(count)d shifts are planned.", len(added))
        % {"count": len(added)}
    ]
    if skipped:
        notes.append(
            ngettext(
                "%(count)d is left out: %(name)s is absent then, or on the line already.",
                "%(count)d are left out: %(name)s is absent then, or on the line already.",
                skipped,
            )
            % {"count": skipped, "name": pattern.person}
        )
    effect = effect_of_shifts(pattern.office, added, at=request.at)
    form.show()
    return show_form(request, form, page, effect=effect, notes=notes)
