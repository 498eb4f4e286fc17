"""Files on their way: a small protocol in the manner of tus (docs/files.md)."""

import re
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import NotFound, Refused
from incidents.actions import uploads
from incidents.actions.uploads import PIECE_BYTES, WrongOffset
from incidents.models import Upload
from incidents.views.request import Request

PIECE_TYPE: Final = "application/offset+octet-stream"
# Bytes read at a time, and of a piece held in memory; the rest of it is on disk.
_READ_BYTES: Final = 64 * 1024
_IN_MEMORY_BYTES: Final = 512 * 1024

_OFFSET: Final = re.compile(r"\d{1,15}")

CREATED, NO_CONTENT = 201, 204
BAD_REQUEST, CONFLICT, LENGTH_REQUIRED, TOO_LARGE, WRONG_TYPE, UNPROCESSABLE = (
    400, 409, 411, 413, 415, 422,
)  # fmt: skip


class BeginForm(forms.Form):
    """What a file is announced with; the browser makes its `id`: sent twice, it is one file."""

    id = forms.UUIDField()
    name = forms.CharField(max_length=1000, strip=False)
    size = forms.IntegerField(min_value=0, max_value=2**53)
    place = forms.RegexField(r"^[A-Za-z0-9-]*$", required=False, max_length=40)


@require_POST
def begin(request: Request) -> HttpResponse:
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _refused(_("This file cannot be sent."), BAD_REQUEST)
    facts = form.cleaned_data
    try:
        upload = uploads.begin_upload(
            user=request.user,
            pk=facts["id"],
            name=facts["name"],
            size_bytes=facts["size"],
            place=facts["place"],
            at=request.at,
        )
    except NotFound:
        raise
    except Refused as refusal:
        return _refused(str(refusal), UNPROCESSABLE)
    return _told(upload, CREATED)


@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
def upload(request: Request, pk: UUID) -> HttpResponse:
    match request.method:
        case "PATCH":
            return _take_piece(request, pk)
        case "DELETE":
            uploads.drop_upload(user=request.user, pk=pk)
            return HttpResponse(status=NO_CONTENT)
        case _:
            return _told(uploads.upload_of(user=request.user, pk=pk))


def _take_piece(request: Request, pk: UUID) -> HttpResponse:
    """Take a piece as far as it came: what was cut off goes on from where it ended."""
    if fault := _fault_of(request):
        return fault
    offset = int(request.headers["Upload-Offset"])
    uploads.upload_of(user=request.user, pk=pk)  # nobody sends megabytes to find that it is gone
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as piece:
        _copy(request, piece)
        piece_bytes = piece.tell()
        piece.seek(0)
        try:
            taken = uploads.add_piece(
                user=request.user,
                pk=pk,
                offset=offset,
                piece=piece,
                piece_bytes=piece_bytes,
                at=request.at,
            )
        except WrongOffset as conflict:
            headers = {"Upload-Offset": str(conflict.offset)}
            return JsonResponse({"received": conflict.offset}, status=CONFLICT, headers=headers)
        except NotFound:
            raise
        except Refused as refusal:
            return _refused(str(refusal), UNPROCESSABLE)
    return _told(taken)


def _fault_of(request: HttpRequest) -> HttpResponse | None:
    """Return what is answered to a piece that is none."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if request.content_type != PIECE_TYPE:
        return HttpResponse(status=WRONG_TYPE)
    if not length.isdecimal():
        return HttpResponse(status=LENGTH_REQUIRED)
    if int(length) > PIECE_BYTES:
        return HttpResponse(status=TOO_LARGE)
    if not _OFFSET.fullmatch(request.headers.get("Upload-Offset", "")):
        return HttpResponse(status=BAD_REQUEST)
    return None


def _copy(request: HttpRequest, piece: IO[bytes] | Any) -> None:
    """Read the body as far as it comes; a connection that breaks ends it."""
    try:
        while chunk := request.read(_READ_BYTES):
            piece.write(chunk)
    except UnreadablePostError:
        return


def _told(upload: Upload, status: int = 200) -> HttpResponse:
    address = reverse("upload", args=[upload.pk])
    facts = {
        "id": str(upload.pk),
        "url": address,
        "name": upload.name,
        "size": upload.size_bytes,
        "received": upload.received_bytes,
    }
    headers = {
        "Upload-Offset": str(upload.received_bytes),
        "Upload-Length": str(upload.size_bytes),
        "Cache-Control": "no-store",
    }
    if status == CREATED:
        headers["Location"] = address
    return JsonResponse(facts, status=status, headers=headers)


def _refused(message: str, status: int) -> HttpResponse:
    return JsonResponse({"error": message}, status=status)
