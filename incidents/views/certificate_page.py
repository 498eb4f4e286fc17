"""What the page of a certificate shows, put together from the agreement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.functional import Promise as LazyText
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.access import certificates_read_by
from accounts.endings import days_left
from accounts.models import Certificate, CertificateVersion, User
from accounts.models.programme import ProgrammeSeverity
from accounts.programmes import text_in
from accounts.terms import FurtherTarget, TargetUnit
from incidents import queries
from incidents.entitlements import Quota, Standing, Validity
from incidents.explaining.walls import length_text
from incidents.offers import Offer
from incidents.views.certificate_hours import presence_of

VERSIONS_SHOWN = 8  # some years of an ordinary certificate; all of them stand one click away

STANDINGS: Mapping[Standing, tuple[LazyText, str]] = {
    Standing.IN_FORCE: (lazy("In force"), "done"),
    Standing.TO_COME: (lazy("Not yet valid"), "work"),
    Standing.ENDED: (lazy("Ended"), "customer"),
    Standing.REVOKED: (lazy("Revoked"), "hot"),
}


@dataclass(frozen=True, slots=True)
class PromiseCard:
    """What is promised at one severity; `facts` as `_definition_list.html` draws them."""

    severity: int
    facts: list[dict[str, str]]
    meanings: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the certificate's slots; `user` None: free, `code`: the reader's own, else empty."""

    number: int
    user: User | None
    code: str


def page_of(
    certificate: Certificate, reader: User, at: datetime, asked: Mapping[str, str]
) -> dict[str, Any]:
    """Return the context of `certificate.html`; `asked` opens what is folded."""
    validity, quota = queries.validity_of(certificate, at), queries.quota_of(certificate, at)
    entitlements = queries.entitlements_of(certificate, quota, at)
    label, tone = STANDINGS[validity.standing]
    slots = _slots(certificate, reader)
    versions = list(
        certificate.versions.defer("printed").select_related("requested_by").order_by("-number")
    )
    all_versions = asked.get("versions") == "all"
    return {
        "certificate": certificate,
        "office": certificate.office,
        "standing": label,
        "tone": tone,
        "refusal": validity.refusal,
        "is_to_come": validity.standing is Standing.TO_COME,
        "days_left": queries.days_until_end([certificate], at).get(certificate.pk),
        "neighbours": _neighbours(certificate, reader, at),
        "validity": _validity_facts(certificate, validity, quota, slots),
        "promises": [_promise(terms) for terms in certificate.programme.severities.all()],
        "included": [one for one in entitlements.values() if one.included],
        "missing": [one for one in entitlements.values() if not one.included],
        "has_tam": entitlements[Offer.TAM].included,
        "line_hours": queries.line_hours(certificate.programme),
        "slots": [slot for slot in slots if slot.user],
        "free_slots": sum(slot.user is None for slot in slots),
        "is_named": any(slot.user == reader for slot in slots),
        "code_shown": asked.get("code") == "shown",
        "presence": presence_of(certificate, reader.timezone, at),
        "products": certificate.products.order_by("name"),
        "versions": _with_predecessors(versions, None if all_versions else VERSIONS_SHOWN),
        "version_count": len(versions),
        "languages": settings.LANGUAGES,
    }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A certificate that comes before or after, in so far as the reader may read it."""

    number: str
    valid_from: date
    valid_until: date
    follows: bool


def _neighbours(certificate: Certificate, reader: User, at: datetime) -> list[Neighbour]:
    theirs = certificates_read_by(reader, at).filter(
        Q(renews=certificate) | Q(pk=certificate.renews_id)
    )
    return [
        Neighbour(one.number, one.valid_from, one.valid_until, one.renews_id == certificate.pk)
        for one in theirs.order_by("valid_from")
    ]


def _validity_facts(
    certificate: Certificate, validity: Validity, quota: Quota, slots: list[Slot]
) -> list[dict[str, str]]:
    held = sum(slot.user is not None for slot in slots)
    facts = [
        {"label": _("First day"), "value": date_format(certificate.valid_from, "DATE_FORMAT")},
        {"label": _("Last day"), "value": date_format(certificate.valid_until, "DATE_FORMAT")},
    ]
    if validity.standing is Standing.IN_FORCE:
        left = days_left(validity.last_day, validity.today)
        facts.append({"label": _("Days left"), "value": str(left)})
        facts.append({"label": _("Incidents this year"), "value": _quota_text(quota)})
        facts.append({"label": _("Contract year"), "value": _span(quota)})
    contacts = _("%(held)d of %(limit)d") % {"held": held, "limit": certificate.contact_limit}
    facts.append({"label": _("Contacts"), "value": contacts})
    return facts


def _quota_text(quota: Quota) -> str:
    if quota.limit is None:
        return _("%(used)d, no limit") % {"used": quota.used}
    return _("%(used)d of %(limit)d, %(left)d left") % {
        "used": quota.used,
        "limit": quota.limit,
        "left": quota.left,
    }


def _span(quota: Quota) -> str:
    first, last = (date_format(day, "DATE_FORMAT") for day in (quota.first_day, quota.last_day))
    return f"{first} – {last}"


def _slots(certificate: Certificate, reader: User) -> list[Slot]:
    """Return all slots in order; of call-in codes only the reader's own leaves this function."""
    held = {contact.slot: contact for contact in certificate.contacts.select_related("user")}
    slots = []
    for number in range(1, certificate.contact_limit + 1):
        contact = held.get(number)
        own = contact is not None and contact.user_id == reader.pk
        slots.append(
            Slot(
                number=number,
                user=contact.user if contact else None,
                code=contact.call_in_code if contact and own else "",
            )
        )
    return slots


def _promise(terms: ProgrammeSeverity) -> PromiseCard:
    meanings = [
        (_("Product"), text_in(terms.meaning_product, get_language())),
        (_("Malware"), text_in(terms.meaning_malware, get_language())),
    ]
    facts = [
        {"label": _("First answer"), "value": _answer(terms)},
        *(
            {"label": str(kind.label).capitalize(), "value": _length(**terms.further_targets[kind])}
            for kind in FurtherTarget
            if kind in terms.further_targets
        ),
        {"label": _("Out of hours"), "value": _out_of_hours(terms)},
        {"label": _("Priority line"), "value": terms.get_phone_line_display()},
        {"label": _("Status reports"), "value": terms.get_status_reports_display()},
    ]
    return PromiseCard(
        terms.severity,
        [fact for fact in facts if fact["value"]],
        [(kind, text) for kind, text in meanings if text],
    )


def _answer(terms: ProgrammeSeverity) -> str:
    if terms.response_minutes is None:
        return _("no time promised")
    return _length(terms.response_minutes, terms.response_unit)


def _length(minutes: int, unit: str) -> str:
    length = {"length": length_text(timedelta(minutes=minutes))}
    if unit == TargetUnit.WORKING:
        return _("%(length)s of working time") % length
    return _("%(length)s around the clock") % length


def _out_of_hours(terms: ProgrammeSeverity) -> str:
    if terms.response_minutes is None:
        return ""
    if terms.call_required_out_of_hours:
        return _("please ring: the time starts with your call, or when the office opens")
    return _("no call needed")


def _with_predecessors(
    versions: list[CertificateVersion], most: int | None
) -> list[tuple[CertificateVersion, int | None]]:
    """Return the latest versions, each with the number of the one before it."""
    before = [version.number for version in versions[1:]]
    return list(zip(versions, [*before, None], strict=True))[:most]
