"""Files of messages: always a download, and images drawn anew."""

from typing import Final

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from incidents.access import Verb, get_incident, verbs_of
from incidents.files import previews, sniffing
from incidents.models import Attachment
from incidents.views.request import Request

# Even where a browser is made to open such an answer, it runs nothing and loads nothing, and no
# other site can use it.
_HARMLESS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_safe
def attachment(request: Request, reference: str, pk: int) -> FileResponse:
    """Send a file as a download of unknown type, so that nothing in it is ever run or shown."""
    found = _attachment(request, reference, pk)
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=found.name,
        content_type=sniffing.UNKNOWN,
        headers=_HARMLESS | {"Cache-Control": "private, no-cache"},
    )


@require_safe
def preview(request: Request, reference: str, pk: int) -> FileResponse:
    """Send the image that was drawn anew of an image; a browser may keep it for an hour."""
    found = _attachment(request, reference, pk)
    if not found.preview:
        raise Http404
    return FileResponse(
        found.preview.open("rb"),
        filename="preview.webp",
        content_type=previews.MEDIA_TYPE,
        headers=_HARMLESS | {"Cache-Control": "private, max-age=3600"},
    )


def _attachment(request: Request, reference: str, pk: int) -> Attachment:
    """Return a file of an incident; one of a note is not the customer's."""
    incident = get_incident(request.user, reference, Verb.SEE, request.at, related=())
    files = incident.attachments.select_related("message")
    if Verb.SEE_NOTES not in verbs_of(request.user, incident, request.at):
        files = files.exclude(message__kind="note")
    return get_object_or_404(files, pk=pk)
