"""Reading a mail, whatever its bytes are: within bounds of time and memory, or not at all.

The library reads without bounds: a mail of nothing but boundaries makes it build a million parts.
What is counted here keeps it under two seconds and, with the mail itself, under 256 MB.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email._policybase import Compat32
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesFeedParser
from io import BytesIO
from typing import IO, Any, Final

from django.core.files.base import File

# What mail servers carry at the most, as for an attachment.
MAIL_BYTES_MOST: Final = 25 * 1024 * 1024
# 25 MB in the lines of 76 characters that mail programs write, and some room.
LINES_MOST: Final = 400_000
# Each line is held against the boundary of every multipart that is open: half a second or so.
LINES_TIMES_MULTIPARTS_MOST: Final = 2_500_000
# A forward of a forward of a forward has about ten; deeper nesting is nobody's mail.
MULTIPARTS_MOST: Final = 40
# Ten attachments and their wrapping, several times over.
PARTS_MOST: Final = 200
# A mail through many hands has about a hundred headers; those of all parts count.
HEADERS_MOST: Final = 3000
# Characters kept of one header: References after a year of talk. Longer ones are cut.
HEADER_LENGTH: Final = 16 * 1024
# Characters of a header that are decoded for reading.
DECODED_LENGTH: Final = 2000
_FEED_BYTES: Final = 64 * 1024

_MULTIPART: Final = re.compile(r"content-type[ \t]*:\s*[\"']?\s*multipart/", re.IGNORECASE)
_BREAKS: Final = re.compile(r"[\r\n]+[ \t]*")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Unreadable(Exception):
    """The mail is out of all bounds, or no mail; what it says is why, for administrators."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was read: its headers in their order, and its parts."""

    message: "Message[str, str]"
    headers: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Return every value of a header, topmost first, each on one line."""
        wanted = name.lower()
        return [value for key, value in self.headers if key == wanted]

    def first(self, name: str) -> str:
        """Return the topmost value of a header, "" without one."""
        return next(iter(self.all(name)), "")

    def text(self, name: str) -> str:
        """Return the topmost value of a header as people read it."""
        return decoded(self.first(name))

    def parts(self) -> "Iterator[Message[str, str]]":
        """Yield what holds content, in order; a mail within the mail is one part."""
        waiting = [self.message]
        while waiting:
            part = waiting.pop()
            if part.is_multipart() and part.get_content_maintype() != "message":
                children: Any = part.get_payload()
                waiting.extend(reversed(children))
            else:
                yield part


def parse(raw: bytes) -> Mail:
    """Read a mail. Raises `Unreadable` for what no mail program writes."""
    return parse_file(BytesIO(raw))


def parse_file(file: "IO[bytes] | File[bytes]") -> Mail:
    """Read a mail from a file, without holding it twice; else as `parse`."""
    bounds = _Bounds(lines=sum(map(_line_ends, _pieces(file))))
    bounds.check_lines()
    try:
        parser = BytesFeedParser(bounds.make_message, policy=_policy(bounds))
        for piece in _pieces(file):
            parser.feed(piece)
        message = parser.close()
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever it stumbles over
        raise Unreadable(f"cannot be parsed: {type(error).__name__}") from error
    headers = tuple((name.lower(), _one_line(value)) for name, value in message.raw_items())
    if not headers:
        raise Unreadable("has no headers")
    return Mail(message, headers)


def decoded(value: str) -> str:
    """Return a header's text with its encoded words read, on one line and fit to be stored."""
    try:
        pieces = decode_header(value[:DECODED_LENGTH])
    except (HeaderParseError, ValueError):
        return cleaned(value[:DECODED_LENGTH])
    words = [
        piece if isinstance(piece, str) else in_charset(piece, charset) for piece, charset in pieces
    ]
    return cleaned("".join(words))


def in_charset(content: bytes, charset: str | None) -> str:
    """Return bytes as text: in the charset that is said, else in UTF-8, with a mark for the odd."""
    try:
        return content.decode(charset or "utf-8")
    except (LookupError, ValueError, UnicodeError):
        return content.decode("utf-8", "replace")


def cleaned(text: str) -> str:
    """Return a text on one line, without anything that cannot be shown or stored."""
    return _CONTROLS.sub(" ", storable(text)).strip()


def storable(text: str) -> str:
    """Return a text without what the database refuses: NUL, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


@dataclass(slots=True)
class _Bounds:
    """What has been met of a mail so far."""

    lines: int
    headers: int = 0
    multiparts: int = 0
    # The parser makes one to try the factory.
    parts: int = field(default=-1)

    def check_lines(self) -> None:
        if self.lines > LINES_MOST:
            raise Unreadable(f"has more than {LINES_MOST} lines")

    def make_message(self, policy: Any = None) -> "Message[str, str]":
        self.parts += 1
        if self.parts > PARTS_MOST:
            raise Unreadable(f"has more than {PARTS_MOST} parts")
        return Message(policy=policy)

    def meet(self, header: str) -> None:
        self.headers += 1
        if self.headers > HEADERS_MOST:
            raise Unreadable(f"has more than {HEADERS_MOST} headers")
        if not _MULTIPART.match(header):
            return
        self.multiparts += 1
        if self.multiparts > MULTIPARTS_MOST:
            raise Unreadable(f"has more than {MULTIPARTS_MOST} multiparts")
        if self.multiparts * self.lines > LINES_TIMES_MULTIPARTS_MOST:
            raise Unreadable("has too many lines for its multiparts")


def _policy(bounds: _Bounds) -> Compat32:
    class Bounded(Compat32):
        """Counts each header as it is met, and cuts it to what anybody reads."""

        def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
            name, value = super().header_source_parse(sourcelines)
            value = value[:HEADER_LENGTH]
            bounds.meet(f"{name}:{value[:100]}")
            return name, value

    return Bounded()


def _pieces(file: "IO[bytes] | File[bytes]") -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_FEED_BYTES):
        yield piece


def _line_ends(piece: bytes) -> int:
    return piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")


def _one_line(value: str) -> str:
    """Return a header unfolded; letters that nobody encoded are UTF-8 (RFC 6532)."""
    told = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _BREAKS.sub(" ", told).strip()
