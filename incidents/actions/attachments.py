"""Storing the files of a message, and drawing previews of its images."""

import hashlib
import logging
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.errors import Refused
from incidents.files import sniffing
from incidents.files.names import clean_name
from incidents.files.previews import preview_of
from incidents.models import Attachment, Message
from msa.outbox.actions import publish

logger = logging.getLogger(__name__)

Files: TypeAlias = "Sequence[UploadedFile[Any]]"

# Published for each image that a preview is drawn of: drawing takes seconds, and an act waits for
# nothing.
IMAGE_ATTACHED: Final = "attachment.image_stored"


def attach(message: Message, files: Files) -> list[Attachment]:
    """Store files with a message, each closed when it is stored.

    Raises `Refused` for too many, too large or empty files. A stored file whose transaction is
    rolled back stays behind unreferenced; nothing leads to it.
    """
    check_files(files)
    stored = [_store(message, file) for file in files]
    if stored:
        message.file_hashes = [attachment.sha256 for attachment in stored]
        message.save(update_fields=["file_hashes"])
    for attachment in stored:
        if attachment.media_type in sniffing.DRAWABLE:
            publish(IMAGE_ATTACHED, {"attachment": attachment.pk}, at=message.written_at)
    return stored


def check_files(files: Files) -> None:
    """Raise `Refused` unless one message takes these files together."""
    if len(files) > settings.ATTACHMENT_LIMIT_COUNT:
        raise Refused(
            _("At most %(count)d files go with one message.")
            % {"count": settings.ATTACHMENT_LIMIT_COUNT},
            field="files",
        )
    for file in files:
        check_file(file.name or "", file.size or 0)
    if sum(file.size or 0 for file in files) > settings.ATTACHMENT_LIMIT_TOTAL_BYTES:
        raise Refused(
            _("The files of one message are at most %(limit)s together.")
            % {"limit": filesizeformat(settings.ATTACHMENT_LIMIT_TOTAL_BYTES)},
            field="files",
        )


def check_file(name: str, size_bytes: int) -> None:
    """Raise `Refused` for a file that is empty or too large."""
    if not size_bytes:
        raise Refused(_("“%(name)s” is empty.") % {"name": name}, field="files")
    if size_bytes > settings.ATTACHMENT_LIMIT_BYTES:
        raise Refused(
            _("“%(name)s” is larger than %(limit)s.")
            % {"name": name, "limit": filesizeformat(settings.ATTACHMENT_LIMIT_BYTES)},
            field="files",
        )


@transaction.atomic
def draw_preview(*, attachment: Attachment) -> None:
    """Store a preview of an image, unless it has one; an image that cannot be drawn has none."""
    if attachment.preview or attachment.media_type not in sniffing.DRAWABLE:
        return
    try:
        with attachment.file.open("rb") as file:
            drawn = preview_of(file)
    except FileNotFoundError:
        logger.warning("The file of attachment %s is missing.", attachment.pk)
        return
    if drawn is not None:
        name = f"{attachment.incident_id}-{attachment.sha256[:16]}.webp"
        attachment.preview.save(name, ContentFile(drawn), save=False)
        attachment.save(update_fields=["preview"])


def _store(message: Message, file: "UploadedFile[Any]") -> Attachment:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    attachment = Attachment(
        customer_id=message.customer_id,
        incident_id=message.incident_id,
        message=message,
        name=clean_name(file.name or ""),
        size_bytes=file.size or 0,
        sha256=digest.hexdigest(),
        media_type=sniffing.media_type_of(file),
    )
    attachment.file.save(f"{message.incident_id}-{digest.hexdigest()[:16]}", file, save=False)
    attachment.save(force_insert=True)
    file.close()
    return attachment
