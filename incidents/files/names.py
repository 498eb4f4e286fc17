"""Names of files, made fit for every file system, page and letter they will come to."""

import re
import unicodedata
from typing import Final

# Bytes of UTF-8: file systems take 255, and a browser may add a number in brackets.
NAME_BYTES: Final = 200
# Bytes kept of what follows the last dot; anything longer is no extension.
EXTENSION_BYTES: Final = 20

NAMELESS: Final = "file"

_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE
)


def clean_name(name: str) -> str:
    """Return what is kept of a sender's name for a file; cleaned again, it stays as it is.

    Folders go, and so do characters that are not seen, turn the reading direction or mean something
    to a file system, and dots and spaces at the ends. The extension stays. A name without a letter
    or a figure is `NAMELESS`.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(_shown(character) for character in unicodedata.normalize("NFC", last))
    words = " ".join(_FORBIDDEN.sub("_", shown).split())
    kept = _shortened(unicodedata.normalize("NFC", words).strip(" ."))
    if _DEVICES.match(kept):
        kept = _shortened(f"_{kept}")
    return kept if any(character.isalnum() for character in kept) else NAMELESS


def _shown(character: str) -> str:
    """Return a character as it may stand in a name: spaces of all kinds as one kind, others not."""
    category = unicodedata.category(character)
    if category.startswith("Z") or character in "\t\n\r":
        return " "
    if category in {"Cc", "Cf", "Cs", "Co"} or _is_no_character(ord(character)):
        return ""
    return character


def _is_no_character(point: int) -> bool:
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # noqa: PLR2004 (by Unicode)


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > EXTENSION_BYTES:
        return _cut(name, NAME_BYTES).rstrip(" .")
    room = NAME_BYTES - len(f"{dot}{extension}".encode())
    return f"{_cut(stem, room).rstrip(' .')}{dot}{extension}"


def _cut(text: str, size_bytes: int) -> str:
    """Return as much of the beginning as fits, without half a character."""
    return text.encode()[:size_bytes].decode(errors="ignore")
