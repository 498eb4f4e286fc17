"""Issuing certificates and naming contacts (SPEC 3)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import (
    Certificate,
    CertificateVersion,
    Contact,
    CoveredProduct,
    Product,
    Role,
    User,
)
from accounts.worktime import Calendar, CalendarError
from msa.outbox.actions import publish


class ContactLimitReached(Refused):
    """Every slot is taken."""


@transaction.atomic
def issue_certificate(
    *,
    certificate: Certificate,
    products: Iterable[Product] = (),
    actor: User | None,
    at: datetime,
) -> Certificate:
    """Save a new certificate and issue its first version."""
    certificate.contact_limit = certificate.programme.contact_limit
    check_terms(certificate)
    certificate.save(force_insert=True)
    CoveredProduct.objects.bulk_create(
        CoveredProduct(
            customer_id=certificate.customer_id, certificate=certificate, product=product
        )
        for product in products
    )
    issue_version(certificate=certificate, requested_by=actor, approved_by=actor, at=at)
    return certificate


def check_terms(certificate: Certificate) -> None:
    """Refuse people in wrong roles and hours that no clock could run by."""
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
    if certificate.week is not None:
        try:
            Calendar.from_data({**certificate.office.as_planned(), "week": certificate.week})
        except CalendarError as error:
            raise Refused(str(error), field="week") from error


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
        "office": certificate.office.name,
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
    if user.role != Role.CONTACT or user.customer_id != certificate.customer_id:
        raise Refused(_("Only people of the customer can be contacts."), field="user")
    held = {
        contact.slot: contact.user.name
        for contact in certificate.contacts.select_related("user").order_by("slot")
    }
    if user.pk in certificate.contacts.values_list("user_id", flat=True):
        raise Refused(_("%(name)s is a contact already.") % {"name": user.name}, field="user")
    slots = range(1, certificate.contact_limit + 1)
    free = next((slot for slot in slots if slot not in held), None)
    if free is None:
        raise ContactLimitReached(
            _(
                "This certificate names at most %(limit)d contacts; the slots are taken by %(names)s."
            )
            % {"limit": certificate.contact_limit, "names": ", ".join(held.values())},
            field="user",
        )
    return Contact.objects.create(
        customer_id=certificate.customer_id,
        certificate=certificate,
        contact_limit=certificate.contact_limit,
        slot=free,
        user=user,
    )


@transaction.atomic
def remove_contact(*, contact: Contact) -> None:
    """Free a slot. The person loses the certificate at the next request (SPEC 3).

    What they wrote stays under their name. The caller issues the new version.
    """
    Certificate.objects.select_for_update(no_key=True).get(pk=contact.certificate_id)
    contact.delete()
