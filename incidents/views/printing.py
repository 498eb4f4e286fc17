"""An incident in words for paper: what its page tells a contact, in the reader's language."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from accounts.models import User
from incidents.exports.sheet import Item, Sheet, Table
from incidents.models import Clock, ClockKind, Incident
from incidents.states import SEVERITY_LABELS
from incidents.views.timeline import Event, Words, timeline

ITEMS_MOST: Final = 1_000  # of the latest; a PDF of more pages is read by nobody
TEXT_LONGEST: Final = 10_000  # characters of one message: four pages; a longer one is a log


def sheet_of(incident: Incident, reader: User, at: datetime, *, vendor: str) -> Sheet:
    """Return what is printed of an incident: facts, clocks and conversation, and nothing inside.

    Whoever reads, it is what a contact may read; the times are the reader's own.
    """
    clocks = list(incident.clocks.all())
    items = timeline(incident, reader, clocks, inside=False)
    left_out = max(len(items) - ITEMS_MOST, 0)
    return Sheet(
        language=get_language() or "en",
        vendor=vendor,
        title=incident.reference,
        subtitle=incident.title,
        note=_("All times are those of %(zone)s. As of %(instant)s.")
        % {"zone": timezone.get_current_timezone_name(), "instant": _at(at)},
        facts=Table(_("Details"), rows=_facts(incident)),
        clocks=Table(_("Service level"), _clock_columns(), _clocks(clocks)),
        conversation=_("What happened"),
        omitted=ngettext(
            "%(count)d earlier entry is left out.",
            "%(count)d earlier entries are left out.",
            left_out,
        )
        % {"count": left_out}
        if left_out
        else "",
        items=[_item(item) for item in items[left_out:]],
    )


def _facts(incident: Incident) -> list[list[str]]:
    product = f"{incident.product or ''} {incident.product_version}".strip()
    state = str(incident.facts.portal_label)
    closure = f" · {incident.get_closure_display()}" if incident.closure else ""
    office = incident.certificate.office
    facts = [
        (_("Customer"), incident.customer.name),
        (_("Filed by"), incident.author.name),
        (_("Received"), _at(incident.received_at, office.timezone)),
        (_("Channel"), str(incident.get_channel_display())),
        (_("Severity"), f"{incident.severity} · {SEVERITY_LABELS[incident.severity]}"),
        (_("State"), f"{state}{closure}"),
        (_("Category"), incident.category.name),
        (_("Product"), product),
        (_("Certificate"), incident.certificate.number),
        (_("Technical account manager"), incident.certificate.tam.name),
    ]
    return [[str(label), str(value)] for label, value in facts if value]


def _clock_columns() -> list[str]:
    return [
        "",
        pgettext("clock", "Due"),
        pgettext("clock", "Done"),
        pgettext("clock", "Missed"),
    ]


def _clocks(clocks: list[Clock]) -> list[list[str]]:
    return [
        [
            str(ClockKind(clock.kind).label),
            *(_at(instant) for instant in (clock.due_at, clock.met_at, clock.breached_at)),
        ]
        for clock in clocks
    ]


def _item(item: Event | Words) -> Item:
    if isinstance(item, Event):
        return Item(_at(item.at), item.actor, item.text)
    return Item(
        _at(item.sent_at),
        item.author,
        " · ".join([item.role, *(badge.label for badge in item.badges)]),
        text=_shortened(item.text),
        files=[file.name for file in item.attachments],
        side=item.kind,
    )


def _shortened(text: str) -> str:
    if len(text) <= TEXT_LONGEST:
        return text
    return _("%(text)s … (the whole text is in the portal)") % {"text": text[:TEXT_LONGEST]}


def _at(instant: datetime | None, zone: str = "") -> str:
    """Write an instant in the reader's zone; with an office's where it differs."""
    if instant is None:
        return "–"
    local = timezone.localtime(instant)
    written = f"{date_format(local, 'D')} {local:%Y-%m-%d %H:%M:%S}"
    if not zone or zone == timezone.get_current_timezone_name():
        return written
    return f"{written} ({instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone})"
