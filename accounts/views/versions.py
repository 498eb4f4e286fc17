"""Versions of a certificate: each as a PDF, and two compared (SPEC 3)."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import certificates_read_by
from accounts.errors import NotFound
from accounts.models import Certificate, CertificateVersion
from accounts.printing.certificate import pdf_of
from accounts.printing.comparison import changes
from accounts.views.request import Request

NUMBER_DIGITS = 9  # as many as the database's whole numbers surely hold


@require_GET
def pdf(request: Request, number: str, version: int) -> HttpResponse:
    """Send a version as a PDF, in the language asked for, else in the reader's."""
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else request.user.language
    found = _version(_certificate(request, number), version)
    name = f"{number}-{version}-{language}.pdf"
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
        "Content-Language": language,
        "Cache-Control": "private, no-cache",
    }
    return HttpResponse(pdf_of(found, language), content_type="application/pdf", headers=headers)


@require_GET
def comparison(request: Request, number: str, before: int, after: int) -> HttpResponse:
    """Show what changed from one version to a later one; `?before=&after=` chooses others."""
    certificate = _certificate(request, number)
    chosen = _chosen(request, before, after)
    if chosen != (before, after):
        return redirect("certificate-comparison", number, *chosen)
    earlier, later = _version(certificate, before), _version(certificate, after)
    context = {
        "certificate": certificate,
        "before": earlier,
        "after": later,
        "shown": [earlier, later] if earlier != later else [later],
        "parts": changes(earlier.printed, later.printed),
        "promises_unknown": "promises" not in earlier.printed and "promises" in later.printed,
        "versions": _all_versions(certificate).values_list("number", "issued_at"),
        "crumbs": _crumbs(request, certificate),
    }
    return render(request, "accounts/compare.html", context)


def _certificate(request: Request, number: str) -> Certificate:
    """Return a certificate that the person may read; else `NotFound`."""
    readable = certificates_read_by(request.user, request.at).filter(number=number)
    certificate = readable.select_related("customer", "office").first()
    if certificate is None:
        raise NotFound(_("There is no such certificate."))
    return certificate


def _all_versions(certificate: Certificate) -> QuerySet[CertificateVersion]:
    return certificate.versions.order_by("number")


def _version(certificate: Certificate, number: int) -> CertificateVersion:
    version = _all_versions(certificate).filter(number=number).first()
    if version is None:
        raise NotFound(_("There is no such version."))
    return version


def _chosen(request: Request, before: int, after: int) -> tuple[int, int]:
    """Return the versions to compare, the earlier first."""
    typed = (request.GET.get("before", ""), request.GET.get("after", ""))
    numbers = [
        int(text) if text.isdecimal() and len(text) <= NUMBER_DIGITS else number
        for text, number in zip(typed, (before, after), strict=True)
    ]
    return min(numbers), max(numbers)


def _crumbs(request: Request, certificate: Certificate) -> list[dict[str, Any]]:
    if request.user.is_contact:
        first = {"label": _("Home"), "url": reverse("home")}
    else:
        first = {"label": _("Queue"), "url": reverse("queue")}
    return [
        first,
        {
            "label": certificate.number,
            "url": reverse("certificate", args=[certificate.number]),
        },
        {"label": _("Versions compared"), "url": None},
    ]
