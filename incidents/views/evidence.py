"""Handing an incident's evidence over, to whoever may see the incident (SPEC 19.1)."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from incidents.access import Verb, get_incident
from incidents.evidence.document import as_file, evidence_of
from incidents.evidence.sheet import sheet_of
from incidents.views.request import Request


@require_GET
def file(request: Request, reference: str) -> HttpResponse:
    """Send the file that `docs/check_evidence.py` checks; it is the same for both sides."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    return _download(as_file(evidence_of(incident)), "application/json", f"{reference}.json")


@require_GET
def sheet(request: Request, reference: str) -> HttpResponse:
    """Send the PDF in the reader's language."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    content = sheet_of(evidence_of(incident), request.user.language)
    return _download(content, "application/pdf", f"{reference}.pdf")


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
