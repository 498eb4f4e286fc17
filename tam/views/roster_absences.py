"""When people do not work: one's own absences, and for heads those of their office."""

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import NotAllowed, NotFound, Refused
from accounts.models import Role, User
from incidents.views.request import Request
from tam.access import PLANS_EVERY_OFFICE, offices_seen_by
from tam.actions.roster.absences import (
    change_absence,
    check_absence,
    enter_absence,
    may_enter,
    remove_absence,
)
from tam.coverage import Span
from tam.models import Absence
from tam.queries.roster import absences_ahead
from tam.queries.roster_effects import effect_of_absence
from tam.views.guards import staff_only
from tam.views.roster_forms import AbsenceForm
from tam.views.roster_pages import Page, act_and_return, refuse, show_form, take


@require_GET
@staff_only
def absences(request: Request) -> HttpResponse:
    """Show the absences of now and to come: one's own, and those of the offices one sees."""
    rows = list(absences_ahead(_people_seen(request.user), request.at))
    context = {
        "own": [row for row in rows if row.person == request.user],
        "others": [row for row in rows if row.person != request.user],
        "entered": {row.pk for row in rows if may_enter(request.user, row.person)},
    }
    return render(request, "tam/roster/absences.html", context)


@require_http_methods(["GET", "POST"])
@staff_only
def new_absence(request: Request) -> HttpResponse:
    """Ask for an absence, show what it opens, and enter it."""
    form = AbsenceForm(
        request.POST or None,
        people=_people_entered(request.user),
        zone=request.user.timezone,
        initial={"person": request.user.pk},
        at=request.at,
    )
    page = {
        "title": _("Enter an absence"),
        "explanation": _(
            "Meanwhile the deputy is responsible, else the duty manager. What should have begun "
            "today begins now."
        ),
        "submit": _("Enter this absence"),
        "back": reverse("roster-absences"),
    }
    if not (form.is_bound and form.is_valid()):
        return show_form(request, form, page)
    person = form.cleaned_data.get("person", request.user)
    span = Span(form.cleaned_data["starts_at"], form.cleaned_data["ends_at"])
    if not form.is_to_be_saved:
        return _preview(request, form, person, span, None, page)

    def act() -> str:
        enter_absence(
            person=person,
            starts_at=span.since,
            ends_at=span.until,
            actor=request.user,
            at=request.at,
        )
        return reverse("roster-absences")

    return take(request, form, page, act, _("The absence is entered."))


@require_http_methods(["GET", "POST"])
@staff_only
def absence(request: Request, pk: int) -> HttpResponse:
    """Ask for other times of an absence, show what they open, and change it."""
    found = _entered(request, pk)
    form = AbsenceForm(
        request.POST or None,
        people=User.objects.filter(pk=found.person_id),
        zone=request.user.timezone,
        initial={"starts_at": found.starts_at, "ends_at": found.ends_at},
        at=request.at,
    )
    begun = found.starts_at <= request.at
    page = {
        "title": _("Absence of %(name)s") % {"name": found.person},
        "explanation": _("This absence has begun; only its end can be changed.")
        if begun
        else _("Meanwhile the deputy is responsible, else the duty manager."),
        "submit": _("Save"),
        "back": reverse("roster-absences"),
        "absence": found,
        "removable": not begun,
    }
    if not (form.is_bound and form.is_valid()):
        return show_form(request, form, page)
    span = Span(form.cleaned_data.get("starts_at", found.starts_at), form.cleaned_data["ends_at"])
    if not form.is_to_be_saved:
        return _preview(request, form, found.person, span, found, page)

    def act() -> str:
        change_absence(
            absence=found,
            starts_at=span.since,
            ends_at=span.until,
            actor=request.user,
            at=request.at,
        )
        return reverse("roster-absences")

    return take(request, form, page, act, _("The absence is changed."))


@require_http_methods(["GET", "POST"])
@staff_only
def absence_removal(request: Request, pk: int) -> HttpResponse:
    """Ask whether an absence is to be removed; or remove it."""
    found = _entered(request, pk)
    if request.method == "POST":
        return act_and_return(
            request,
            lambda: remove_absence(absence=found, actor=request.user, at=request.at),
            _("The absence is removed."),
            reverse("roster-absences"),
        )
    context = {
        "title": _("Remove the absence of %(name)s") % {"name": found.person},
        "absence": found,
        "submit": _("Remove this absence"),
        "back": reverse("roster-absences"),
    }
    return render(request, "tam/roster/confirm.html", context)


def _people_seen(user: User) -> QuerySet[User]:
    return User.objects.filter(Q(office__in=offices_seen_by(user)) | Q(pk=user.pk))


def _people_entered(user: User) -> QuerySet[User]:
    """Return whose absences somebody enters, themselves first."""
    staff = User.objects.filter(is_active=True).exclude(role=Role.CONTACT)
    if user.role in PLANS_EVERY_OFFICE:
        return staff.order_by("name", "pk")
    if user.role == Role.TEAM_HEAD and user.office_id:
        return staff.filter(Q(office=user.office_id) | Q(pk=user.pk)).order_by("name", "pk")
    return staff.filter(pk=user.pk)


def _entered(request: Request, pk: int) -> Absence:
    """Return an absence that the person sees and enters, and that is not over."""
    rows = absences_ahead(_people_seen(request.user), request.at)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such absence."))
    if not may_enter(request.user, found.person):
        raise NotAllowed(_("People enter their own absences, and heads those of their office."))
    return found


def _preview(
    request: Request,
    form: AbsenceForm,
    person: User,
    span: Span,
    instead_of: Absence | None,
    page: Page,
) -> HttpResponse:
    wanted = Absence(
        pk=instead_of.pk if instead_of else None,
        person=person,
        starts_at=max(span.since, request.at) if instead_of is None else span.since,
        ends_at=span.until,
    )
    try:
        check_absence(wanted, request.at, begun=span.since < request.at)
    except Refused as refusal:
        refuse(form, refusal)
        return show_form(request, form, page)
    effect = effect_of_absence(
        person, Span(wanted.starts_at, wanted.ends_at), instead_of=instead_of, at=request.at
    )
    form.show()
    return show_form(request, form, page, absence_effect=effect, person=person)
