"""What a file is, by its bytes alone; name and announced type count nothing."""

import codecs
import re
from collections.abc import Sequence
from typing import IO, Any, Final

import puremagic

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
PROGRAM: Final = "application/vnd.microsoft.portable-executable"

# Bytes looked at: every signature lies within, and a text shows itself by then.
SAMPLE_BYTES: Final = 8 * 1024

# The images that are drawn anew for a preview.
DRAWABLE: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})

# puremagic's own measure: below it, two bytes in common make a type, which half of all files have.
_SURE: Final = 0.4
_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")

_SIGNATURES: Final[Sequence[tuple[re.Pattern[bytes], str]]] = tuple(
    (re.compile(pattern, re.DOTALL), media_type)
    for pattern, media_type in (
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"%PDF-", "application/pdf"),
        (rb"%!PS", "application/postscript"),
        (rb"\{\\rtf", "application/rtf"),
        (rb"\x7fELF", "application/x-executable"),
        (rb"\x1f\x8b", "application/gzip"),
        (rb"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (rb"Rar!\x1a\x07", "application/vnd.rar"),
    )
)
_ZIP: Final = re.compile(rb"PK(\x03\x04|\x05\x06)")
_OFFICE: Final = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_SVG: Final = re.compile(r"<\s*(\w+:)?svg\b", re.IGNORECASE)
_HTML: Final = re.compile(
    r"<\s*(!doctype\s+html|html|head|body|script|iframe|title)\b", re.IGNORECASE
)
_XML: Final = re.compile(r"\s*<\?xml\b")
# Tab, line feed, form feed, carriage return, and the escape of coloured logs; no text holds others.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def media_type_of(file: IO[bytes] | Any) -> str:
    """Return the type of an open file, which is left at its beginning."""
    file.seek(0)
    sample = file.read(SAMPLE_BYTES)
    file.seek(0)
    return sniffed(sample)


def sniffed(sample: bytes) -> str:
    """Return the type that the first bytes of a file tell; `UNKNOWN` where they tell none."""
    for pattern, media_type in _SIGNATURES:
        if pattern.match(sample):
            return media_type
    if _ZIP.match(sample):
        return _zip_type(sample)
    text = _as_text(sample)
    if text is not None:
        return _text_type(text)
    return PROGRAM if sample.startswith(b"MZ") else _guessed(sample)


def _zip_type(sample: bytes) -> str:
    if b"[Content_Types].xml" in sample:
        for folder, media_type in _OFFICE.items():
            if folder in sample:
                return media_type
    return "application/zip"


def _as_text(sample: bytes) -> str | None:
    """Return the sample if it is a text in UTF-8, or in UTF-16 that says so."""
    encoding = next((name for mark, name in _MARKS if sample.startswith(mark)), "utf-8")
    try:  # the sample may end in half a character
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None
    return None if not text or _CONTROL.search(text) else text


def _text_type(text: str) -> str:
    if _SVG.search(text):
        return "image/svg+xml"
    if _HTML.search(text):
        return "text/html"
    return "application/xml" if _XML.match(text) else TEXT


def _guessed(sample: bytes) -> str:
    try:
        found = puremagic.magic_string(sample)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    best = next((each for each in found if each.confidence >= _SURE and each.mime_type), None)
    return best.mime_type if best and _is_plain_type(best.mime_type) else UNKNOWN


def _is_plain_type(media_type: str) -> bool:
    """Whether a guess is a type at all, and none of those that this module decides by itself."""
    return bool(_TYPE.fullmatch(media_type)) and media_type not in DRAWABLE
