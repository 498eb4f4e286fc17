"""Addresses whose mail comes back (SPEC 18)."""

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import MailTrouble
from msa.outbox.mail import one_line

REASON_LENGTH: Final = 300  # of MailTrouble.reason


@transaction.atomic
def record_bounce(*, address: str, reason: str, at: datetime) -> MailTrouble:
    """Note that mail to `address` came back; of an address known for it, count it, keep the latest.

    An earlier bounce that arrives late is counted, and changes nothing else.
    """
    told = one_line(reason.replace("\x00", ""), REASON_LENGTH)
    trouble, new = MailTrouble.objects.select_for_update().get_or_create(
        address=address.strip().lower(), defaults={"bounced_at": at, "reason": told}
    )
    if new:
        return trouble
    trouble.bounces += 1
    if at >= trouble.bounced_at:
        trouble.bounced_at, trouble.reason = at, told
    trouble.save(update_fields=["bounces", "bounced_at", "reason"])
    return trouble


@transaction.atomic
def forget_bounces(*, address: str) -> None:
    """Take an address for sound again: its person has written from it."""
    MailTrouble.objects.filter(address=address.strip().lower()).delete()
