"""Files that arrive piece by piece, before what they go with is sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotFound, Refused
from accounts.models import User
from incidents.actions.attachments import check_file
from incidents.files import pieces
from incidents.files.names import clean_name
from incidents.models import Upload

# How long what was not sent is kept after its last piece: the next morning finds it still there.
KEEP_FOR: Final = timedelta(days=1)
# Bytes of one piece: a lost connection costs no more, and a slow one sends it within a minute.
PIECE_BYTES: Final = 4 * 1024 * 1024
# Uploads in one run of the purge: seconds of work, and the next run is an hour away.
PURGE_MOST: Final = 1000


class WrongOffset(Conflict):
    """The piece does not begin where the last one ended; `offset` is where."""

    def __init__(self, offset: int) -> None:
        super().__init__(_("The file goes on elsewhere."))
        self.offset = offset


class ClaimedUpload(UploadedFile):  # type: ignore[type-arg]  # Django has no type at run time
    """An upload on its way into a message; it is read from the storage when it is first asked."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(file=upload.file, name=upload.name, size=upload.size_bytes)


def uploads_at(*, user: User, place: str) -> list[Upload]:
    """Return what this person has begun to send to a form of theirs and not sent, oldest first."""
    return list(Upload.objects.filter(user=user, place=place).order_by("touched_at", "pk"))


def upload_of(*, user: User, pk: UUID) -> Upload:
    """Return an upload of this person; anybody else's is `NotFound`."""
    found = Upload.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


@transaction.atomic
def begin_upload(
    *, user: User, pk: UUID, name: str, size_bytes: int, place: str, at: datetime
) -> Upload:
    """Announce a file; announced again under the same key, it is the same upload.

    Locks the person. Raises `Refused` for a file that no message would take, and where too much of
    the person's is unsent; `NotFound` for a key that is somebody else's.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if known := Upload.objects.filter(pk=pk).first():
        return upload_of(user=user, pk=known.pk)
    cleaned = clean_name(name)
    check_file(cleaned, size_bytes)
    _check_room(user, size_bytes)
    return Upload.objects.create(
        pk=pk, user=user, name=cleaned, size_bytes=size_bytes, place=place, touched_at=at
    )


@transaction.atomic
def add_piece(
    *, user: User, pk: UUID, offset: int, piece: IO[bytes], piece_bytes: int, at: datetime
) -> Upload:
    """Take the piece that begins at `offset`; the last one makes the file whole.

    Locks the upload. Raises `WrongOffset` for a piece that was taken before or comes too early, and
    `Refused` for more than was announced.
    """
    upload = _locked(user, [pk])[0]
    if offset != upload.received_bytes:
        raise WrongOffset(upload.received_bytes)
    if offset + piece_bytes > upload.size_bytes:
        raise Refused(_("“%(name)s” is larger than announced.") % {"name": upload.name})
    if piece_bytes:
        pieces.keep_piece(upload.pk, offset, piece)
    upload.received_bytes += piece_bytes
    upload.touched_at = at
    if upload.is_whole and not upload.file:
        _join(upload)
    upload.save(update_fields=["received_bytes", "touched_at", "sha256", "file"])
    return upload


@transaction.atomic
def drop_upload(*, user: User, pk: UUID) -> None:
    """Throw an upload away, whole or not; once gone, it is `NotFound`."""
    _remove(_locked(user, [pk])[0])


@transaction.atomic
def drop_uploads(*, user: User, place: str) -> None:
    """Throw away what this person has not sent from one form."""
    for upload in Upload.objects.select_for_update().filter(user=user, place=place).order_by("pk"):
        _remove(upload)


@transaction.atomic
def claim_uploads(*, user: User, ids: Sequence[UUID]) -> list[ClaimedUpload]:
    """Take uploads out, in the order named, to be attached in the same transaction.

    Locks them; once that transaction commits they are gone, and nobody claims one twice. Raises
    `Refused` for one that is not there any more, or not whole.
    """
    wanted = list(dict.fromkeys(ids))
    try:
        uploads = _locked(user, wanted)
    except NotFound as error:
        raise Refused(
            _("A file is not kept any more. Please choose it again."), field="files"
        ) from error
    for upload in uploads:
        if not upload.is_whole:
            raise Refused(
                _("“%(name)s” has not arrived completely. Please choose it again, or remove it.")
                % {"name": upload.name},
                field="files",
            )
    for upload in uploads:
        _remove(upload)
    return [ClaimedUpload(upload) for upload in uploads]


def purge_uploads(*, at: datetime) -> int:
    """Delete what nobody has sent within a day of its last piece; return how many.

    Each is a transaction of its own. What a deletion left behind in the storage goes too.
    """
    old = Upload.objects.filter(touched_at__lt=at - KEEP_FOR).order_by("touched_at")
    purged = sum(_purge(pk, at) for pk in old.values_list("pk", flat=True)[:PURGE_MOST])
    kept = {str(pk) for pk in Upload.objects.values_list("pk", flat=True)}
    for folder in pieces.kept_uploads():
        if folder not in kept:
            pieces.drop_pieces(folder)
    return purged


def _check_room(user: User, size_bytes: int) -> None:
    unsent = Upload.objects.filter(user=user)
    used = unsent.aggregate(bytes=Sum("size_bytes", default=0))["bytes"]
    if unsent.count() >= settings.UPLOAD_LIMIT_COUNT:
        raise Refused(
            _("%(count)d files wait to be sent already. Send or remove some of them first.")
            % {"count": settings.UPLOAD_LIMIT_COUNT},
            field="files",
        )
    if used + size_bytes > settings.UPLOAD_LIMIT_BYTES:
        raise Refused(
            _("At most %(limit)s can wait to be sent. Send or remove some files first.")
            % {"limit": filesizeformat(settings.UPLOAD_LIMIT_BYTES)},
            field="files",
        )


def _locked(user: User, ids: Iterable[UUID]) -> list[Upload]:
    """Return this person's uploads, locked, in the order named; `NotFound` unless all are there."""
    wanted = list(ids)
    rows = Upload.objects.select_for_update().filter(user=user, pk__in=wanted).order_by("pk")
    found = {upload.pk: upload for upload in rows}
    if len(found) != len(wanted):
        raise NotFound(_("There is no such file."))
    return [found[pk] for pk in wanted]


def _join(upload: Upload) -> None:
    with pieces.joined(upload.pk, upload.size_bytes) as whole:
        upload.sha256 = whole.sha256
        pieces.drop_whole(upload.pk)
        upload.file.save("whole", whole.file, save=False)


def _remove(upload: Upload) -> None:
    """Delete the row now, and what is stored once that is committed."""
    drop = partial(pieces.drop_pieces, upload.pk)
    Upload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(drop, robust=True)


@transaction.atomic
def _purge(pk: UUID, at: datetime) -> int:
    """Delete one old upload unless somebody is at it; return how many that was."""
    rows = Upload.objects.select_for_update(skip_locked=True)
    upload = rows.filter(pk=pk, touched_at__lt=at - KEEP_FOR).first()
    if upload is None:
        return 0
    _remove(upload)
    return 1
