"""A mail in quarantine, for an administrator to read."""

from typing import Final

from incidents.inbound.contents import contents_of
from incidents.inbound.parsing import Unreadable, parse, storable

SHOWN_LENGTH: Final = 20_000  # characters; the whole mail can be downloaded


def readable(raw: bytes) -> str:
    """Return what a mail says, with the names of its files; of an unreadable one, how it begins."""
    try:
        contents = contents_of(parse(raw))
    except Unreadable:
        return storable(raw[:SHOWN_LENGTH].decode("utf-8", "replace"))
    files = [f"[{file.name}, {len(file.content)} B]" for file in contents.files]
    return "\n".join([contents.text[:SHOWN_LENGTH], *files])
