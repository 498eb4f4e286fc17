"""What a programme can say: its words, and one edition's terms as frozen values (SPEC 2).

Real support plans differ in just these ways; nothing about a programme is hard-coded elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

SEVERITIES = (1, 2, 3, 4)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The product's own rules: a source beside the editions, and the document of one that has none.
RULES = "rules"

YEAR_FIRST, YEAR_LAST = 2000, 2100
CONTACTS_MOST = 1000  # a list on a certificate that people still read
INCIDENTS_MOST = 10_000  # a year; more than thirty a day is "unlimited"
CUSTOMER_SIDE_MONTHS_MOST = 24  # what waits longer has been forgotten
MINUTES_MOST = 365 * 24 * 60  # a promise longer than the contract year is none
WARNINGS_MOST = 5  # more would only teach people to ignore them
WINDOWS_MOST = 6  # in a day; hours that people still remember


class TargetUnit(TextChoices):
    ELAPSED = "elapsed", _("around the clock")
    WORKING = "working", _("in working time")


class PhoneLine(TextChoices):
    ALWAYS = "always", _("at any hour")
    OFFICE_HOURS = "office_hours", _("in office hours")
    NONE = "none", _("not included")


class StatusReports(TextChoices):
    BY_AGREEMENT = "by_agreement", _("by agreement, at most once a day")
    DAILY = "daily", _("daily")
    REGULAR = "regular", _("in the regular reports")
    NONE = "none", _("not included")


class PatchEffort(TextChoices):
    REASONABLE = "reasonable", _("reasonable effort")
    ALL_NECESSARY = "all_necessary", _("all necessary measures")


class OpenIncidentReports(TextChoices):
    REGULAR = "regular", _("regular")
    ON_DEMAND = "on_demand", _("on demand")
    TAILORED = "tailored", _("tailored")


class EscalationRole(TextChoices):
    TAM = "tam", _("technical account manager")
    TEAM_HEAD = "team_head", _("head of the support team")
    BUSINESS_MANAGER = "business_manager", _("business manager")


class FurtherTarget(TextChoices):
    NEXT_RESPONSE = "next_response", _("next response")
    UPDATE = "update", _("update")
    WORKAROUND = "workaround", _("workaround")
    RESOLUTION = "resolution", _("resolution")


class Exclusion(TextChoices):
    """The ten reasons for *out of scope*, in the order of SPEC 12."""

    NOT_REPRODUCIBLE = "not_reproducible", _("neither side can reproduce it")
    ACCESS_REFUSED = "access_refused", _("access to reproduce it was not granted")
    CAUSE_OUTSIDE = "cause_outside", _("the cause lies outside the product")
    ALREADY_SOLVED = "already_solved", _("already solved on another copy")
    EARLIER_SOLUTION = "earlier_solution", _("covered by an earlier solution")
    HARDWARE = "hardware", _("the customer's hardware")
    PLATFORM = "platform", _("an unsupported platform")
    THIRD_PARTY = "third_party", _("third-party software")
    INFORMATION_MISSING = "information_missing", _("precise information not provided")
    INSTRUCTIONS_IGNORED = "instructions_ignored", _("instructions not followed")


@dataclass(frozen=True)
class Target:
    minutes: int
    unit: TargetUnit


@dataclass(frozen=True)
class SeverityTerms:
    """What is promised at one severity; no response time where `response` is None."""

    response: Target | None
    call_required_out_of_hours: bool
    phone_line: PhoneLine
    status_reports: StatusReports
    further_targets: Mapping[FurtherTarget, Target]
    meaning_product: Mapping[str, str]
    meaning_malware: Mapping[str, str]


@dataclass(frozen=True)
class Services:
    """What is included besides answers; False and empty: not included."""

    tam: bool
    tam_channel: bool
    signature_requests: bool
    lab_around_the_clock: bool
    latest_databases_required: bool
    public_patches: bool
    private_patches: PatchEffort | Literal[False]
    open_incident_reports: tuple[OpenIncidentReports, ...]
    quarterly_reports: bool
    health_check: bool
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True)
class ProgrammeTerms:
    """One edition as its file states it; the text fields hold a text for each language.

    `incidents_per_year` None: unlimited. `customer_side_months` None: no limit. `tam_hours` None:
    the office's; else windows by weekday, or "office" for that day's hours of the office.
    `provenance` holds for each of VALUE_PATHS `{"stated": True}` or `{"assumed_from": key}`, the
    key that of another edition or "rules" (SPEC 2: what a document does not name is not included).
    `document` is "rules" where no document states the edition; none of its values is stated then.
    """

    key: str
    region: str
    year: int | None
    document: str
    names: Mapping[str, str]
    summaries: Mapping[str, str]
    contact_limit: int
    incidents_per_year: int | None
    customer_side_months: int | None
    warning_percentages: tuple[int, ...]
    escalation_levels: tuple[EscalationRole, ...]
    requirements: Mapping[str, Mapping[str, str]]
    tam_hours: Mapping[str, Any] | None
    services: Services
    severities: Mapping[int, SeverityTerms]
    provenance: Mapping[str, Mapping[str, Any]]


# What is included besides answers, as people call it, in the order in which it is shown.
SERVICE_LABELS = {
    "tam": _("Technical account manager"),
    "tam_channel": _("Requests through the TAM"),
    "signature_requests": _("Signature requests"),
    "lab_around_the_clock": _("Lab around the clock"),
    "latest_databases_required": _("Latest databases required"),
    "public_patches": _("Public patches"),
    "private_patches": _("Private patches"),
    "open_incident_reports": _("Reports of open incidents"),
    "quarterly_reports": _("Quarterly reports"),
    "health_check": _("Yearly health check"),
    "exclusions": _("Reasons for “out of scope”"),
}
SEVERITY_VALUES = (
    "response",
    "call_required_out_of_hours",
    "phone_line",
    "status_reports",
    "further_targets",
    "meaning.product",
    "meaning.malware",
)
VALUE_PATHS = (
    "contact_limit",
    "incidents_per_year",
    "customer_side_months",
    "warning_percentages",
    "escalation_levels",
    "requirements",
    "tam_hours",
    *(f"services.{service.name}" for service in fields(Services)),
    *(f"severity.{severity}.{value}" for severity in SEVERITIES for value in SEVERITY_VALUES),
)


def default_warning_percentages() -> list[int]:
    return [50, 80]


def default_escalation_levels() -> list[str]:
    return ["tam", "team_head", "business_manager"]


def no_services() -> dict[str, Any]:
    return {
        "tam": False,
        "tam_channel": False,
        "signature_requests": False,
        "lab_around_the_clock": False,
        "latest_databases_required": False,
        "public_patches": False,
        "private_patches": False,
        "open_incident_reports": [],
        "quarterly_reports": False,
        "health_check": False,
        "exclusions": [],
    }


def stated_throughout() -> dict[str, Any]:
    return {path: {"stated": True} for path in VALUE_PATHS}
