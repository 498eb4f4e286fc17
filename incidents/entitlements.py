"""What an agreement offers: each thing one may ask for, whether it is included, and why not.

Pure: from what the programme says, the days of the certificate and what is left of its quota
(SPEC 2, 3, 11, 14 to 17). The texts are in the active language.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.terms import OpenIncidentReports, PatchEffort, PhoneLine, StatusReports
from incidents.offers import LABELS, MEANS, WITHOUT, Offer
from incidents.states import SEVERITY_LABELS


class Standing(StrEnum):
    """Where a certificate stands in its life."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a programme says of what can be asked for; words and services as `accounts.terms`."""

    services: Mapping[str, Any]
    phone_line: Mapping[int, str]
    status_reports: Mapping[int, str]
    escalation_levels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Validity:
    """The days of a certificate, both inclusive, and today's date in its office."""

    number: str
    first_day: date
    last_day: date
    is_revoked: bool
    today: date

    @property
    def standing(self) -> Standing:
        if self.is_revoked:
            return Standing.REVOKED
        if self.today < self.first_day:
            return Standing.TO_COME
        if self.today > self.last_day:
            return Standing.ENDED
        return Standing.IN_FORCE

    @property
    def refusal(self) -> str:
        """Why nothing new can be asked for; empty while the certificate is in force."""
        match self.standing:
            case Standing.REVOKED:
                return _("Certificate %(number)s was revoked.") % {"number": self.number}
            case Standing.TO_COME:
                return _("Certificate %(number)s is not valid before %(date)s.") % {
                    "number": self.number,
                    "date": date_format(self.first_day, "DATE_FORMAT"),
                }
            case Standing.ENDED:
                return _("Certificate %(number)s ended on %(date)s.") % {
                    "number": self.number,
                    "date": date_format(self.last_day, "DATE_FORMAT"),
                }
        return ""


@dataclass(frozen=True, slots=True)
class Quota:
    """The incidents of a contract year, both its days inclusive; `limit` None: any number."""

    limit: int | None
    used: int
    first_day: date
    last_day: date

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What holds of one offer.

    `included`: the programme has it. `why`: what that means, or why there is none. `refusal`: why
    it cannot be asked for now although it is included, empty if it can. `what_to_do`: the way
    that is open, empty where there is nothing to do.
    """

    offer: Offer
    label: str
    included: bool
    why: str
    refusal: str = ""
    what_to_do: str = ""

    @property
    def is_offered(self) -> bool:
        return self.included and not self.refusal


# What goes on, after the end, for incidents that are still open (SPEC 3).
_GOES_ON: Final = frozenset(
    {
        Offer.PHONE_LINE,
        Offer.TAM,
        Offer.ESCALATION,
        Offer.STATUS_REPORTS,
        Offer.SIGNATURE_REQUESTS,
        Offer.PUBLIC_PATCHES,
        Offer.PRIVATE_PATCHES,
        Offer.REGULAR_REPORTS,
        Offer.REPORTS_ON_DEMAND,
        Offer.TAILORED_REPORTS,
    }
)

_REPORTS: Final[Mapping[Offer, OpenIncidentReports]] = MappingProxyType(
    {
        Offer.REGULAR_REPORTS: OpenIncidentReports.REGULAR,
        Offer.REPORTS_ON_DEMAND: OpenIncidentReports.ON_DEMAND,
        Offer.TAILORED_REPORTS: OpenIncidentReports.TAILORED,
    }
)


def entitlements(terms: Terms, validity: Validity, quota: Quota) -> dict[Offer, Entitlement]:
    """Return what holds of every offer, included or not."""
    return {offer: _entitlement(offer, terms, validity, quota) for offer in Offer}


def filing_refusal(validity: Validity, left: int | None) -> str:
    """Return why nothing can be filed, empty if it can; `left` None: no quota (SPEC 3)."""
    if validity.refusal or left != 0:
        return validity.refusal
    return _("Certificate %(number)s has no incident left in this contract year.") % {
        "number": validity.number
    }


def by_severity(values: Mapping[int, str]) -> dict[str, list[str]]:
    """Return the names of the severities that share a value, the most severe first."""
    shared: dict[str, list[str]] = {}
    for severity in sorted(values):
        shared.setdefault(values[severity], []).append(str(SEVERITY_LABELS[severity]))
    return shared


def _entitlement(offer: Offer, terms: Terms, validity: Validity, quota: Quota) -> Entitlement:
    label = str(LABELS[offer])
    if not _is_included(offer, terms, quota):
        reason, instead = WITHOUT[offer]
        return Entitlement(offer, label, included=False, why=str(reason), what_to_do=str(instead))
    refusal, what_to_do = _now(offer, validity, quota)
    return Entitlement(
        offer,
        label,
        included=True,
        why=_why(offer, terms, quota),
        refusal=refusal,
        what_to_do=what_to_do,
    )


def _is_included(offer: Offer, terms: Terms, quota: Quota) -> bool:
    match offer:
        case Offer.FILING:
            return quota.limit != 0
        case Offer.PHONE_LINE:
            return any(line != PhoneLine.NONE for line in terms.phone_line.values())
        case Offer.STATUS_REPORTS:
            return any(rule != StatusReports.NONE for rule in terms.status_reports.values())
        case Offer.ESCALATION:
            return bool(terms.escalation_levels)
        case Offer.REGULAR_REPORTS | Offer.REPORTS_ON_DEMAND | Offer.TAILORED_REPORTS:
            return _REPORTS[offer] in terms.services["open_incident_reports"]
    return bool(terms.services[offer])


def _now(offer: Offer, validity: Validity, quota: Quota) -> tuple[str, str]:
    """Return why something included cannot be asked for now, and what to do about it."""
    match validity.standing:
        case Standing.ENDED | Standing.REVOKED if offer in _GOES_ON:
            return "", _("Only for incidents that are still open.")
        case Standing.ENDED | Standing.REVOKED:
            return validity.refusal, _("For a renewal, speak to your technical account manager.")
        case Standing.TO_COME:
            return validity.refusal, ""
    if offer is Offer.FILING and quota.left == 0:
        return filing_refusal(validity, quota.left), _more_incidents(validity, quota)
    return "", ""


def _more_incidents(validity: Validity, quota: Quota) -> str:
    if quota.last_day >= validity.last_day:
        return _("For a renewal, speak to your technical account manager.")
    begins = quota.last_day + timedelta(days=1)
    return _("The next contract year begins on %(date)s.") % {
        "date": date_format(begins, "DATE_FORMAT")
    }


def _why(offer: Offer, terms: Terms, quota: Quota) -> str:
    match offer:
        case Offer.FILING:
            return _filing_means(quota)
        case Offer.PHONE_LINE:
            return _each(terms.phone_line, PhoneLine.NONE, dict(PhoneLine.choices))
        case Offer.STATUS_REPORTS:
            return _each(terms.status_reports, StatusReports.NONE, dict(StatusReports.choices))
        case Offer.ESCALATION:
            levels = len(terms.escalation_levels)
            return ngettext(
                "While the next move is ours you may take an incident to %(count)d level above.",
                "While the next move is ours you may take an incident up %(count)d levels.",
                levels,
            ) % {"count": levels}
        case Offer.SIGNATURE_REQUESTS:
            return " ".join(_signature_requests_mean(terms.services))
        case Offer.PRIVATE_PATCHES:
            return _private_patches_mean(terms.services["private_patches"])
    return str(MEANS[offer])


def _filing_means(quota: Quota) -> str:
    if quota.limit is None:
        return _("You file any number of incidents.")
    return ngettext(
        "You file %(count)d incident in a contract year.",
        "You file %(count)d incidents in a contract year.",
        quota.limit,
    ) % {"count": quota.limit}


def _each(values: Mapping[int, str], none: str, words: Mapping[str, Any]) -> str:
    """Return what holds at which severities, those that have nothing left out."""
    shared = by_severity({key: value for key, value in values.items() if value != none})
    return _joined(
        _("%(severities)s: %(text)s") % {"severities": ", ".join(names), "text": words[value]}
        for value, names in shared.items()
    )


def _joined(parts: Iterable[str]) -> str:
    return _("%(text)s.") % {"text": "; ".join(parts)}


def _signature_requests_mean(services: Mapping[str, Any]) -> Iterable[str]:
    yield _("We correct the databases when they miss malware or raise a false alarm.")
    if services["lab_around_the_clock"]:
        yield _("Our lab works around the clock.")
    if services["latest_databases_required"]:
        yield _("Your products must use the latest databases.")


def _private_patches_mean(effort: str) -> str:
    if effort == PatchEffort.ALL_NECESSARY:
        return _("We take all necessary measures to make a patch for you alone.")
    return _("We make a reasonable effort to make a patch for you alone.")
