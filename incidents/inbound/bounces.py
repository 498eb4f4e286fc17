"""Mail of ours that came back (RFC 3464)."""

import re
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final

from incidents.inbound.parsing import Mail, cleaned, decoded

REASON_LENGTH: Final = 300  # as the record of a bounce holds
_SCANNED: Final = 64 * 1024  # characters of a returned mail in which its Message-ID is looked for

_MESSAGE_ID: Final = re.compile(r"^message-id:\s*(<[^<>\s]{1,290}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that a mail was not delivered: of which mail, for good or for now, and why."""

    message_id: str
    permanent: bool
    reason: str


def read_bounce(mail: Mail) -> Bounce | None:
    """Return what a delivery report says; None for any other mail."""
    status = [part for part in mail.message.walk() if _is_status(part)]
    if not status:
        return None
    facts: dict[str, str] = {}
    for part in status:
        for block in _blocks(part):
            facts.update((name.lower(), str(value)) for name, value in block.items())
    action = facts.get("action", "").strip().lower()
    code = facts.get("status", "").strip()
    detail = decoded(facts.get("diagnostic-code", ""))
    return Bounce(
        message_id=_returned_message_id(mail),
        permanent=action == "failed" and not code.startswith("4"),
        reason=cleaned(f"{code} {detail}")[:REASON_LENGTH] or "failed",
    )


def _is_status(part: "Message[str, str]") -> bool:
    return part.get_content_type() == "message/delivery-status"


def _blocks(part: "Message[str, str]") -> list["Message[str, str]"]:
    content: Any = part.get_payload()
    return content if isinstance(content, list) else []


def _returned_message_id(mail: Mail) -> str:
    """Return the Message-ID of what came back, whole or as its headers only."""
    for part in mail.message.walk():
        content: Any = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(content, list):
            return str(content[0].get("message-id", "")).strip()
        if part.get_content_type() == "text/rfc822-headers" and isinstance(content, str):
            found = _MESSAGE_ID.search(content[:_SCANNED])
            return found[1] if found else ""
    return ""
