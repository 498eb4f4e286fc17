"""Letters on what becomes of a certificate as a whole: revoked, taken back, renewed (SPEC 3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.ending_letters import people_concerned, why
from accounts.letters import Letter, Row, send
from accounts.models import Certificate, NoticeKind, User


def on_revoked(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell why nothing can be filed any more."""

    def write(reader: User) -> Letter:
        return _letter(
            certificate,
            reader,
            heading=_("The certificate is revoked"),
            paragraphs=[
                _("Nothing new can be filed under it. Incidents that are open go on."),
            ],
            rows=[Row(_("Reason"), payload["reason"].splitlines())],
        )

    certificate = _certificate(payload)
    _tell(write, certificate, payload, f"revoked-{at.isoformat()}", at)


def on_reinstated(payload: Mapping[str, Any], *, at: datetime) -> None:
    def write(reader: User) -> Letter:
        return _letter(
            certificate,
            reader,
            heading=_("The certificate is in force again"),
            paragraphs=[
                _("Its revocation is taken back. Incidents can be filed while it is valid.")
            ],
        )

    certificate = _certificate(payload)
    _tell(write, certificate, payload, f"reinstated-{at.isoformat()}", at)


def on_renewed(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell of the certificate that follows, under whose number it goes on."""

    def write(reader: User) -> Letter:
        days = {
            "first": date_format(certificate.valid_from, "DATE_FORMAT"),
            "last": date_format(certificate.valid_until, "DATE_FORMAT"),
        }
        return _letter(
            certificate,
            reader,
            heading=_("Your agreement is renewed")
            if reader.is_contact
            else _("The agreement is renewed"),
            paragraphs=[
                _("It goes on under a new number. Contacts and their call-in codes stay the same."),
            ],
            rows=[
                Row(_("Until now"), [renewed.number]),
                Row(_("Validity"), [_("%(first)s to %(last)s") % days]),
            ],
        )

    certificate = _certificate(payload)
    renewed: Certificate = Certificate.objects.get(renewal=certificate)
    _tell(write, certificate, payload, "renewed", at)


def _certificate(payload: Mapping[str, Any]) -> Certificate:
    related = Certificate.objects.select_related("customer", "office", "tam", "deputy")
    return related.get(pk=payload["certificate"])


def _tell(
    write: Any, certificate: Certificate, payload: Mapping[str, Any], event: str, at: datetime
) -> None:
    readers = [person for person in people_concerned(certificate) if person.pk != payload["actor"]]
    key = f"certificate-{certificate.pk}-{event}"
    thread = f"certificate-{certificate.pk}"
    send(write, readers, key=key, thread=thread, kind=NoticeKind.AGREEMENT, at=at)


def _letter(
    certificate: Certificate,
    reader: User,
    *,
    heading: str,
    paragraphs: Sequence[str],
    rows: Sequence[Row] = (),
) -> Letter:
    return Letter(
        reference=certificate.number,
        heading=heading,
        paragraphs=paragraphs,
        rows=[
            Row(_("Certificate"), [f"{certificate.number} · {certificate.customer.name}"]),
            *rows,
        ],
        button=_("See the certificate"),
        path=reverse("certificate", args=[certificate.number]),
        why=why(certificate, reader),
    )
