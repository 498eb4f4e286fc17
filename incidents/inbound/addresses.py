"""Addresses to reply to, signed for one person and one incident (SPEC 17).

The signature is a secret that only a mail of ours to that person carries. It says that whoever
writes has had that mail, not who they are: a colleague to whom it was forwarded replies to the same
address. `incidents.inbound.senders` therefore takes a mail for that person's only when it comes
from their registered address as well.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from incidents.models import Incident

_SALT: Final = "incidents.inbound.reply"
_SIGNATURE_BYTES: Final = 15  # 120 bits, and 24 letters without padding; a local part holds 64
_LONGEST: Final = 320  # characters of an address (RFC 3696)
_LOCAL: Final = re.compile(
    r"reply\+(?P<reference>inc-\d{4}-\d{1,9})\.(?P<user>\d{1,18})\.(?P<signature>[a-z2-7]{24})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """What a signed address says: an answer of this person on this incident."""

    reference: str
    user_id: int


def reply_address(incident: Incident, user: User) -> str:
    """Return the address under which a person's replies to mails on an incident come in.

    "" where no mail comes in: `INBOUND_DOMAIN` is not set.
    """
    if not settings.INBOUND_DOMAIN:
        return ""
    told = ReplyAddress(incident.reference, user.pk)
    local = f"reply+{told.reference.lower()}.{told.user_id}"
    return f"{local}.{_signature(told, settings.SECRET_KEY)}@{settings.INBOUND_DOMAIN}"


def read_reply_address(text: str) -> ReplyAddress | None:
    """Return what an address of `reply_address` says, None for any other; letters of any case."""
    local, _at, domain = text[:_LONGEST].strip().lower().rpartition("@")
    found = _LOCAL.fullmatch(local)
    if found is None or not domain or domain != settings.INBOUND_DOMAIN.lower():
        return None
    told = ReplyAddress(found["reference"].upper(), int(found["user"]))
    signed = [constant_time_compare(found["signature"], _signature(told, key)) for key in _keys()]
    return told if any(signed) else None


def _signature(told: ReplyAddress, key: str) -> str:
    value = f"{told.reference}/{told.user_id}"
    digest = salted_hmac(_SALT, value, secret=key, algorithm="sha256").digest()
    return base64.b32encode(digest[:_SIGNATURE_BYTES]).decode().lower()


def _keys() -> Iterator[str]:
    """Yield today's secret and those before it, so that changing it breaks no thread."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield str(key)
