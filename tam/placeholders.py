"""Placeholders of reply templates: `{contact}` and the like, each a fact of an incident.

Whatever stands in braces on one line, up to 60 characters, is one. An unknown one is an error, and
so is a known one for which an incident has nothing: neither is ever printed. A brace itself is
written twice: `{{` and `}}`; a known placeholder in doubled braces is an error too. Other braces
are text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.errors import Refused
from accounts.models import Office, User
from incidents.models import Incident
from incidents.notifications.rows import instants
from incidents.states import SEVERITY_LABELS

# The example's: a contact who lives by another clock than the office.
_EXAMPLE_OFFICE: Final = "Europe/Paris"
_EXAMPLE_CONTACT: Final = "Asia/Shanghai"
_EXAMPLE_DUE_IN: Final = timedelta(hours=4)
# Doubled braces with what they hold, such a brace by itself, or a placeholder.
_BRACES: Final = re.compile(
    r"\{\{(?P<doubled>[^{}\n]{1,60})\}\}?|\{\{|\}\}|\{(?P<name>[^{}\n]{1,60})\}"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a text is filled in from: an incident, who writes, and when the next answer is due."""

    incident: Incident
    me: User
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One fact: what it is called in the list of all, where it comes from, and an example of it."""

    label: str | LazyText
    fact: Callable[[Subject], str]
    example: str | LazyText


def unknown_in(text: str) -> list[str]:
    """Return the placeholders of a text that there are not, as they are written, each once."""
    return list(dict.fromkeys(found[0] for found in _BRACES.finditer(text) if _is_unknown(found)))


def fill(text: str, subject: Subject, language: str) -> str:
    """Return the text about an incident, instants in the contact's time zone and the office's.

    Raises `Refused` for a placeholder that is unknown, or that the incident has nothing for.
    """
    refuse_unknown(text)
    zone = ZoneInfo(subject.incident.author.timezone)
    names = dict.fromkeys(found["name"] for found in _BRACES.finditer(text) if found["name"])
    with translation.override(language), timezone.override(zone):
        facts = {name: PLACEHOLDERS[name].fact(subject) for name in names}
    missing = [f"{{{name}}}" for name, fact in facts.items() if not fact]
    if missing:
        raise Refused(
            _("This incident has nothing to put for %(names)s.") % {"names": ", ".join(missing)}
        )
    return _put(facts, text)


def fill_with_examples(text: str, language: str, *, at: datetime) -> str:
    """Return the text about an incident that there is not. Raises `Refused` as `fill` does."""
    refuse_unknown(text)
    office = Office(timezone=_EXAMPLE_OFFICE)
    with translation.override(language), timezone.override(ZoneInfo(_EXAMPLE_CONTACT)):
        facts = {name: str(placeholder.example) for name, placeholder in PLACEHOLDERS.items()}
        facts["due"] = "; ".join(instants(at + _EXAMPLE_DUE_IN, office))
    return _put(facts, text)


def refuse_unknown(text: str) -> None:
    if unknown := unknown_in(text):
        raise Refused(
            _("There is no placeholder %(names)s. Those there are stand in the list.")
            % {"names": ", ".join(unknown)}
        )


def _is_unknown(found: re.Match[str]) -> bool:
    if found["name"]:
        return found["name"] not in PLACEHOLDERS
    if found["doubled"]:
        return found["doubled"].strip().lower() in PLACEHOLDERS or not found[0].endswith("}}")
    return False


def _put(facts: Mapping[str, str], text: str) -> str:
    """Return a text without unknown placeholders with its facts, and doubled braces made single."""

    def printed(found: re.Match[str]) -> str:
        if found["name"]:
            return facts[found["name"]]
        return f"{{{found['doubled']}}}" if found["doubled"] else found[0][0]

    return _BRACES.sub(printed, text)


def _due(subject: Subject) -> str:
    if subject.due_at is None:
        return ""
    return "; ".join(instants(subject.due_at, subject.incident.certificate.office))


def _product(subject: Subject) -> str:
    incident = subject.incident
    return f"{incident.product or ''} {incident.product_version}".strip()


def _phone(subject: Subject) -> str:
    office = subject.incident.certificate.office
    return office.msa_phone or office.phone


PLACEHOLDERS: Final[Mapping[str, Placeholder]] = MappingProxyType(
    {
        "contact": Placeholder(
            lazy("the contact's name"), lambda s: s.incident.author.name, "Alice Martin"
        ),
        "customer": Placeholder(
            lazy("the customer's name"), lambda s: s.incident.customer.name, "Acme"
        ),
        "reference": Placeholder(
            lazy("the incident's reference"), lambda s: s.incident.reference, "INC-2026-000123"
        ),
        "title": Placeholder(
            lazy("the incident's title"), lambda s: s.incident.title, lazy("Scans stop half-way")
        ),
        "severity": Placeholder(
            lazy("the severity, in a word"),
            lambda s: str(SEVERITY_LABELS[s.incident.severity]),
            SEVERITY_LABELS[2],
        ),
        "product": Placeholder(lazy("product and version"), _product, "Endpoint 12.4"),
        "due": Placeholder(lazy("when the next answer is due"), _due, ""),
        "certificate": Placeholder(
            lazy("the certificate's number"), lambda s: s.incident.certificate.number, "MSA-1"
        ),
        "tam": Placeholder(
            lazy("the technical account manager"),
            lambda s: s.incident.certificate.tam.name,
            "Tom Peeters",
        ),
        "office": Placeholder(
            lazy("the office"), lambda s: s.incident.certificate.office.name, "Paris"
        ),
        "phone": Placeholder(lazy("the office's priority line"), _phone, "+33 1 99 00 41 10"),
        "vendor": Placeholder(
            lazy("our company's name"), lambda _s: settings.VENDOR_NAME, settings.VENDOR_NAME
        ),
        "me": Placeholder(lazy("your own name"), lambda s: s.me.name, "Tom Peeters"),
    }
)
