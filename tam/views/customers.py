"""Customers at a glance, one customer, and the register of what is owed to them (SPEC 19.8)."""

from collections.abc import Callable
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import READS_CERTIFICATES
from accounts.actions import obligations
from accounts.errors import NotAllowed, NotFound
from accounts.models import Customer, Obligation
from incidents.views.certificate_page import STANDINGS
from incidents.views.request import Request
from tam.access import customers_read_by, get_customer
from tam.queries import customers as queries
from tam.queries.advice import advice_to
from tam.queries.health import Health, health_of, register_read_by
from tam.queries.trends import trends_of
from tam.views.customer_forms import DeliveryForm, OnceForm, WaiverForm
from tam.views.customer_guards import KEEPS_CUSTOMERS
from tam.views.forms_once import Asked, posted, take
from tam.views.guards import staff_only
from tam.views.trend_charts import charts_of

PAGE: Final = 50  # what a person scrolls through
ADVICE_SHOWN: Final = 3  # the latest; the log has them all


@require_safe
@staff_only
def listing(request: Request) -> HttpResponse:
    """List the customers that the person is in charge of, the worst first."""
    if request.user.role not in READS_CERTIFICATES:
        raise NotFound(_("There is no such page."))
    text = request.GET.get("q", "").replace("\0", "").strip()[: queries.TEXT_LENGTH]
    found = queries.narrowed(customers_read_by(request.user, request.at), text)
    healths = health_of(found, request.user, request.at)
    page = Paginator(healths, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": page.object_list, "text": text}
    return render(request, "tam/customers/list.html", context)


@require_safe
@staff_only
def page(request: Request, pk: int) -> HttpResponse:
    customer = get_customer(request.user, pk, request.at)
    [health] = health_of([customer], request.user, request.at)
    return render(request, "tam/customers/customer.html", _context(request, customer, health))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def delivery(request: Request, pk: int, obligation: int) -> HttpResponse:
    """Ask for the proof that an obligation was delivered, or record it."""
    owed = _obligation(request, pk, obligation)

    def act(form: Any) -> object:
        proof = form.cleaned_data["proof"]
        return obligations.deliver(obligation=owed, actor=request.user, at=request.at, proof=proof)

    return _settle(
        request,
        owed,
        DeliveryForm,
        act,
        title=_("Delivered: %(what)s") % {"what": owed},
        explanation=_("It stays in the register, with your name and the proof."),
        submit=_("Record the delivery"),
        done=_("The delivery is recorded."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def waiver(request: Request, pk: int, obligation: int) -> HttpResponse:
    """Ask why something is not owed any more, or record it."""
    owed = _obligation(request, pk, obligation)

    def act(form: Any) -> object:
        reason = form.cleaned_data["reason"]
        return obligations.waive(obligation=owed, actor=request.user, at=request.at, reason=reason)

    return _settle(
        request,
        owed,
        WaiverForm,
        act,
        title=_("Not owed any more: %(what)s") % {"what": owed},
        explanation=_("It stays in the register, with your name and the reason."),
        submit=_("Record that it is not owed"),
        done=_("Recorded: it is not owed any more."),
    )


def crumbs_of(customer: Customer, *further: str) -> list[dict[str, Any]]:
    """Return the way to a page below a customer's; `further` are the names of what follows."""
    names = [{"label": name, "url": None} for name in further]
    page = reverse("customer", args=[customer.pk]) if further else None
    return [
        {"label": _("Customers"), "url": reverse("customers")},
        {"label": customer.name, "url": page},
        *names,
    ]


def _context(request: Request, customer: Customer, health: Health) -> dict[str, Any]:
    user, at = request.user, request.at
    agreements = queries.agreements(health.certificates, at)
    zone = health.certificates[0].office.timezone
    trends = trends_of(customer, user, at, zone)
    return {
        "customer": customer,
        "health": health,
        "agreements": [
            {"certificate": one.certificate, "left": one.left, "standing": STANDINGS[one.standing]}
            for one in agreements
        ],
        "incidents": queries.open_incidents(customer, user, at),
        "queue_url": f"{reverse('queue')}?customer={customer.pk}",
        "register": queries.register(customer, user, at),
        "advice": advice_to(customer)[:ADVICE_SHOWN],
        "charts": [] if trends.is_empty else charts_of(trends),
        "heads": queries.heads_of(health.certificates),
        "may_keep": user.role in KEEPS_CUSTOMERS,
        "crumbs": crumbs_of(customer),
    }


def _obligation(request: Request, pk: int, obligation: int) -> Obligation:
    """Return an obligation for somebody who may settle it."""
    customer = get_customer(request.user, pk, request.at)
    theirs = register_read_by(request.user, request.at).filter(customer=customer)
    owed = theirs.select_related("customer").filter(pk=obligation).first()
    if owed is None:
        raise NotFound(_("There is no such obligation."))
    if request.user.role not in KEEPS_CUSTOMERS:
        raise NotAllowed(_("Account managers and the head of the team keep the register."))
    if owed.kind == Obligation.Kind.ADVICE:
        raise NotAllowed(_("An agreed action is settled in the log of advice."))
    return owed


def _settle(
    request: Request,
    owed: Obligation,
    form: type[OnceForm],
    act: Callable[[Any], object],
    **words: str,
) -> HttpResponse:
    back = reverse("customer", args=[owed.customer_id]) + "#obligations"
    asked = Asked(
        **words, back=back, crumbs=crumbs_of(owed.customer, words["title"]), about=f"owed-{owed.pk}"
    )
    return take(request, form(posted(request)), asked, act)
