"""The pieces of a file that is arriving, as files of their own: no storage need append.

A piece is named by where it begins, so that one whose transaction was undone is written over.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from django.core.files import File
from django.core.files.storage import default_storage

FOLDER: Final = "uploads"

# Bytes of a joined file held in memory; the rest is on disk.
_IN_MEMORY_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Whole:
    file: "File[bytes]"
    sha256: str


def keep_piece(upload: object, offset: int, piece: IO[bytes]) -> None:
    """Store what begins at `offset`, in place of what an undone attempt has left there."""
    path = _path(upload, offset)
    default_storage.delete(path)
    default_storage.save(path, File(piece, name=str(offset)))


@contextmanager
def joined(upload: object, size_bytes: int) -> Iterator[Whole]:
    """Lend the whole of a file that has arrived.

    Raises `FileNotFoundError` where a piece is missing.
    """
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as whole:
        while (offset := whole.tell()) < size_bytes:
            with default_storage.open(_path(upload, offset)) as piece:
                for chunk in piece.chunks():
                    digest.update(chunk)
                    whole.write(chunk)
            if whole.tell() == offset:
                raise FileNotFoundError(_path(upload, offset))
        whole.seek(0)
        yield Whole(File(whole, name="whole"), digest.hexdigest())


def drop_whole(upload: object) -> None:
    """Delete a joined file that an undone attempt has left."""
    default_storage.delete(f"{FOLDER}/{upload}/whole")


def drop_pieces(upload: object) -> None:
    """Delete everything that is kept of an upload."""
    folder = f"{FOLDER}/{upload}"
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)


def kept_uploads() -> list[str]:
    """Return the uploads of which anything is kept."""
    try:
        folders, _names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    return list(folders)


def _path(upload: object, offset: int) -> str:
    return f"{FOLDER}/{upload}/{offset}"
