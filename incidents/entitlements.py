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
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.terms import OpenIncidentReports, PatchEffort, PhoneLine, StatusReports
from incidents.states import SEVERITY_LABELS


class Offer(StrEnum):
    """What can be asked for; in the order in which people read it."""

    FILING = "filing"
    PHONE_LINE = "phone_line"
    TAM = "tam"
    TAM_CHANNEL = "tam_channel"
    ESCALATION = "escalation"
    STATUS_REPORTS = "status_reports"
    SIGNATURE_REQUESTS = "signature_requests"
    PUBLIC_PATCHES = "public_patches"
    PRIVATE_PATCHES = "private_patches"
    REGULAR_REPORTS = "regular_reports"
    REPORTS_ON_DEMAND = "reports_on_demand"
    TAILORED_REPORTS = "tailored_reports"
    QUARTERLY_REPORTS = "quarterly_reports"
    HEALTH_CHECK = "health_check"


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

_LABELS: Final[Mapping[Offer, LazyText]] = MappingProxyType(
    {
        Offer.FILING: lazy("Incidents"),
        Offer.PHONE_LINE: lazy("Priority line"),
        Offer.TAM: lazy("Technical account manager"),
        Offer.TAM_CHANNEL: lazy("Requests through the technical account manager"),
        Offer.ESCALATION: lazy("Escalation"),
        Offer.STATUS_REPORTS: lazy("Status reports"),
        Offer.SIGNATURE_REQUESTS: lazy("Signature requests"),
        Offer.PUBLIC_PATCHES: lazy("Public patches"),
        Offer.PRIVATE_PATCHES: lazy("Private patches"),
        Offer.REGULAR_REPORTS: lazy("Regular reports of open incidents"),
        Offer.REPORTS_ON_DEMAND: lazy("Reports of open incidents on demand"),
        Offer.TAILORED_REPORTS: lazy("Reports made to measure"),
        Offer.QUARTERLY_REPORTS: lazy("Quarterly reports"),
        Offer.HEALTH_CHECK: lazy("Yearly health check"),
    }
)

_MEANS: Final[Mapping[Offer, LazyText]] = MappingProxyType(
    {
        Offer.TAM: lazy("One person of ours knows your installation and sees to your incidents."),
        Offer.TAM_CHANNEL: lazy(
            "You may also hand a request to your technical account manager, by phone, by e-mail or "
            "in person; it counts like a call."
        ),
        Offer.PUBLIC_PATCHES: lazy(
            "You may ask for a correction that we then deliver to all customers."
        ),
        Offer.REGULAR_REPORTS: lazy("A list of your open incidents, sent regularly."),
        Offer.REPORTS_ON_DEMAND: lazy("A list of your open incidents at once, whenever you ask."),
        Offer.TAILORED_REPORTS: lazy(
            "You choose recipients, language, columns and filters of the reports."
        ),
        Offer.QUARTERLY_REPORTS: lazy(
            "Every three months: figures, compliance with our promises, and what your technical "
            "account manager makes of them."
        ),
        Offer.HEALTH_CHECK: lazy(
            "Once in a contract year we look at your settings for a working day, remotely, and "
            "recommend what to change."
        ),
    }
)

# Why there is none, and the way that is open instead.
_WITHOUT: Final[Mapping[Offer, tuple[LazyText, LazyText]]] = MappingProxyType(
    {
        Offer.FILING: (
            lazy("This programme includes no incidents."),
            lazy("Ask your technical account manager for a programme that does."),
        ),
        Offer.PHONE_LINE: (
            lazy("This programme has no priority line."),
            lazy("File in the portal: it is always open."),
        ),
        Offer.TAM: (
            lazy("This programme names nobody who looks after you in particular."),
            lazy("Whoever of our office is at work sees to your incidents."),
        ),
        Offer.TAM_CHANNEL: (
            lazy("In this programme requests do not go through the technical account manager."),
            lazy("File in the portal, so that the time to answer starts at once."),
        ),
        Offer.ESCALATION: (
            lazy("This programme has no levels of escalation."),
            lazy("Write in the incident what is wrong with our answer."),
        ),
        Offer.STATUS_REPORTS: (
            lazy("This programme promises no reports while an incident is open."),
            lazy("The page of the incident always shows how it stands."),
        ),
        Offer.SIGNATURE_REQUESTS: (
            lazy("This programme includes no updates of signatures on request."),
            lazy("File what was missed or wrongly found as a malware incident."),
        ),
        Offer.PUBLIC_PATCHES: (
            lazy("This programme includes no patches on request."),
            lazy("Corrections reach you with our ordinary updates."),
        ),
        Offer.PRIVATE_PATCHES: (
            lazy("This programme includes no patches made for you alone."),
            lazy("Corrections reach you with the patches for all customers."),
        ),
        Offer.REGULAR_REPORTS: (
            lazy("This programme includes no regular reports of open incidents."),
            lazy("The home page lists your open incidents at any time."),
        ),
        Offer.REPORTS_ON_DEMAND: (
            lazy("This programme includes no reports on demand."),
            lazy("The home page lists your open incidents at any time."),
        ),
        Offer.TAILORED_REPORTS: (
            lazy("In this programme the form of reports is ours."),
            lazy("Ask your technical account manager for what you miss in them."),
        ),
        Offer.QUARTERLY_REPORTS: (
            lazy("This programme includes no quarterly reports."),
            lazy("Each incident shows by itself how its promises were kept."),
        ),
        Offer.HEALTH_CHECK: (
            lazy("This programme includes no health check."),
            lazy("Ask your technical account manager for a programme that does."),
        ),
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
    label = str(_LABELS[offer])
    if not _is_included(offer, terms, quota):
        reason, instead = _WITHOUT[offer]
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
    return str(_MEANS[offer])


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
    return "; ".join(parts) + "."


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
