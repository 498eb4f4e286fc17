"""The facts that a letter lists, each in words; called in the reader's language and time zone.

A row that does not apply to an event is None.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Office
from incidents.actions.answering import REOPEN_WITHIN
from incidents.notifications.events import Event, severity_text
from incidents.states import Channel


class Row(NamedTuple):
    label: str
    lines: Sequence[str]


RowOf: TypeAlias = Callable[[Event], Row | None]


def filed_by(event: Event) -> Row | None:
    """Name the person of the staff who filed for a contact, and how that was asked for."""
    actor, incident = event.entry.actor, event.incident
    if actor is None or actor == incident.author:
        return None
    return Row(_("Filed for you by"), [f"{actor.name} · {Channel(incident.channel).label}"])


def severity(event: Event) -> Row:
    """Name the severity, and which it was before if the event changed it."""
    data = event.entry.data
    if event.kind == "severity_changed":
        changed = data["from"], data["to"]
    elif event.lowers_severity:
        changed = 1, 2
    else:
        return Row(_("Severity"), [severity_text(data.get("severity", event.incident.severity))])
    return Row(_("Severity"), [" → ".join(map(severity_text, changed))])


def lowered_severity(event: Event) -> Row | None:
    """Name the severity where the event has changed it by being a workaround."""
    return severity(event) if event.lowers_severity else None


def answer_due(event: Event) -> Row | None:
    """Say until when the vendor has promised a first answer, while that is still open."""
    due_at = event.response.get("due_at")
    if due_at:
        return Row(
            _("Answer at the latest"), instants(datetime.fromisoformat(due_at), _office(event))
        )
    clock = event.clock
    if clock is None or not clock.can_move:
        return None
    return Row(_("Answer at the latest"), instants(clock.due_at, _office(event)))


def answer_was_due(event: Event) -> Row:
    due_at = datetime.fromisoformat(event.entry.data["due_at"])
    return Row(_("Answer was due"), instants(due_at, _office(event)))


def was_due(event: Event) -> Row:
    """Say when what another clock promised was due."""
    due_at = datetime.fromisoformat(event.entry.data["due_at"])
    return Row(event.promise, instants(due_at, _office(event)))


def due_moved(event: Event) -> Row:
    before, after = (
        instants(datetime.fromisoformat(event.entry.data[key]["due_at"]), _office(event))
        for key in ("from", "to")
    )
    label = _("Answer at the latest") if event.is_of_response else event.promise
    return Row(label, [*after, _("Until now it was:"), *before])


def call_required(event: Event) -> Row | None:
    """Ask the customer to ring where the clock waits for that, with the number (SPEC 7.4)."""
    if not event.response.get("waits_for_call"):
        return None
    office = _office(event)
    explained = _(
        "At this severity we ask for a call outside our working hours. Our time starts with it, or "
        "when the office opens, whichever comes first:"
    )
    number = office.msa_phone or office.phone
    return Row(_("Please ring us"), [*filter(None, [number]), explained, *_start(event)])


def waits_for_call(event: Event) -> Row | None:
    if not event.response.get("waits_for_call"):
        return None
    return Row(_("Clock waits for a call"), [_("It starts with it, or at:"), *_start(event)])


def phone(event: Event) -> Row | None:
    office = _office(event)
    number = office.msa_phone or office.phone
    return Row(_("You can also ring us"), [number]) if number else None


def answer_by(event: Event) -> Row | None:
    """Say when the incident closes by itself without a reply of the customer's (SPEC 8)."""
    data = event.entry.data
    if "until" in data:
        until = datetime.fromisoformat(data["until"])
    elif "days" in data:
        until = event.entry.at + timedelta(days=data["days"])
    else:
        return None
    return Row(_("Please answer by"), instants(until, _office(event)))


def reopen_until(event: Event) -> Row:
    until = event.entry.at + REOPEN_WITHIN
    return Row(_("Can be reopened until"), instants(until, _office(event)))


def customer(event: Event) -> Row:
    certificate = event.incident.certificate.number
    return Row(_("Customer"), [f"{event.incident.customer.name} · {certificate}"])


def contact(event: Event) -> Row:
    author = event.incident.author
    return Row(_("Contact"), [author.name, *filter(None, [author.phone, author.mobile])])


def subject_matter(event: Event) -> Row:
    incident = event.incident
    product = " ".join(filter(None, [str(incident.product or ""), incident.product_version]))
    return Row(_("About"), [str(incident.category), *filter(None, [product])])


def instants(at: datetime, office: Office) -> list[str]:
    """Write an instant in the reader's time zone, and in the office's where that is another."""
    zone = str(timezone.get_current_timezone())
    if zone == office.timezone:
        return [_in_zone(at, zone)]
    return [
        _("%(instant)s, your time") % {"instant": _in_zone(at, zone)},
        _("%(instant)s, at our office") % {"instant": _in_zone(at, office.timezone)},
    ]


def _in_zone(at: datetime, zone: str) -> str:
    local = timezone.localtime(at, ZoneInfo(zone))
    hours = date_format(local, "H:i", use_l10n=False)
    return f"{hours} · {date_format(local, 'DATE_FORMAT')} ({zone})"


def _start(event: Event) -> list[str]:
    started_at = datetime.fromisoformat(event.response["started_at"])
    return instants(started_at, _office(event))


def _office(event: Event) -> Office:
    return event.incident.certificate.office
