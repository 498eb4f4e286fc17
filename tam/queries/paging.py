"""Whom an event pages, and which pages wait for whom (SPEC 7.4, 10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db.models import Q, QuerySet

from accounts.models import Certificate, Role, User
from incidents.models import Incident, JournalEntry
from incidents.states import State
from tam.models import Page
from tam.responsible import StandIn, on_duty, responsible_for, team_heads

# Severities that wake somebody; the others wait for the office (SPEC 7.4).
PAGED_SEVERITIES: Final = frozenset({1, 2})

# The events that may page, by the kind of their journal entry.
CAUSES: Final[Mapping[str, Page.Cause]] = MappingProxyType(
    {
        "filed": Page.Cause.FILED,
        "severity_changed": Page.Cause.RAISED,
        "clock_breached": Page.Cause.BREACHED,
        "escalated": Page.Cause.ESCALATED,
        "reopened": Page.Cause.REOPENED,
    }
)


@dataclass(frozen=True, slots=True)
class Paged:
    """Why somebody is paged, and who. Nobody, where who is on duty did it themselves."""

    cause: Page.Cause
    people: tuple[User, ...]


def paged_by(entry: JournalEntry) -> Paged | None:
    """Return whom an event of an incident pages, or None.

    It follows from the event and the roster alone, so that the page and the ordinary mail agree on
    who gets which.
    """
    cause = CAUSES.get(entry.kind)
    if cause is None or not _cannot_wait(entry):
        return None
    certificate = entry.incident.certificate
    if _account_manager(certificate, entry.recorded_at):
        return None
    people = on_call(certificate, entry.recorded_at)
    taken_up = entry.actor_id in {person.pk for person in people}
    return Paged(cause, () if taken_up else tuple(people))


def on_call(certificate: Certificate, at: datetime) -> list[User]:
    """Return who can be paged at an instant: on duty, else the heads of the team."""
    return on_duty(certificate.office, at) or _active(team_heads(certificate.office))


def paged_again(certificate: Certificate, at: datetime) -> list[User]:
    """Return whom a page reaches that nobody has acknowledged: whoever is in charge, and the heads.

    By then the office may have opened, or another shift begun.
    """
    manager = _account_manager(certificate, at)
    in_charge = [manager] if manager else on_duty(certificate.office, at)
    return list(dict.fromkeys([*in_charge, *_active(team_heads(certificate.office))]))


def open_for(user: User) -> QuerySet[Page]:
    """Return which of a person's pages nobody has acknowledged."""
    return open_pages(Page.objects.filter(person=user))


def open_pages(pages: QuerySet[Page]) -> QuerySet[Page]:
    """Leave those that are acknowledged, and those whose incident is closed."""
    return pages.filter(acknowledged_at=None).exclude(incident__state=State.CLOSED)


def visible_to(user: User) -> QuerySet[Page]:
    """Return a person's own pages; heads see their office's, administrators all."""
    if user.role == Role.ADMINISTRATOR:
        return Page.objects.all()
    seen = Q(person=user)
    if user.role == Role.TEAM_HEAD:
        seen |= Q(incident__certificate__office=user.office_id)
    return Page.objects.filter(seen)


def people_paged(incident: Incident) -> QuerySet[User]:
    """Return everybody who was ever paged for an incident: any of them acknowledges."""
    return User.objects.filter(pages__incident=incident).distinct()


def _cannot_wait(entry: JournalEntry) -> bool:
    """Whether it is severe enough, and is not told with another event of the same act."""
    data = entry.data
    match entry.kind:
        case "filed":
            return data["severity"] in PAGED_SEVERITIES or _waits_for_call(entry)
        case "severity_changed":
            return data["to"] < data["from"] and data["to"] in PAGED_SEVERITIES
        case "escalated" if data["cause"] == "breach":
            return False
    return _severity_then(entry) in PAGED_SEVERITIES


def _severity_then(entry: JournalEntry) -> int:
    """Return the incident's severity when the entry was written, whatever it became later."""
    severity: int = entry.incident.severity
    later = JournalEntry.objects.filter(
        incident=entry.incident_id, number__gt=entry.number, kind="severity_changed"
    )
    changed = later.order_by("number").values_list("data", flat=True).first()
    return int(changed["from"]) if changed else severity


def _waits_for_call(entry: JournalEntry) -> bool:
    """Whether the programme asks for a call out of hours, and none has come (SPEC 7.4)."""
    return JournalEntry.objects.filter(
        incident=entry.incident_id,
        number=entry.number + 1,
        kind="clock_started",
        data__waits_for_call=True,
    ).exists()


def _account_manager(certificate: Certificate, at: datetime) -> User | None:
    """Return the TAM or the deputy, whoever is there; None while a duty manager stands in."""
    found = responsible_for(certificate, at)
    if found.standing_in == StandIn.CLOSED:
        return None
    return found.person if found.person in {certificate.tam, certificate.deputy} else None


def _active(people: list[User]) -> list[User]:
    return [person for person in people if person.is_active]
