"""Who is responsible now, for both sides: a panel that other pages ask for (SPEC 10)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import certificates_read_by
from accounts.errors import NotFound
from accounts.models import Certificate
from incidents.access import Verb, get_incident
from incidents.views.request import Request
from tam.queries.turns import responsibility_for


@require_safe
def of_certificate(request: Request, number: str) -> HttpResponse:
    """Show who is responsible for a certificate; 404 for those who may not read it."""
    read = certificates_read_by(request.user, request.at).select_related("office", "tam", "deputy")
    certificate = read.filter(number=number).distinct().first()
    if certificate is None:
        raise NotFound(_("There is no such certificate."))
    return _panel(request, certificate)


@require_safe
def of_incident(request: Request, reference: str) -> HttpResponse:
    """Show who is responsible for an incident."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    return _panel(request, incident.certificate)


def _panel(request: Request, certificate: Certificate) -> HttpResponse:
    context = {
        "certificate": certificate,
        "office": certificate.office,
        "now": responsibility_for(certificate, request.at),
    }
    return render(request, _template(request), context)


def _template(request: HttpRequest) -> str:
    """Return the panel alone for a page that asks for it, and a page of its own for a person."""
    if request.headers.get("HX-Request"):
        return "tam/responsible/_panel.html"
    return "tam/responsible/page.html"
