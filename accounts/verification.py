"""Telling anybody whether a printed certificate is genuine, and nothing else (SPEC 3)."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import CertificateVersion
from accounts.models.certificate import VERIFICATION_ALPHABET, VERIFICATION_LENGTH
from accounts.tenancy import set_scope

CODE_LONGEST = 64  # characters typed: room for blanks and dashes, and nothing to search through

_BETWEEN = re.compile(r"[\s\-‐‑‒–—_.]+")
_TAKEN_FOR = str.maketrans("OIL", "011")
_ASKED = (
    "certificate__version",
    "certificate__revoked_at",
    "certificate__valid_from",
    "certificate__valid_until",
    "certificate__office__timezone",
)
_CODE = re.compile(rf"[{VERIFICATION_ALPHABET}]{{{VERIFICATION_LENGTH}}}")


class Standing(TextChoices):
    """What became of the version, in the words that anybody may read."""

    IN_FORCE = "in_force", _("It is the version in force.")
    COMING = "coming", _("It is not in force yet.")
    REPLACED = "replaced", _("It was replaced by a newer version.")
    ENDED = "ended", _("It has ended.")
    REVOKED = "revoked", _("It was revoked.")

    @property
    def tone(self) -> str:
        return _TONES[self]


_TONES = {
    Standing.IN_FORCE: "done",
    Standing.COMING: "work",
    Standing.REPLACED: "customer",
    Standing.ENDED: "customer",
    Standing.REVOKED: "hot",
}


@dataclass(frozen=True, slots=True)
class Genuine:
    """All that is told of a version to whoever has its code."""

    number: str
    version: int
    valid_from: date
    valid_until: date
    standing: Standing


def read_code(typed: str) -> str:
    """Return the code that was meant, "" if none can have been.

    In any case, with blanks and dashes; O is read as 0, I and L as 1.
    """
    if len(typed) > CODE_LONGEST:
        return ""
    code = _BETWEEN.sub("", typed).upper().translate(_TAKEN_FOR)
    return code if _CODE.fullmatch(code) else ""


def find_genuine(code: str, at: datetime) -> Genuine | None:
    """Return what is told of the version with a code, None if there is none.

    Nobody need be signed in, so no customer's scope is known: one statement looks at all, for a
    code of 60 bits. It stands in a transaction of its own that is rolled back, so that the scope
    ends with it, also inside a signed-in person's request.
    """
    with transaction.atomic():
        set_scope(staff=True)
        found = (
            CertificateVersion.objects.filter(code=code)
            .select_related("certificate__office")
            .only("number", "printed", *_ASKED)
            .first()
        )
        transaction.set_rollback(True)
    if found is None:
        return None
    return Genuine(
        number=found.printed["number"],
        version=found.number,
        valid_from=date.fromisoformat(found.printed["valid_from"]),
        valid_until=date.fromisoformat(found.printed["valid_until"]),
        standing=_standing(found, at),
    )


def _standing(version: CertificateVersion, at: datetime) -> Standing:
    certificate = version.certificate
    today = certificate.local_date(at)
    if certificate.revoked_at is not None:
        return Standing.REVOKED
    if today > certificate.valid_until:
        return Standing.ENDED
    if version.number < certificate.version:
        return Standing.REPLACED
    return Standing.COMING if today < certificate.valid_from else Standing.IN_FORCE
