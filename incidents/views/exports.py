"""Taking one incident, or a list of them, out of the house; each is noted (SPEC 20)."""

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import NotAllowed, Refused
from incidents.access import Verb, get_incident
from incidents.actions.exporting import note_incident_export, note_list_export
from incidents.exports.sheet import printed
from incidents.exports.tables import ROWS_MOST, as_csv, as_xlsx
from incidents.models import ExportFormat
from incidents.queries.narrowing import narrowed
from incidents.views.listing_form import ListForm
from incidents.views.printing import sheet_of
from incidents.views.request import Request

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_POST
def of_incident(request: Request, reference: str) -> HttpResponse:
    """Send the incident as a PDF in the reader's language, as its customer may read it."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at)
    note_incident_export(
        incident=incident, kind=ExportFormat.PDF, actor=request.user, at=request.at
    )
    sheet = sheet_of(incident, request.user, request.at, vendor=settings.VENDOR_NAME)
    return _download(printed(sheet, at=request.at), "application/pdf", f"{reference}.pdf")


@require_POST
def of_list(request: Request) -> HttpResponse:
    """Send the list as it is narrowed in the address; what the person does not see is not in it."""
    if not request.user.is_contact:
        raise NotAllowed(_("Lists are exported by a customer's contacts."))
    form = ListForm(request.GET, user=request.user, at=request.at)
    back = f"{reverse('incidents')}?{request.GET.urlencode()}"
    kind = request.POST.get("format")
    if not form.is_valid() or kind not in {ExportFormat.CSV, ExportFormat.XLSX}:
        return redirect(back)
    incidents = list(narrowed(request.user, form.narrowing(), request.at)[: ROWS_MOST + 1])
    try:
        note_list_export(
            kind=ExportFormat(kind),
            narrowed_by=form.recorded(),
            count=len(incidents),
            most=ROWS_MOST,
            actor=request.user,
            at=request.at,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    name = f"incidents-{timezone.localtime(request.at):%Y-%m-%d}.{kind}"
    if kind == ExportFormat.CSV:
        return _download(as_csv(incidents), "text/csv; charset=utf-8", name)
    return _download(as_xlsx(incidents, title=_("Incidents")), XLSX, name)


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
