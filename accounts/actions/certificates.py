"""Issuing certificates and naming contacts (SPEC 3)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.offices import check_week
from accounts.errors import Refused
from accounts.models import (
    Certificate,
    CertificateVersion,
    Contact,
    CoveredProduct,
    Product,
    Programme,
    Role,
    User,
)
from accounts.models.certificate import new_call_in_code
from accounts.worktime import Calendar, CalendarError
from msa.outbox.actions import publish

# What an administrator may change of a certificate that is issued.
TERMS = (
    "number",
    "programme",
    "office",
    "valid_from",
    "valid_until",
    "tam",
    "deputy",
    "team_head",
    "business_manager",
    "week",
)


class ContactLimitReached(Refused):
    """Every slot is taken."""


@transaction.atomic
def issue_certificate(
    *,
    certificate: Certificate,
    products: Iterable[Product] = (),
    contacts: Iterable[User] = (),
    actor: User | None,
    requested_by: User | None = None,
    at: datetime,
) -> Certificate:
    """Save a new certificate, name its contacts and issue its first version.

    Locks the programme, whose terms as they now stand are those it prints.
    """
    _hold_programme(certificate)
    certificate.contact_limit = certificate.programme.contact_limit
    certificate.version = 1
    check_terms(certificate)
    named: list[User] = []
    for user in contacts:
        check_new_contact(certificate=certificate, user=user, held=named)
        named.append(user)
    certificate.save(force_insert=True)
    CoveredProduct.objects.bulk_create(_covered(certificate, {product.pk for product in products}))
    Contact.objects.bulk_create(
        _contact(certificate, slot, user) for slot, user in enumerate(named, start=1)
    )
    _issue(certificate, printed_terms(certificate), requested_by or actor, actor, at)
    return certificate


@transaction.atomic
def revise_certificate(
    *,
    certificate: Certificate,
    products: Iterable[Product],
    removed: Iterable[Contact] = (),
    named: Iterable[User] = (),
    actor: User | None,
    requested_by: User | None = None,
    at: datetime,
) -> CertificateVersion | None:
    """Save changed terms; return the version that this issued, None if nothing printed changed.

    Locks the certificate, then the programme. People are removed before others are named, so that
    a slot can change hands. A change of programme takes its number of contacts over:
    `ContactLimitReached` when more are named than that.
    """
    locked = Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
    _hold_programme(certificate)
    check_terms(certificate)
    for contact in removed:
        remove_contact(contact=contact)
    if locked.programme_id != certificate.programme_id:
        _take_over_limit(certificate)
    else:
        certificate.contact_limit = locked.contact_limit
    certificate.save(update_fields=[*TERMS, "contact_limit"])
    if (locked.week, locked.office_id) != (certificate.week, certificate.office_id):
        publish(
            "certificate.hours_revised",
            {"certificate": certificate.pk},
            at=at,
            stream=f"certificate-{certificate.pk}",
        )
    _cover(certificate, products)
    for user in named:
        name_contact(certificate=certificate, user=user)
    return issue_version(
        certificate=certificate, requested_by=requested_by or actor, approved_by=actor, at=at
    )


@transaction.atomic
def reissue(*, certificates: Iterable[Certificate], actor: User | None, at: datetime) -> int:
    """Issue a version of each certificate whose print has changed; return how many had.

    For a change elsewhere that certificates print: a name, an e-mail address, a phone number.
    """
    ordered = sorted(certificates, key=lambda certificate: certificate.pk)
    issued = [
        issue_version(certificate=certificate, requested_by=actor, approved_by=actor, at=at)
        for certificate in ordered
    ]
    return sum(version is not None for version in issued)


@transaction.atomic
def revoke_certificate(
    *, certificate: Certificate, reason: str, actor: User | None, at: datetime
) -> bool:
    """Refuse new incidents from `at` on; open ones go on (SPEC 3). False if it was revoked.

    The people concerned read the reason.
    """
    locked = Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
    if locked.revoked_at is not None:
        return False
    locked.revoked_at = at
    locked.save(update_fields=["revoked_at"])
    _publish("certificate.revoked", locked, actor, at, reason=reason)
    return True


@transaction.atomic
def reinstate_certificate(*, certificate: Certificate, actor: User | None, at: datetime) -> bool:
    """Take a revocation back; False if there was none.

    Where its print has changed meanwhile, a version is issued.
    """
    locked = Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
    if locked.revoked_at is None:
        return False
    locked.revoked_at = None
    locked.save(update_fields=["revoked_at"])
    issue_version(certificate=locked, requested_by=actor, approved_by=actor, at=at)
    _publish("certificate.reinstated", locked, actor, at)
    return True


def _publish(
    topic: str, certificate: Certificate, actor: User | None, at: datetime, **facts: str
) -> None:
    payload = {"certificate": certificate.pk, "actor": actor.pk if actor else None, **facts}
    publish(topic, payload, at=at, stream=f"certificate-{certificate.pk}")


def check_terms(certificate: Certificate) -> None:
    """Refuse a number for no address, people in wrong roles, and hours no clock could run by."""
    if "/" in certificate.number or not certificate.number.isprintable():
        raise Refused(
            _("A number stands in addresses: write it without “/” and without line breaks."),
            field="number",
        )
    if certificate.tam.role != Role.TAM:
        raise Refused(
            _("%(name)s is not a technical account manager.") % {"name": certificate.tam.name},
            field="tam",
        )
    if certificate.deputy and certificate.deputy.role != Role.TAM:
        raise Refused(
            _("%(name)s is not a technical account manager.") % {"name": certificate.deputy.name},
            field="deputy",
        )
    _check_role(certificate.team_head, Role.TEAM_HEAD, "team_head")
    _check_role(certificate.business_manager, Role.BUSINESS_MANAGER, "business_manager")
    if certificate.week is not None:
        try:
            Calendar.from_data({**certificate.office.as_planned(), "week": certificate.week})
        except CalendarError as error:
            raise Refused(str(error), field="week") from error
        check_week(certificate.week)


def _check_role(person: User | None, role: Role, field: str) -> None:
    if person is not None and person.role != role:
        raise Refused(
            _("%(name)s has another role: %(role)s.")
            % {"name": person.name, "role": person.role_label},
            field=field,
        )


def check_limit(certificate: Certificate) -> None:
    """Refuse a programme with fewer contacts than the certificate names."""
    limit = certificate.programme.contact_limit
    people = [contact.user for contact in certificate.contacts.all()]
    if len(people) > limit:
        raise limit_reached(limit, people, field="programme")


@transaction.atomic
def issue_version(
    *,
    certificate: Certificate,
    requested_by: User | None,
    approved_by: User | None,
    at: datetime,
) -> CertificateVersion | None:
    """Issue version n+1 if what the certificate prints has changed; return it, or None."""
    locked = Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
    printed = printed_terms(certificate)
    latest = certificate.versions.order_by("-number").first()
    if latest and latest.printed == printed:
        return None
    certificate.version = locked.version + 1
    certificate.save(update_fields=["version"])
    return _issue(certificate, printed, requested_by, approved_by, at)


def _issue(
    certificate: Certificate,
    printed: Mapping[str, Any],
    requested_by: User | None,
    approved_by: User | None,
    at: datetime,
) -> CertificateVersion:
    """Put the version that the certificate bears on record."""
    version = CertificateVersion.objects.create(
        customer_id=certificate.customer_id,
        certificate=certificate,
        number=certificate.version,
        issued_at=at,
        requested_by=requested_by,
        approved_by=approved_by,
        printed=printed,
    )
    publish(
        "certificate.issued",
        {"certificate": certificate.pk, "version": certificate.version},
        at=at,
        stream=f"certificate-{certificate.pk}",
    )
    return version


def printed_terms(certificate: Certificate) -> dict[str, Any]:
    """Return everything that the certificate prints, as plain data."""
    contacts = certificate.contacts.select_related("user").order_by("slot")
    return {
        "number": certificate.number,
        "customer": certificate.customer.name,
        "programme": certificate.programme.key,
        "promises": certificate.programme.printed(),
        "office": certificate.office.name,
        "timezone": certificate.office.timezone,
        "valid_from": certificate.valid_from.isoformat(),
        "valid_until": certificate.valid_until.isoformat(),
        "week": certificate.week,
        "products": sorted(certificate.covered.values_list("product__name", flat=True)),
        "tam": certificate.tam.name,
        "deputy": certificate.deputy.name if certificate.deputy else None,
        "contacts": [
            {
                "slot": contact.slot,
                "name": contact.user.name,
                "email": contact.user.email,
                "phone": contact.user.phone,
            }
            for contact in contacts
        ],
    }


@transaction.atomic
def name_contact(*, certificate: Certificate, user: User) -> Contact:
    """Give a person the lowest free slot.

    Locks the certificate. Raises `ContactLimitReached` with the names in the slots; the database
    refuses a ninth of eight by itself, whoever asks. The caller issues the new version.
    """
    Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
    contacts = list(certificate.contacts.select_related("user").order_by("slot"))
    check_new_contact(certificate=certificate, user=user, held=[held.user for held in contacts])
    taken = {contact.slot for contact in contacts}
    slots = range(1, certificate.contact_limit + 1)
    contact = _contact(certificate, next(slot for slot in slots if slot not in taken), user)
    contact.save(force_insert=True)
    return contact


def _contact(certificate: Certificate, slot: int, user: User) -> Contact:
    return Contact(
        customer_id=certificate.customer_id,
        certificate=certificate,
        contact_limit=certificate.contact_limit,
        slot=slot,
        user=user,
    )


def check_new_contact(*, certificate: Certificate, user: User, held: Sequence[User]) -> None:
    """Refuse a person who cannot have a slot beside the people who hold one."""
    if user.role != Role.CONTACT or user.customer_id != certificate.customer_id:
        raise Refused(_("Only people of the customer can be contacts."), field="user")
    if user in held:
        raise Refused(_("%(name)s is a contact already.") % {"name": user.name}, field="user")
    if len(held) >= certificate.contact_limit:
        raise limit_reached(certificate.contact_limit, held)


def limit_reached(limit: int, held: Sequence[User], *, field: str = "user") -> ContactLimitReached:
    """Return the refusal that tells the limit and the names in the slots (SPEC 3)."""
    return ContactLimitReached(
        _("This certificate names at most %(limit)d contacts; the slots are taken by %(names)s.")
        % {"limit": limit, "names": ", ".join(user.name for user in held)},
        field=field,
    )


@transaction.atomic
def remove_contact(*, contact: Contact) -> None:
    """Free a slot. The person loses the certificate at the next request (SPEC 3).

    What they wrote stays under their name. The caller issues the new version.
    """
    Certificate.objects.select_for_update(no_key=True).get(pk=contact.certificate_id)
    contact.delete()


@transaction.atomic
def renew_call_in_code(*, contact: Contact) -> None:
    """Give a contact a new code for the phone; the old one is void at once (SPEC 3)."""
    contact.call_in_code = new_call_in_code()
    contact.save(update_fields=["call_in_code"])


def _hold_programme(certificate: Certificate) -> None:
    """Read the programme anew and keep it as it is until the transaction ends.

    Others may issue under it meanwhile; who would change its terms waits.
    """
    table = Programme._meta.db_table  # noqa: SLF001 (Django's documented API)
    certificate.programme = Programme.objects.raw(
        f"select * from {table} where id = %s for share",  # noqa: S608 (a name of our own)
        [certificate.programme_id],
    )[0]


def _cover(certificate: Certificate, products: Iterable[Product]) -> None:
    """Make the covered products exactly `products`."""
    wanted = {product.pk for product in products}
    certificate.covered.exclude(product__in=wanted).delete()
    covered = set(certificate.covered.values_list("product", flat=True))
    CoveredProduct.objects.bulk_create(_covered(certificate, wanted - covered))


def _covered(certificate: Certificate, products: Iterable[int]) -> list[CoveredProduct]:
    return [
        CoveredProduct(
            customer_id=certificate.customer_id, certificate=certificate, product_id=product
        )
        for product in sorted(products)
    ]


def _take_over_limit(certificate: Certificate) -> None:
    """Take the programme's number of contacts over, moving people into the slots that remain."""
    limit = certificate.programme.contact_limit
    contacts = list(certificate.contacts.select_related("user").order_by("slot"))
    if len(contacts) > limit:
        raise limit_reached(limit, [contact.user for contact in contacts], field="programme")
    for slot, contact in enumerate(contacts, start=1):
        if contact.slot != slot:
            contact.slot = slot
            contact.save(update_fields=["slot"])
    certificate.contact_limit = limit
