"""How promises are reckoned: of an incident, and of what is filed now (SPEC 7.11)."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.errors import NotFound
from accounts.models import Certificate
from incidents.access import Verb, certificates_for_filing, get_incident
from incidents.explaining.records import explain_filing, explain_incident
from incidents.explaining.statements import Statement, statement_of, statements_of
from incidents.queries import filing_refusals, filings_left
from incidents.states import SEVERITY_LABELS
from incidents.views.request import Request


@dataclass(frozen=True, slots=True)
class PromisedNow:
    """What an incident of one severity would be promised; no statement: no time is promised."""

    severity: int
    statements: list[Statement]


@require_GET
def of_incident(request: Request, reference: str) -> HttpResponse:
    """Show every clock of an incident, to both sides alike."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    timezone = incident.certificate.office.timezone
    may_file = incident.certificate in certificates_for_filing(request.user, request.at)
    context = {
        "incident": incident,
        "promises_url": reverse("promises", args=[incident.certificate.number]) if may_file else "",
        "office": incident.certificate.office,
        "statements": statements_of(
            explain_incident(incident, request.at), timezone, request.user.timezone
        ),
        "crumbs": [
            *_first_crumbs(request),
            {"label": incident.reference, "url": incident.get_absolute_url()},
            {"label": _("How the time is reckoned"), "url": None},
        ],
    }
    return render(request, "incidents/explanation.html", context)


@require_GET
def of_certificate(request: Request, number: str) -> HttpResponse:
    """Show when an incident filed in the portal now would be due, at each severity."""
    certificate = _certificate_for_filing(request, number)
    office, promised = certificate.office, explain_filing(certificate, request.at)
    left = filings_left([certificate], request.at)
    context = {
        "certificate": certificate,
        "office": office,
        "refusal": filing_refusals([certificate], left, request.at).get(certificate.pk, ""),
        "promised": [
            PromisedNow(
                severity,
                [
                    statement_of(explanation, office.timezone, request.user.timezone)
                    for explanation in promised.get(severity, [])
                ],
            )
            for severity in SEVERITY_LABELS
        ],
        "crumbs": [*_first_crumbs(request), {"label": certificate.number, "url": None}],
    }
    return render(request, "incidents/promises.html", context)


def _certificate_for_filing(request: Request, number: str) -> Certificate:
    """Return a certificate that names the contact, or on which staff file; else `NotFound`."""
    for certificate in certificates_for_filing(request.user, request.at):
        if certificate.number == number:
            return certificate
    raise NotFound(_("There is no such certificate."))


def _first_crumbs(request: Request) -> list[dict[str, Any]]:
    if request.user.is_contact:
        return [{"label": _("Home"), "url": reverse("home")}]
    return [{"label": _("Queue"), "url": reverse("queue")}]
