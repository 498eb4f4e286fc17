"""Storing the files of a message."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, TypeAlias

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from accounts.errors import Refused
from incidents.models import Attachment, Message

Files: TypeAlias = "Sequence[UploadedFile[Any]]"

NAME_LENGTH = 200  # characters kept of a file's name, as the column holds


def attach(message: Message, files: Files) -> list[Attachment]:
    """Store files with a message.

    Raises `Refused` for too many, too large or empty files. A stored file whose transaction is
    rolled back stays behind unreferenced; nothing leads to it.
    """
    check_files(files)
    stored = [_store(message, file) for file in files]
    if stored:
        message.file_hashes = [attachment.sha256 for attachment in stored]
        message.save(update_fields=["file_hashes"])
    return stored


def check_files(files: Files) -> None:
    if len(files) > settings.ATTACHMENT_LIMIT_COUNT:
        raise Refused(
            _("At most %(count)d files go with one message.")
            % {"count": settings.ATTACHMENT_LIMIT_COUNT},
            field="files",
        )
    for file in files:
        if not file.size:
            raise Refused(_("“%(name)s” is empty.") % {"name": file.name}, field="files")
        if file.size > settings.ATTACHMENT_LIMIT_BYTES:
            raise Refused(
                _("“%(name)s” is larger than %(limit)s.")
                % {
                    "name": file.name,
                    "limit": filesizeformat(settings.ATTACHMENT_LIMIT_BYTES),
                },
                field="files",
            )


def _store(message: Message, file: "UploadedFile[Any]") -> Attachment:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    attachment = Attachment(
        customer_id=message.customer_id,
        incident_id=message.incident_id,
        message=message,
        name=_clean_name(file.name or ""),
        size_bytes=file.size or 0,
        sha256=digest.hexdigest(),
    )
    attachment.file.save(f"{message.incident_id}-{digest.hexdigest()[:16]}", file, save=False)
    attachment.save(force_insert=True)
    return attachment


def _clean_name(name: str) -> str:
    stem = PurePath(name.replace("\\", "/")).name
    try:
        return get_valid_filename(stem)[-NAME_LENGTH:]
    except SuspiciousFileOperation:  # nothing of the name can be kept
        return "file"
