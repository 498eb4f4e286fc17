"""Changes of contacts: asked for in the portal, decided by an administrator (SPEC 3)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.certificates import issue_version, name_contact, remove_contact
from accounts.actions.contact_rules import (
    NAMING,
    Kind,
    changed_details,
    check_askable,
    check_beside_others,
    check_possible,
    is_hidden_from,
)
from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from accounts.models import (
    Certificate,
    CertificateVersion,
    Contact,
    ContactRequest,
    Role,
    User,
)
from msa.outbox.actions import publish


@dataclass(frozen=True, slots=True)
class Details:
    """Who is to be named, or what a contact's details are to be."""

    name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    language: str = ""


@transaction.atomic
def request_change(
    *,
    certificate: Certificate,
    kind: str,
    person: User | None = None,
    details: Details,
    note: str = "",
    submission: UUID,
    actor: User,
    at: datetime,
) -> ContactRequest:
    """Put on record what a contact asks to have changed; sent twice, it is one request.

    Locks the certificate. What could not be approved now is refused at once, as is what would
    stand in the way of a request that waits; only whether somebody elsewhere has an address is
    told to the administrator alone. `NotFound` for whom the certificate does not name, `Conflict`
    when what was sent was declined or withdrawn before.
    """
    locked = _lock([certificate.pk])[0]
    known = ContactRequest.objects.filter(submission=submission).first()
    if known is not None:
        _check_in_force(known)
        return known
    if not locked.contacts.filter(user=actor).exists():
        raise NotFound(_("There is no such certificate."))
    request = ContactRequest(
        customer_id=locked.customer_id,
        certificate=locked,
        kind=kind,
        person=person,
        **_tidy(details if kind != Kind.REMOVE else Details()),
        note=note.strip(),
        requested_by=actor,
        requested_at=at,
        submission=submission,
    )
    check_askable(request=request, certificate=locked, at=at)
    check_beside_others(request=request, certificate=locked)
    request.save(force_insert=True)
    _publish("contacts.change_requested", request, at)
    return request


@transaction.atomic
def withdraw_request(*, request: ContactRequest, actor: User, at: datetime) -> bool:
    """Take a request back, by any contact of its certificate; False if it was taken back before.

    Raises `Conflict` when it has been decided, `NotFound` for whom others want to leave.
    """
    certificate, request = _lock_with_request(request)
    if not certificate.contacts.filter(user=actor).exists():
        raise NotFound(_("There is no such certificate."))
    if is_hidden_from(request, actor):
        raise NotFound(_("There is no such request."))
    if request.state == ContactRequest.State.WITHDRAWN:
        return False
    _check_waiting(request)
    request.withdraw(by=actor, at=at)
    request.save(update_fields=["state", "decided_by", "decided_at"])
    _publish("contacts.change_withdrawn", request, at)
    return True


@transaction.atomic
def approve_request(
    *, request: ContactRequest, actor: User, at: datetime
) -> CertificateVersion | None:
    """Make the change and issue what it prints anew; return the version of the certificate.

    None when nothing printed has changed (a mobile number, a language). Locks every certificate
    that the change may touch. Approved again, it changes nothing. Raises `Refused` when the change
    is impossible by now, `Conflict` when it was declined or withdrawn.
    """
    _check_administrator(actor)
    certificate, request = _lock_with_request(request)
    if request.state == ContactRequest.State.APPROVED:
        return request.version
    _check_waiting(request)
    check_possible(request=request, certificate=certificate, at=at)
    versions = {
        touched.pk: issue_version(
            certificate=touched, requested_by=request.requested_by, approved_by=actor, at=at
        )
        for touched in _make(request, certificate, at)
    }
    request.approve(version=versions[certificate.pk], by=actor, at=at)
    request.save(update_fields=["state", "version", "decided_by", "decided_at"])
    _publish("contacts.change_approved", request, at)
    return versions[certificate.pk]


@transaction.atomic
def decline_request(*, request: ContactRequest, reason: str, actor: User, at: datetime) -> None:
    """Refuse a change; whoever asked is told the reason. Declined again, the first reason stays."""
    _check_administrator(actor)
    if not reason.strip():
        raise Refused(_("Please give a reason; whoever asked reads it."), field="reason")
    _certificate, request = _lock_with_request(request)
    if request.state == ContactRequest.State.DECLINED:
        return
    _check_waiting(request)
    request.decline(reason=reason.strip(), by=actor, at=at)
    request.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _publish("contacts.change_declined", request, at)


def _lock(keys: Sequence[int]) -> list[Certificate]:
    certificates = Certificate.objects.select_for_update(no_key=True, of=("self",))
    return list(certificates.select_related("office").filter(pk__in=keys).order_by("pk"))


def _lock_with_request(request: ContactRequest) -> tuple[Certificate, ContactRequest]:
    """Lock the certificates that a correction prints on, in their order, then the request."""
    keys = {request.certificate_id}
    if request.kind == Kind.CORRECT:
        slots = Contact.objects.filter(user=request.person_id)
        keys.update(slots.values_list("certificate", flat=True))
    locked = {certificate.pk: certificate for certificate in _lock(sorted(keys))}
    requests = ContactRequest.objects.select_for_update(no_key=True, of=("self",))
    fresh = requests.select_related("requested_by", "person").get(pk=request.pk)
    return locked[fresh.certificate_id], fresh


def _tidy(details: Details) -> dict[str, str]:
    tidy = {field: value.strip() for field, value in asdict(details).items()}
    return {**tidy, "email": tidy["email"].lower()}


def _publish(topic: str, request: ContactRequest, at: datetime) -> None:
    publish(
        topic,
        {"request": request.pk},
        at=at,
        stream=f"certificate-{request.certificate_id}",
    )


def _check_administrator(actor: User) -> None:
    if actor.role != Role.ADMINISTRATOR:
        raise NotAllowed(_("Only administrators decide on contacts."))


def _check_in_force(request: ContactRequest) -> None:
    if request.state not in {ContactRequest.State.WAITING, ContactRequest.State.APPROVED}:
        raise Conflict(
            _("This was asked for before, and is settled: %(state)s. Send it again to ask anew.")
            % {"state": request.get_state_display()}
        )


def _check_waiting(request: ContactRequest) -> None:
    if not request.is_waiting:
        raise Conflict(
            _("This request has been settled meanwhile: %(state)s.")
            % {"state": request.get_state_display()}
        )


def _make(request: ContactRequest, certificate: Certificate, at: datetime) -> list[Certificate]:
    """Make the change, and return the certificates that print it, in their order."""
    if request.kind == Kind.CORRECT:
        return _correct(request, certificate, at)
    if request.person is not None:
        remove_contact(contact=certificate.contacts.get(user=request.person))
    if request.kind in NAMING:
        name_contact(certificate=certificate, user=_person(request, certificate))
    return [certificate]


def _person(request: ContactRequest, certificate: Certificate) -> User:
    """Return who is to be named: who is on record stays as they are, others are entered."""
    user, _created = User.objects.get_or_create(
        email=request.email,
        defaults={
            "name": request.name,
            "role": Role.CONTACT,
            "customer_id": request.customer_id,
            "language": request.language or request.requested_by.language,
            "timezone": certificate.office.timezone,
            "phone": request.phone,
            "mobile": request.mobile,
            "password": make_password(None),
        },
    )
    return user


def _correct(request: ContactRequest, certificate: Certificate, at: datetime) -> list[Certificate]:
    slot = certificate.contacts.get(user=request.person)
    person = User.objects.select_for_update(no_key=True).get(pk=slot.user_id)
    former = person.email
    changed = changed_details(request)
    for field in changed:
        setattr(person, field, getattr(request, field))
    person.save(update_fields=changed)
    if person.email != former:
        publish("people.address_changed", {"person": person.pk, "former": former}, at=at)
    keys = person.contact_slots.values_list("certificate", flat=True)
    return _lock(sorted({*keys, certificate.pk}))
