"""Whose word a mail is (SPEC 17)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final

from django.conf import settings

from accounts.models import User
from incidents.inbound.addresses import ReplyAddress, read_reply_address
from incidents.inbound.authentication import Verdict, domain_verdict, sender_of
from incidents.inbound.parsing import Mail
from msa.outbox.models import Email

_RECIPIENTS: Final = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
_SIGNED: Final = re.compile(r"reply\+[a-z0-9.-]{1,80}@[a-z0-9.-]{1,200}", re.IGNORECASE)
_SIGNED_MOST: Final = 20  # a mail has one; more are somebody's trials
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,290}>")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail says it is from, who that is here, and whether it is true.

    It is when our mail server reports an aligned DMARC pass, or when the mail came to an address
    that is signed for this very person: see `addresses` for why both must agree.
    """

    address: str
    person: User | None
    signed: ReplyAddress | None
    domain: Verdict

    @property
    def is_verified(self) -> bool:
        if self.person is None:
            return False
        return self.domain is Verdict.PASS or (
            self.signed is not None and self.signed.user_id == self.person.pk
        )


def read_sender(mail: Mail, recipient: str) -> Sender:
    """Return whose word a mail is; `recipient` is whom our mail server had it for, if it says."""
    address = sender_of(mail)
    return Sender(
        address=address,
        person=_registered(address),
        signed=next(_signed_addresses(mail, recipient), None),
        domain=domain_verdict(mail, address),
    )


def is_ours(mail: Mail, sender: str) -> bool:
    """Whether a mail is one of our own that came back, as it was or under our address."""
    if sender and sender == parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower():
        return True
    if read_reply_address(sender):
        return True
    own = message_ids(mail.all("message-id"))
    return bool(own) and Email.objects.filter(message_id__in=own).exists()


def message_ids(values: Iterable[str]) -> list[str]:
    """Return the Message-IDs that headers name."""
    return [found for value in values for found in _MESSAGE_ID.findall(value)]


def _registered(address: str) -> User | None:
    """Return the person with an address who may write: staff, or whom a certificate names."""
    person = User.objects.filter(email=address, is_active=True).first() if address else None
    if person is None or (person.is_contact and not person.contact_slots.exists()):
        return None
    return person


def _signed_addresses(mail: Mail, recipient: str) -> Iterator[ReplyAddress]:
    values = [recipient, *(value for name in _RECIPIENTS for value in mail.all(name))]
    candidates = [found for value in values for found in _SIGNED.findall(value)]
    for candidate in candidates[:_SIGNED_MOST]:
        signed = read_reply_address(candidate)
        if signed is not None:
            yield signed
