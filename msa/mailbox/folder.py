"""Reading the folder of mails (a Maildir) that the embedded SMTP server writes."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from functools import lru_cache
from mailbox import Maildir
from pathlib import Path
from typing import Final

# Bytes. Our headers are under 4 kB; of a longer head the rest is not looked at.
HEAD_LIMIT: Final = 16 * 1024
# Parsed heads kept in memory: a few kilobytes each, and thousands are a long demonstration.
HEADS_KEPT: Final = 2000

_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
# Python's own way of naming the files: seconds, microseconds, process, running number.
_KEY: Final = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)")


@dataclass(frozen=True, slots=True)
class Head:
    """What the list shows of a mail; `written_at` is None when it has no readable date."""

    address: str
    subject: str
    written_at: datetime | None


class Folder:
    """The mails as they lie there now. Not for several threads: each request makes its own."""

    def __init__(self, directory: str) -> None:
        """Open the folder; one that does not exist yet has no mails."""
        exists = Path(directory, "new").is_dir()
        self._mails = Maildir(directory, create=False) if exists else None

    def keys(self, *, to: str = "") -> list[str]:
        """Return the keys of the mails whose recipient's address contains `to`, newest first."""
        keys = sorted(self._mails.iterkeys(), key=_arrival, reverse=True) if self._mails else []
        return [key for key in keys if to.lower() in self.head(key).address] if to else keys

    def head(self, key: str) -> Head:
        """Return what the list shows. Raises KeyError when there is no such mail."""
        return _head(_BLANK_LINE.split(self._content(key, HEAD_LIMIT), maxsplit=1)[0])

    def mail(self, key: str) -> EmailMessage:
        """Return the whole mail. Raises KeyError when there is no such mail."""
        return message_from_bytes(self._content(key), EmailMessage, policy=policy.default)

    def _content(self, key: str, limit: int = -1) -> bytes:
        if self._mails is None:
            raise KeyError(key)
        with self._mails.get_file(key) as file:
            return file.read(limit)


def body(mail: EmailMessage, subtype: str) -> str:
    """Return the body as `plain` or `html` text; empty when the mail has none."""
    part = mail.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""


def _arrival(key: str) -> tuple[int, ...]:
    match = _KEY.match(key)
    return tuple(map(int, match.groups())) if match else ()


@lru_cache(maxsize=HEADS_KEPT)
def _head(head: bytes) -> Head:
    headers = BytesHeaderParser().parsebytes(head)
    return Head(
        address=parseaddr(headers.get("To", ""))[1].lower(),
        subject=" ".join(str(make_header(decode_header(headers.get("Subject", "")))).split()),
        written_at=_date(headers.get("Date", "")),
    )


def _date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None
