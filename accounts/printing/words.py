"""What a certificate has printed, in words: from stored data alone, in the active language.

Versions are kept for ever, so these read every form that was ever stored.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.hours import week_text
from accounts.programmes import text_in
from accounts.terms import (
    EscalationRole,
    Exclusion,
    FurtherTarget,
    OpenIncidentReports,
    PatchEffort,
    PhoneLine,
    StatusReports,
    TargetUnit,
)

MINUTES_PER_HOUR = 60
OFFICE = "office"  # stands in a TAM's hours for that day's hours of the office

SEVERITIES = MappingProxyType(
    {"1": lazy("Critical"), "2": lazy("High"), "3": lazy("Medium"), "4": lazy("Low")}
)
SERVICES = MappingProxyType(
    {
        "tam": lazy("Technical account manager"),
        "tam_channel": lazy("Requests through the TAM"),
        "signature_requests": lazy("Signature requests"),
        "lab_around_the_clock": lazy("Lab around the clock"),
        "public_patches": lazy("Public patches"),
        "private_patches": lazy("Private patches"),
        "open_incident_reports": lazy("Reports of open incidents"),
        "quarterly_reports": lazy("Quarterly reports"),
        "health_check": lazy("Yearly health check"),
    }
)


class Fact(NamedTuple):
    """A label and what stands under it."""

    label: str
    text: str


def date_text(day: str) -> str:
    return date_format(date.fromisoformat(day), "DATE_FORMAT")


def length_text(minutes: int) -> str:
    """Return a length in hours and minutes; hours are not made into days."""
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    parts = [
        _("%(count)d h") % {"count": hours} if hours else "",
        _("%(count)d min") % {"count": rest} if rest else "",
    ]
    return " ".join(filter(None, parts))


def hours_text(printed: Mapping[str, Any]) -> str:
    """Return the agreement's own working time, or that it keeps the office's."""
    week = printed["week"]
    return _("the office's") if week is None else week_text(week)


def programme_text(printed: Mapping[str, Any]) -> str:
    """Return the programme's name as it was then, its key where no name was printed."""
    names = printed.get("promises", {}).get("name", {})
    return text_in(names, get_language()) or str(printed["programme"])


def tam_hours_text(printed: Mapping[str, Any]) -> str:
    """Return when the TAM is there; the certificate's own hours come first (SPEC 3)."""
    if printed["week"] is not None:
        return week_text(printed["week"])
    return _tam_hours(printed["promises"]["tam_hours"])


def _tam_hours(hours: Any) -> str:
    if hours == OFFICE:
        return _("the office's")
    days = {day: _("as the office") if kept == OFFICE else kept for day, kept in hours.items()}
    return week_text(days)


def contact_text(contact: Mapping[str, Any]) -> str:
    known = (contact["name"], contact["email"], contact["phone"])
    slot = _("slot %(number)d") % {"number": contact["slot"]}
    return ", ".join([*filter(None, known), slot])


def severity_text(severity: str) -> str:
    return f"{severity} · {SEVERITIES[severity]}"


# What a programme promises.


def promise_facts(promises: Mapping[str, Any]) -> dict[str, Fact]:
    """Return everything that a programme's printed terms promise, by the key of each value."""
    facts = {**limit_facts(promises), "tam_hours": _tam_hours_fact(promises["tam_hours"])}
    for key, service in SERVICES.items():
        facts[f"services.{key}"] = Fact(str(service), _service_text(promises["services"][key]))
    facts["services.latest_databases_required"] = Fact(
        _("Latest databases"),
        _("required") if promises["services"]["latest_databases_required"] else _("not required"),
    )
    facts["services.exclusions"] = Fact(_("Out of scope"), exclusions_text(promises))
    for severity, terms in promises["severity"].items():
        for key, fact in severity_facts(terms).items():
            label = _("Severity %(severity)s: %(value)s") % {
                "severity": severity,
                "value": fact.label,
            }
            facts[f"severity.{severity}.{key}"] = Fact(label, fact.text)
    return facts


def limit_facts(promises: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the limits: how many may ask, how often, and how long we wait."""
    return {
        "contact_limit": Fact(_("Contacts at most"), str(promises["contact_limit"])),
        "incidents_per_year": Fact(
            _("Incidents per contract year"), _incidents_text(promises["incidents_per_year"])
        ),
        "customer_side_months": Fact(
            _("Closed without your reply"), _months_text(promises["customer_side_months"])
        ),
        "escalation_levels": Fact(
            _("Escalation"), _listed(EscalationRole, promises["escalation_levels"], " → ")
        ),
    }


def severity_facts(terms: Mapping[str, Any]) -> dict[str, Fact]:
    """Return what is promised at one severity."""
    facts = {
        "response": Fact(_("First response"), target_text(terms["response"])),
        "call_required_out_of_hours": Fact(
            _("Call out of hours"),
            _("required") if terms["call_required_out_of_hours"] else _("not required"),
        ),
        "phone_line": Fact(_("Priority line"), str(PhoneLine(terms["phone_line"]).label)),
        "status_reports": Fact(
            _("Status reports"), str(StatusReports(terms["status_reports"]).label)
        ),
    }
    for key, target in FurtherTarget.choices:
        promised = terms["further_targets"].get(key, "none")
        facts[f"further_targets.{key}"] = Fact(str(capfirst(str(target))), target_text(promised))
    return facts


def target_text(target: Any) -> str:
    """Return a time promised and how it is counted."""
    if target == "none":
        return _("no time promised")
    facts = {"length": length_text(target["minutes"]), "unit": TargetUnit(target["unit"]).label}
    return _("%(length)s %(unit)s") % facts


def included(services: Mapping[str, Any]) -> list[str]:
    """Return the services that are included, in words."""
    return [
        _with_detail(str(label), services[key]) for key, label in SERVICES.items() if services[key]
    ]


def _with_detail(label: str, value: Any) -> str:
    if value is True:
        return label
    return _("%(label)s: %(text)s") % {"label": label, "text": _service_text(value)}


def exclusions_text(promises: Mapping[str, Any]) -> str:
    return _listed(Exclusion, promises["services"]["exclusions"], "; ")


def _tam_hours_fact(hours: Any) -> Fact:
    return Fact(_("Hours of the TAM"), _tam_hours(hours))


def _service_text(value: Any) -> str:
    match value:
        case bool():
            return _("included") if value else _("not included")
        case str():
            return str(PatchEffort(value).label)
    return _listed(OpenIncidentReports, value, ", ") or _("not included")


def _incidents_text(number: Any) -> str:
    return pgettext("incidents", "unlimited") if number == "unlimited" else str(number)


def _months_text(months: Any) -> str:
    if months == "none":
        return pgettext("closing", "never")
    return ngettext("after %(count)d month", "after %(count)d months", months) % {"count": months}


def _listed(choices: type[TextChoices], values: Iterable[str], between: str) -> str:
    return between.join(str(choices(value).label) for value in values)
