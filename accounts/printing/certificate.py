"""A version of a certificate as a PDF, in each language (SPEC 3).

Made from what the version has printed, its number, instant and code alone: whatever became of
customer, programme, office and people since, it can be made again.
"""

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import CertificateVersion
from accounts.printing import press, words
from accounts.terms import TargetUnit

SOURCE = Path(__file__).with_name("certificate.typ")
CODE_GROUP = 4  # characters: as many as are read at a glance


def pdf_of(version: CertificateVersion, language: str) -> bytes:
    """Return the PDF of a version; the same bytes whenever it is made."""
    return press.pdf(SOURCE, _content(version, language), version.issued_at)


def pages_of(version: CertificateVersion, language: str) -> list[bytes]:
    """Return the same as pictures, one PNG a page."""
    return press.pages(SOURCE, _content(version, language), version.issued_at)


def grouped(code: str) -> str:
    """Return a verification code as it is printed: AB12-CD34-EF56."""
    starts = range(0, len(code), CODE_GROUP)
    return "-".join(code[start : start + CODE_GROUP] for start in starts)


def _content(version: CertificateVersion, language: str) -> dict[str, Any]:
    with translation.override(language):
        printed = version.printed
        return {
            "language": language,
            "vendor": settings.VENDOR_NAME,
            "title": _("Maintenance service agreement"),
            "customer": printed["customer"],
            "programme": words.programme_text(printed),
            "boxes": _boxes(version),
            "contacts": _contacts(printed),
            "agreement": _agreement(printed),
            "terms": _terms(printed["promises"]) if "promises" in printed else None,
            "verification": _verification(version),
        }


def _boxes(version: CertificateVersion) -> list[dict[str, str]]:
    printed = version.printed
    issued = version.issued_at.astimezone(ZoneInfo(printed.get("timezone", str(UTC))))
    issued_on = {"date": date_format(issued, "DATE_FORMAT")}
    return [
        {
            "label": _("Certificate"),
            "text": printed["number"],
            "note": _("version %(number)d") % {"number": version.number},
        },
        {
            "label": pgettext("validity", "From"),
            "text": words.date_text(printed["valid_from"]),
            "note": _("issued on %(date)s") % issued_on,
        },
        {
            "label": pgettext("validity", "Until and including"),
            "text": words.date_text(printed["valid_until"]),
            "note": "",
        },
    ]


def _contacts(printed: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [str(contact["slot"]), contact["name"], contact["email"], contact["phone"]]
        for contact in printed["contacts"]
    ]
    return {
        "title": _("Who may ask"),
        "columns": [_("Slot"), pgettext("person", "Name"), _("E-mail"), _("Phone")],
        "widths": [0, 1, 1, 0],
        "rows": [[_cell(text) for text in row] for row in rows],
        "empty": _("Nobody is named yet."),
    }


def _agreement(printed: Mapping[str, Any]) -> list[dict[str, Any]]:
    products = [["", product] for product in printed["products"]]
    return [
        {"title": _("In charge"), "rows": _people(printed)},
        {"title": _("Working hours"), "rows": _hours(printed)},
        {"title": _("Products covered"), "rows": products or [["", capfirst(_("none"))]]},
    ]


def _people(printed: Mapping[str, Any]) -> list[list[str]]:
    promises = printed.get("promises")
    rows = [
        [_("Technical account manager"), printed["tam"]],
        [_("Deputy"), printed["deputy"]],
        [_("Office"), printed["office"]],
    ]
    if promises and promises["services"]["tam"]:
        rows.append([_("Hours of the TAM"), capfirst(words.tam_hours_text(printed))])
    return [row for row in rows if row[1]]


def _hours(printed: Mapping[str, Any]) -> list[list[str]]:
    rows = [[_("Hours"), capfirst(words.hours_text(printed))]]
    if "timezone" in printed:
        rows.append([_("Time zone"), printed["timezone"]])
    return [*rows, [_("Closed days"), capfirst(_("the office's"))]]


def _terms(promises: Mapping[str, Any]) -> dict[str, Any]:
    limits = words.limit_facts(promises).values()
    return {
        "promises": _promises(promises),
        "services": {
            "title": _("Services included"),
            "items": words.included(promises["services"]) or [capfirst(_("none"))],
        },
        "limits": {
            "title": _("Limits"),
            "rows": [[label, capfirst(text)] for label, text in limits if text],
        },
        "notes": _notes(promises),
    }


def _promises(promises: Mapping[str, Any]) -> dict[str, Any]:
    rows = [_promise(severity, terms) for severity, terms in sorted(promises["severity"].items())]
    return {
        "title": _("What we promise"),
        "columns": [_("Severity"), _("First response"), _("Priority line"), _("Status reports")],
        "widths": [0, 1.3, 1, 1],
        "rows": rows,
        "empty": "",
    }


def _promise(severity: str, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row: what is promised at one severity, further promises under the first."""
    facts = words.severity_facts(terms)
    response = terms["response"]
    first = _cell(facts["response"].text)
    if response != "none":
        first = _cell(
            words.length_text(response["minutes"]), str(TargetUnit(response["unit"]).label)
        )
    if terms["call_required_out_of_hours"]:
        first["notes"].append(_("out of hours: from your call on"))
    for key in terms["further_targets"]:
        label, text = facts[f"further_targets.{key}"]
        first["notes"].append(_("%(label)s: %(text)s") % {"label": label, "text": text})
    return [
        _cell(words.severity_text(severity)),
        first,
        _cell(capfirst(facts["phone_line"].text)),
        _cell(capfirst(facts["status_reports"].text)),
    ]


def _cell(text: str, *notes: str) -> dict[str, Any]:
    return {"text": text, "notes": list(notes)}


def _notes(promises: Mapping[str, Any]) -> list[str]:
    """Return the small print: what is asked of the customer, and what is no incident."""
    notes = [_("What is not named here is not included.")]
    if promises["services"]["latest_databases_required"]:
        notes.append(_("The latest databases must be installed before an incident is filed."))
    if exclusions := words.exclusions_text(promises):
        notes.append(_("Out of scope: %(reasons)s.") % {"reasons": exclusions})
    return notes


def _verification(version: CertificateVersion) -> dict[str, str]:
    return {
        "title": _("Is this certificate genuine?"),
        "text": _("Anybody can ask at this address, with the code:"),
        "address": settings.BASE_URL + reverse("verify-form"),
        "url": settings.BASE_URL + reverse("verify", args=[version.code]),
        "code": grouped(version.code),
    }
