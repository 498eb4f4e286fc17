"""Who is told of what happens to an agreement (SPEC 3, 18); each handler names its topic."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from accounts import correspondence as letters
from accounts import ending_letters, standing_letters
from accounts.actions.invitations import may_sign_in
from accounts.correspondence import Write
from accounts.letters import send
from accounts.models import (
    Certificate,
    CertificateVersion,
    ContactRequest,
    NoticeKind,
    Role,
    User,
)
from msa.outbox.relay import Handler

# Minutes in which one letter about a forgotten password is enough: more would bury the first.
# Divides an hour. Holds also while Redis, which counts requests, is away.
RESET_LETTER_MINUTES: Final = 5


def on_issued(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Invite the new contacts who have no password yet; tell all others what has changed.

    Of the first version nobody is told but those who are invited by it.
    """
    version = CertificateVersion.objects.select_related(
        "certificate__customer", "certificate__office", "requested_by", "approved_by"
    ).get(certificate=payload["certificate"], number=payload["version"])
    certificate = version.certificate
    before = certificate.versions.filter(number=version.number - 1).first()
    printed = {contact["email"] for contact in version.printed["contacts"]}
    known = {contact["email"] for contact in before.printed["contacts"]} if before else set()
    named = User.objects.filter(contact_slots__certificate=certificate, is_active=True)
    contacts = list(named.filter(email__in=printed).order_by("contact_slots__slot"))
    invited = [
        contact
        for contact in contacts
        if contact.email not in known and not contact.has_usable_password()
    ]
    inviter = version.requested_by or version.approved_by
    if certificate.revoked_at is not None or certificate.local_date(at) > certificate.valid_until:
        invited = []  # nothing could be filed: an administrator may invite them all the same
    # By their instant: named on several certificates at once, a person is invited once.
    _invite(invited, inviter, key=f"invitation-named-{at.isoformat()}", at=at)
    if before is None:
        return
    key = f"certificate-version-{version.pk}"
    others = [contact for contact in contacts if contact not in invited]
    _send(letters.issued(version, before), others, certificate, key=key, at=at)
    left = User.objects.filter(
        email__in=known - printed, customer=certificate.customer_id, is_active=True
    ).exclude(pk__in=named.values("pk"))
    _safeguard(letters.removed(version), left, certificate, key=key, at=at)


def on_change_requested(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell who decides and who is in charge; of a new address, whoever has the present one."""
    request = _request(payload)
    key = f"contact-request-{request.pk}"
    certificate = request.certificate
    deciding = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    _send(letters.asked(request, deciding=True), deciding, certificate, key=key, at=at)
    in_charge = [certificate.tam] if certificate.tam.is_active else []
    _send(letters.asked(request, deciding=False), in_charge, certificate, key=key, at=at)
    person = request.person
    if request.kind == ContactRequest.Kind.CORRECT and person and person.email != request.email:
        _safeguard(letters.address_asked(request), [person], certificate, key=key, at=at)


def on_change_declined(payload: Mapping[str, Any], *, at: datetime) -> None:
    request = _request(payload)
    _tell_who_asked(letters.declined(request), request, at=at)


def on_change_withdrawn(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell who asked, unless they took it back themselves."""
    request = _request(payload)
    if request.decided_by_id != request.requested_by_id:
        _tell_who_asked(letters.withdrawn(request), request, at=at)


def on_change_approved(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell who asked of what no version prints; what one prints is told to all contacts by it."""
    request = _request(payload)
    if request.version_id is None:
        _tell_who_asked(letters.approved(request), request, at=at)


def on_invited(payload: Mapping[str, Any], *, at: datetime) -> None:
    person = User.objects.get(pk=payload["person"])
    if person.has_usable_password() or not may_sign_in(person):
        return
    inviter = User.objects.get(pk=payload["invited_by"])
    _invite([person], inviter, key=f"invitation-{at.isoformat()}", at=at)


def on_password_forgotten(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Send a link to whoever has the address and may sign in; nothing to anybody else."""
    person = User.objects.filter(email=payload["email"]).first()
    if person is None or not may_sign_in(person):
        return
    span = int(at.timestamp()) // (RESET_LETTER_MINUTES * 60)
    send(
        letters.forgotten_password(at),
        [person],
        key=f"password-{span}",
        thread=f"person-{person.pk}",
        at=at,
    )


def on_address_changed(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell a person at their former address, in case they did not want to be cut off."""
    person = User.objects.get(pk=payload["person"])
    present, person.email = person.email, payload["former"]
    send(
        letters.address_changed(present),
        [person],
        key=f"address-{at.isoformat()}",
        thread=f"person-{person.pk}",
        at=at,
    )


LETTERS: Mapping[str, Sequence[Handler]] = {
    "certificate.issued": [on_issued],
    "contacts.change_requested": [on_change_requested],
    "contacts.change_declined": [on_change_declined],
    "contacts.change_withdrawn": [on_change_withdrawn],
    "contacts.change_approved": [on_change_approved],
    "contacts.invited": [on_invited],
    "people.password_forgotten": [on_password_forgotten],
    "people.address_changed": [on_address_changed],
    "certificate.ends_soon": [ending_letters.on_ends_soon],
    "certificate.revoked": [standing_letters.on_revoked],
    "certificate.reinstated": [standing_letters.on_reinstated],
    "certificate.renewed": [standing_letters.on_renewed],
}


def _request(payload: Mapping[str, Any]) -> ContactRequest:
    requests = ContactRequest.objects.select_related(
        "certificate__tam", "person", "requested_by", "decided_by"
    )
    return requests.get(pk=payload["request"])


def _tell_who_asked(write: Write, request: ContactRequest, *, at: datetime) -> None:
    if may_sign_in(request.requested_by):
        key = f"contact-request-{request.pk}-{request.state}"
        _send(write, [request.requested_by], request.certificate, key=key, at=at)


def _send(
    write: Write, recipients: Iterable[User], certificate: Certificate, *, key: str, at: datetime
) -> None:
    thread = f"certificate-{certificate.pk}"
    send(write, recipients, key=key, thread=thread, kind=NoticeKind.AGREEMENT, at=at)


def _safeguard(
    write: Write, recipients: Iterable[User], certificate: Certificate, *, key: str, at: datetime
) -> None:
    """Mail at once, whatever was chosen: who is cut off, or may be, cannot wait for the portal."""
    send(write, recipients, key=key, thread=f"certificate-{certificate.pk}", at=at)


def _invite(people: Iterable[User], inviter: User | None, *, key: str, at: datetime) -> None:
    for person in people:
        slots = person.contact_slots.select_related("certificate").order_by("certificate__number")
        numbers = [slot.certificate.number for slot in slots]
        send(
            letters.invitation(inviter, numbers, at),
            [person],
            key=key,
            thread=f"person-{person.pk}",
            at=at,
        )
