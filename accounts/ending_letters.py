"""The letter before a certificate ends: to its contacts, and to who looks after it (SPEC 3)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.endings import days_left
from accounts.letters import Letter, Row, send
from accounts.models import Certificate, NoticeKind, User


def on_ends_soon(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell everyone concerned, unless the end was put off or the certificate renewed meanwhile."""
    certificates = Certificate.objects.select_related("customer", "office", "tam", "deputy")
    certificate = certificates.get(pk=payload["certificate"])
    last_day = date.fromisoformat(payload["valid_until"])
    still_so = certificate.valid_until == last_day and certificate.revoked_at is None
    if not still_so or Certificate.objects.filter(renews=certificate).exists():
        return
    send(
        lambda reader: _letter(certificate, reader, at),
        people_concerned(certificate),
        key=f"certificate-ends-{certificate.pk}-{last_day.isoformat()}-{payload['days']}",
        thread=f"certificate-{certificate.pk}",
        kind=NoticeKind.AGREEMENT,
        at=at,
    )


def people_concerned(certificate: Certificate) -> list[User]:
    """Return a certificate's contacts, and who looks after it; whoever may not sign in is left."""
    contacts = User.objects.filter(contact_slots__certificate=certificate, is_active=True)
    in_charge = [
        person for person in (certificate.tam, certificate.deputy) if person and person.is_active
    ]
    return [*contacts.order_by("contact_slots__slot"), *in_charge]


def why(certificate: Certificate, reader: User) -> str:
    """Say why a letter about a certificate reaches its reader."""
    text = (
        _("You get this mail because you are a contact of certificate %(certificate)s.")
        if reader.is_contact
        else _("You get this mail because you look after certificate %(certificate)s.")
    )
    return text % {"certificate": certificate.number}


def _letter(certificate: Certificate, reader: User, at: datetime) -> Letter:
    number, tam = certificate.number, certificate.tam
    days = days_left(certificate.valid_until, certificate.local_date(at))
    reach = [tam.name, *filter(None, (tam.phone, tam.mobile)), tam.email]
    for_customer = reader.is_contact
    return Letter(
        reference=number,
        heading=_heading(days),
        paragraphs=[
            _("From the day after, nothing new can be filed. Incidents that are open go on."),
            _("For a renewal, speak to your technical account manager.")
            if for_customer
            else _("Its contacts are told the same. An administrator can renew it."),
        ],
        rows=[
            Row(_("Certificate"), [f"{number} · {certificate.customer.name}"]),
            Row(
                _("Last day"),
                [date_format(certificate.valid_until, "DATE_FORMAT"), certificate.office.timezone],
            ),
            *([Row(_("Technical account manager"), reach)] if for_customer else []),
        ],
        button=_("See the certificate"),
        path=reverse("certificate", args=[number]),
        why=why(certificate, reader),
    )


def _heading(days: int) -> str:
    if days == 0:
        return _("The certificate ends today")
    return ngettext(
        "The certificate ends in %(days)d day", "The certificate ends in %(days)d days", days
    ) % {"days": days}
