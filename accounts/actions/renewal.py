"""Renewing a certificate into one that follows on (SPEC 3)."""

import calendar
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.certificates import check_limit, check_terms, issue_certificate
from accounts.actions.days import check_day
from accounts.errors import Refused
from accounts.models import Certificate, Contact, Programme, User
from accounts.models.certificate import LAST_DAY
from msa.outbox.actions import publish

TERM_MONTHS: Final = 12  # of the follow-on where the first term is no whole number of months
TERM_MONTHS_MOST: Final = 120  # ten years: more is a slip of the keyboard
NUMBER_LENGTH_MOST: Final = 40  # as the column has it
SUFFIXES_TRIED: Final = 99  # renewals of one certificate: a lifetime of yearly ones

_DAY: Final = timedelta(days=1)
_SUFFIX: Final = re.compile(r"(?P<stem>.+)-R(?P<count>\d{1,3})")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a follow-on certificate would be called, and when it would hold."""

    number: str  # empty: none that fits was found
    valid_from: date
    valid_until: date


@transaction.atomic
def renew_certificate(
    *,
    certificate: Certificate,
    number: str,
    valid_from: date,
    valid_until: date,
    programme: Programme | None = None,
    actor: User | None,
    at: datetime,
) -> Certificate:
    """Issue the certificate that follows on another, once only, and return it.

    Takes over office, products, the people in charge, own hours, contacts, and the programme unless
    a newer edition is given. Contacts keep their call-in codes: whoever knows theirs by heart is
    not turned away on the first day, and the people are the same. Locks the certificate that is
    renewed; that one stays as it is. Overlaps and gaps are allowed; `seams` tells them beforehand.
    """
    locked = Certificate.objects.select_for_update(of=("self",), no_key=True).get(pk=certificate.pk)
    refused = obstacle(locked)
    if refused is not None:
        raise refused
    check_day(valid_from, field="valid_from")
    check_day(valid_until, field="valid_until")
    if valid_from <= locked.valid_from:
        raise Refused(_("A follow-on begins after the one it renews."), field="valid_from")
    if valid_until < valid_from:
        raise Refused(_("The last day lies before the first."), field="valid_until")
    held = list(locked.contacts.select_related("user").order_by("slot"))
    renewal = Certificate(
        number=number,
        customer=locked.customer,
        programme=programme or locked.programme,
        office=locked.office,
        valid_from=valid_from,
        valid_until=valid_until,
        tam=locked.tam,
        deputy=locked.deputy,
        team_head=locked.team_head,
        business_manager=locked.business_manager,
        week=locked.week,
        renews=locked,
    )
    try:
        with transaction.atomic():
            issue_certificate(
                certificate=renewal,
                products=[covered.product for covered in locked.covered.select_related("product")],
                contacts=[contact.user for contact in held],
                actor=actor,
                at=at,
            )
    except IntegrityError as error:
        raise Refused(
            _("There is a certificate of this number already."), field="number"
        ) from error
    _keep_codes(renewal, held)
    publish(
        "certificate.renewed",
        {"certificate": renewal.pk, "actor": actor.pk if actor else None},
        at=at,
        stream=f"certificate-{renewal.pk}",
    )
    return renewal


def obstacle(certificate: Certificate) -> Refused | None:
    """Return why a certificate cannot be renewed as its terms are; None: it can."""
    follower: Certificate | None = getattr(certificate, "renewal", None)
    if follower is not None:
        return Refused(_("Renewed already, by %(number)s.") % {"number": follower.number})
    if certificate.revoked_at is not None:
        return Refused(_("Revoked: take the revocation back first."))
    if certificate.valid_until >= LAST_DAY:
        return Refused(_("No agreement can follow on its last day."))
    try:
        check_terms(certificate)
        check_limit(certificate)
    except Refused as refusal:
        return refusal
    return None


def number_taken() -> Refused:
    return Refused(_("There is a certificate of this number already."), field="number")


def seams(certificate: Certificate, valid_from: date) -> list[str]:
    """Return what stands out where a follow-on meets the certificate: an overlap or a gap."""
    apart = (valid_from - certificate.valid_until).days - 1
    end = date_format(certificate.valid_until, "DATE_FORMAT")
    if apart > 0:
        text = ngettext(
            "A gap of %(days)d day after %(end)s: nobody can file in it.",
            "A gap of %(days)d days after %(end)s: nobody can file in it.",
            apart,
        )
        return [text % {"days": apart, "end": end}]
    if apart < 0:
        text = ngettext(
            "Overlaps by %(days)d day, until %(end)s: contacts can file under both.",
            "Overlaps by %(days)d days, until %(end)s: contacts can file under both.",
            -apart,
        )
        return [text % {"days": -apart, "end": end}]
    return []


def propose(
    certificates: Iterable[Certificate], *, months: int | None = None
) -> dict[int, Proposal]:
    """Return a proposal for each certificate, by its key: free numbers, from the day after its end.

    `months` is the length of every term; None: as long as the certificate's own.
    """
    certificates = list(certificates)
    taken = set(Certificate.objects.values_list("number", flat=True))
    proposals = {}
    for certificate in certificates:
        first = certificate.valid_until + _DAY
        number = _next_number(certificate, first, taken.__contains__)
        taken.add(number)
        last = last_day(first, months or term_months(certificate) or TERM_MONTHS)
        proposals[certificate.pk] = Proposal(number, first, last)
    return proposals


def term_months(certificate: Certificate) -> int | None:
    """Return how many calendar months a certificate holds; None: no whole number of them."""
    first, after = certificate.valid_from, certificate.valid_until + _DAY
    months = (after.year - first.year) * 12 + after.month - first.month
    # A term from a day that its last month does not have ends with that month, on the day before.
    fitting = (
        count
        for count in (months, months - 1)
        if 1 <= count <= TERM_MONTHS_MOST and _months_later(first, count) == after
    )
    return next(fitting, None)


def last_day(first: date, months: int) -> date:
    """Return the last day of a term that begins on `first`; none is after `LAST_DAY`."""
    return min(_months_later(first, months) - _DAY, LAST_DAY)


def _keep_codes(renewal: Certificate, held: Sequence[Contact]) -> None:
    codes = {contact.user_id: contact.call_in_code for contact in held}
    contacts = list(renewal.contacts.all())
    for contact in contacts:
        contact.call_in_code = codes[contact.user_id]
    Contact.objects.bulk_update(contacts, ["call_in_code"])


def _next_number(certificate: Certificate, first: date, is_taken: Callable[[str], bool]) -> str:
    """Return a free number: the year in it carried on, or else -R2, -R3 and so on behind it."""
    year = rf"(?<!\d){certificate.valid_from.year}(?!\d)"
    carried_on = re.sub(year, str(first.year), certificate.number, count=1)
    candidates = [carried_on, *_suffixed(certificate.number)]
    fitting = (text for text in candidates if len(text) <= NUMBER_LENGTH_MOST)
    return next((text for text in fitting if not is_taken(text)), "")


def _suffixed(number: str) -> Collection[str]:
    match = _SUFFIX.fullmatch(number)
    stem, count = (match["stem"], int(match["count"])) if match else (number, 1)
    return [f"{stem}-R{count + more}" for more in range(1, SUFFIXES_TRIED + 1)]


def _months_later(day: date, months: int) -> date:
    """Return the same day `months` later; where that month is shorter, the first of the next."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, day.day)
    return date(year, month + 1, 1) + timedelta(days=calendar.monthrange(year, month + 1)[1])
