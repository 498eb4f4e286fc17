"""A certificate as its contacts read it: what is included, what is left, and who is there."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import certificates_read_by
from accounts.actions.certificates import renew_call_in_code
from accounts.errors import NotAllowed, NotFound
from accounts.models import Certificate
from incidents import queries
from incidents.views.certificate_page import STANDINGS, page_of
from incidents.views.request import Request

PAGE = 50  # what a manager's own list seldom exceeds


@require_GET
def listing(request: Request) -> HttpResponse:
    """List the certificates that the person may read; of a single one, show its page."""
    readable = certificates_read_by(request.user, request.at)
    rows = readable.select_related("customer", "programme", "office", "tam").order_by(
        "-valid_until", "number"
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    if page.paginator.count == 1:
        return redirect("certificate", page.object_list[0].number)
    context = {"page": page, "rows": [_row(certificate, request.at) for certificate in page]}
    return render(request, "incidents/certificates.html", context)


def _row(certificate: Certificate, at: datetime) -> dict[str, Any]:
    label, tone = STANDINGS[queries.validity_of(certificate, at).standing]
    return {"certificate": certificate, "standing": label, "tone": tone}


@never_cache
@require_GET
def page(request: Request, number: str) -> HttpResponse:
    certificate = _certificate(request, number)
    context = {
        **page_of(certificate, request.user, request.at, request.GET),
        "crumbs": _crumbs(request, certificate),
    }
    return render(request, "incidents/certificate.html", context)


@require_POST
def call_in_code(request: Request, number: str) -> HttpResponse:
    """Give the reader a new code for the phone, and show it."""
    certificate = _certificate(request, number)
    contact = certificate.contacts.filter(user=request.user).first()
    if contact is None:
        raise NotAllowed(_("Each contact renews their own code."))
    renew_call_in_code(contact=contact)
    messages.success(request, _("Your call-in code is renewed. The old one is void."))
    return redirect(f"{reverse('certificate', args=[number])}?code=shown#call-in-code")


def _certificate(request: Request, number: str) -> Certificate:
    """Return a certificate that the person may read; else `NotFound`."""
    readable = certificates_read_by(request.user, request.at).filter(number=number)
    related = readable.select_related("customer", "programme", "office", "tam", "deputy")
    certificate = related.prefetch_related("programme__severities").first()
    if certificate is None:
        raise NotFound(_("There is no such certificate."))
    return certificate


def _crumbs(request: Request, certificate: Certificate) -> list[dict[str, Any]]:
    if request.user.is_contact:
        first = {"label": _("Home"), "url": reverse("home")}
    else:
        first = {"label": _("Queue"), "url": reverse("queue")}
    return [first, {"label": certificate.number, "url": None}]
