"""The log of advice and agreed actions: the staff's page and the portal's (SPEC 10)."""

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import certificates_read_by
from accounts.errors import NotAllowed, NotFound
from incidents.views.request import Request
from tam.access import get_customer
from tam.actions.advice import finish_action, give_advice
from tam.models import Advice
from tam.queries.advice import advice_read_by, advice_to
from tam.views.customer_forms import AdviceForm, OutcomeForm
from tam.views.customer_guards import KEEPS_CUSTOMERS, contacts_only
from tam.views.customers import crumbs_of
from tam.views.forms_once import Asked, posted, take
from tam.views.guards import staff_only

PAGE: Final = 20  # entries with their texts: some screens


@require_safe
@staff_only
def of_customer(request: Request, pk: int) -> HttpResponse:
    customer = get_customer(request.user, pk, request.at)
    entries = Paginator(advice_to(customer), PAGE).get_page(request.GET.get("page"))
    context = {
        "customer": customer,
        "page": entries,
        "may_keep": request.user.role in KEEPS_CUSTOMERS,
        "crumbs": crumbs_of(customer, _("Advice")),
    }
    return render(request, "tam/advice/customer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: Request, pk: int) -> HttpResponse:
    """Ask for a piece of advice, or log it."""
    customer = get_customer(request.user, pk, request.at)
    _check_keeps(request)
    certificates = certificates_read_by(request.user, request.at).select_related("office")
    choices = certificates.filter(customer=customer).order_by("-valid_until", "number")
    form = AdviceForm(posted(request), certificates=choices)
    asked = Asked(
        title=_("New advice"),
        explanation=_("The customer reads it in the portal, and its contacts are told by mail."),
        submit=_("Log the advice"),
        done=_("The advice is logged."),
        back=reverse("customer-advice", args=[customer.pk]),
        crumbs=crumbs_of(customer, _("New advice")),
        about=f"advice-to-{customer.pk}",
    )
    return take(
        request,
        form,
        asked,
        lambda valid: give_advice(**valid.terms(), actor=request.user, at=request.at),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def outcome(request: Request, pk: int, advice: int) -> HttpResponse:
    """Ask what came of an agreed action, or record it."""
    customer = get_customer(request.user, pk, request.at)
    found = advice_to(customer).filter(pk=advice).first()
    if found is None:
        raise NotFound(_("There is no such advice."))
    _check_keeps(request)
    back = reverse("customer-advice", args=[customer.pk])
    return _finish(request, found, back, crumbs_of(customer, _("Outcome")))


@require_safe
@contacts_only
def in_portal(request: Request) -> HttpResponse:
    """Show a contact what their organisation was advised."""
    log = advice_read_by(request.user)
    page = Paginator(log, PAGE).get_page(request.GET.get("page"))
    context = {"customer": request.user.customer, "page": page}
    return render(request, "tam/advice/portal.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@contacts_only
def outcome_in_portal(request: Request, advice: int) -> HttpResponse:
    """Take from a contact what came of their organisation's own action."""
    found = advice_read_by(request.user).filter(pk=advice).first()
    if found is None:
        raise NotFound(_("There is no such advice."))
    if found.whose != Advice.Whose.CUSTOMER:
        raise NotAllowed(_("That action is ours: we tell you when it is done."))
    back = reverse("advice")
    crumbs: list[dict[str, Any]] = [
        {"label": _("Advice"), "url": back},
        {"label": _("Outcome"), "url": None},
    ]
    return _finish(request, found, back, crumbs)


def _finish(
    request: Request, advice: Advice, back: str, crumbs: list[dict[str, Any]]
) -> HttpResponse:
    asked = Asked(
        title=_("Done: %(title)s") % {"title": advice.title},
        explanation=advice.action,
        submit=_("Mark as done"),
        done=_("The agreed action is done."),
        back=f"{back}#advice-{advice.pk}",
        crumbs=crumbs,
        about=f"outcome-{advice.pk}",
    )

    def act(form: Any) -> object:
        words = form.cleaned_data["outcome"]
        return finish_action(advice=advice, actor=request.user, outcome=words, at=request.at)

    return take(request, OutcomeForm(posted(request)), asked, act)


def _check_keeps(request: Request) -> None:
    if request.user.role not in KEEPS_CUSTOMERS:
        raise NotAllowed(_("Account managers and the head of the team keep the log of advice."))
