"""What a mail says, as plain text, and the files that it carries."""

import binascii
import re
from dataclasses import dataclass
from email.message import Message
from html import unescape
from typing import Any, Final

from incidents.inbound.parsing import Mail, Unreadable, decoded, in_charset, storable

# Bytes of a text that are read; a longer one is a log, and goes along as a file.
TEXT_BYTES_MOST: Final = 256 * 1024
# Characters of a message: what a person reads, and a page shows.
TEXT_LENGTH: Final = 100_000
FILE_NAME_LENGTH: Final = 200

_TAGS: Final = re.compile(r"<(/?[A-Za-z!][^<>]*)>")
_SPACES: Final = re.compile(r"[ \t\xa0]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_UNSEEN: Final = frozenset({"script", "style", "head", "title"})
_BREAKS: Final = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "ul", "ol", "hr"})
_ENCODINGS: Final = frozenset({"", "7bit", "8bit", "binary", "base64", "quoted-printable"})


@dataclass(frozen=True, slots=True)
class File:
    """A file of a mail; `inline` ones are pictures of its text."""

    name: str
    content: bytes
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What the person wrote, quotations included, and the files; a text too long is a file too."""

    text: str
    files: tuple[File, ...]


def contents_of(mail: Mail) -> Contents:
    """Return a mail's text, from its plain part or else its HTML, and its files.

    Raises `Unreadable` for a mail within the mail that cannot be written down again.
    """
    plain: list[str] = []
    html: list[str] = []
    files: list[File] = []
    for part in mail.parts():
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and not _is_file(part):
            content = _bytes_of(part)
            if len(content) > TEXT_BYTES_MOST:
                files.append(File(_name_of(part) or _default_name(kind), content))
            text = in_charset(content[:TEXT_BYTES_MOST], _charset(part))
            (plain if kind == "text/plain" else html).append(text)
        else:
            file = _file(part)
            if file.content:
                files.append(file)
    said = "\n\n".join(plain) if any(text.strip() for text in plain) else ""
    text = _tidy(said or text_of_html("\n".join(html)))
    if len(text) > TEXT_LENGTH:
        files.append(File("mail.txt", text.encode()))
        text = text[:TEXT_LENGTH] + "…"
    return Contents(text, tuple(sorted(files, key=lambda file: file.inline)))


def text_of_html(html: str) -> str:
    """Return what HTML says, a line for each of its blocks; nothing of it acts."""
    pieces = _TAGS.split(html)
    said: list[str] = []
    unseen = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            if not unseen:
                said.append(_SPACES.sub(" ", unescape(piece.replace("\n", " "))))
            continue
        tag = piece.lstrip("/").split(maxsplit=1)[0].rstrip("/").lower()
        if unseen:
            unseen = "" if piece.startswith("/") and tag == unseen else unseen
        elif tag in _UNSEEN and not piece.startswith("/"):
            unseen = tag
        elif tag == "blockquote" or tag in _BREAKS:
            said.append("\n")
    return "".join(said)


def _is_file(part: "Message[str, str]") -> bool:
    disposition = str(part.get("content-disposition", ""))
    return disposition.strip().lower().startswith("attachment") or bool(_name_of(part))


def _file(part: "Message[str, str]") -> File:
    kind = part.get_content_type()
    inline = "content-id" in part and not str(
        part.get("content-disposition", "")
    ).strip().lower().startswith("attachment")
    return File(_name_of(part) or _default_name(kind), _bytes_of(part), inline=inline)


def _bytes_of(part: "Message[str, str]") -> bytes:
    """Return a part's content; what is encoded in no usual way stays as it was sent."""
    if part.is_multipart():
        return _written(part)
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    try:
        if encoding == "base64" and (decoded_at_once := _from_base64(part)) is not None:
            return decoded_at_once
        content: Any = (
            part.get_payload(decode=True) if encoding in _ENCODINGS else part.get_payload()
        )
    except (ValueError, LookupError) as error:
        raise Unreadable(f"has a part that cannot be decoded: {type(error).__name__}") from error
    if isinstance(content, bytes):
        return content
    return str(content or "").encode("utf-8", "surrogateescape")


def _from_base64(part: "Message[str, str]") -> bytes | None:
    """Return a part's content; None where it takes the library's patience with what is broken.

    The library cuts the text into lines first, which takes three times its memory.
    """
    payload: Any = part.get_payload()
    try:
        return binascii.a2b_base64(payload.encode("ascii"))
    except ValueError:
        return None


def _written(part: "Message[str, str]") -> bytes:
    inner: Any = part.get_payload()
    try:
        return b"\n".join(message.as_bytes() for message in inner)
    except Exception as error:  # the library raises whatever it stumbles over
        raise Unreadable(f"holds a mail that cannot be read: {type(error).__name__}") from error


def _name_of(part: "Message[str, str]") -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return "file"
    return decoded(name)[-FILE_NAME_LENGTH:]


def _default_name(kind: str) -> str:
    return {"text/plain": "text.txt", "text/html": "text.html", "message/rfc822": "mail.eml"}.get(
        kind, "file"
    )


def _charset(part: "Message[str, str]") -> str | None:
    try:
        return part.get_content_charset()
    except (ValueError, LookupError, TypeError):
        return None


def _tidy(text: str) -> str:
    lines = storable(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()
