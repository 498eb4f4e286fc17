"""Writing a letter to one person, in their language and time zone, once (SPEC 18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from incidents.models import Incident
from incidents.notifications.events import Event
from incidents.notifications.rows import RowOf
from msa.outbox.mail import message_id_for, queue_email

Text: TypeAlias = str | LazyText

_OPEN: Final = _("Open the incident")


@dataclass(frozen=True, slots=True)
class Letter:
    """What the mails on one kind of event say; its texts take `Event.words`."""

    subject: Text
    lead: Text
    rows: Sequence[RowOf] = ()
    button: Text = _OPEN


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom an event concerns: `why` closes the mail, `notice` stands before all else."""

    user: User
    why: Text
    notice: Text = ""


Letters: TypeAlias = Mapping[str, Letter]


def send(letter: Letter, event: Event, recipients: Sequence[Recipient], *, at: datetime) -> None:
    """Queue the letter for each of them, unless the event has been told to that person before.

    Whoever is named twice is told for the first reason.
    """
    told: set[int] = set()
    for recipient in recipients:
        if recipient.user.pk not in told:
            told.add(recipient.user.pk)
            _queue(letter, event, recipient, at=at)


def root_id(incident: Incident) -> str:
    """Return the Message-ID that all mails on an incident refer to; no mail has it itself."""
    return message_id_for(f"incident-{incident.pk}")


def _queue(letter: Letter, event: Event, recipient: Recipient, *, at: datetime) -> None:
    user, root = recipient.user, root_id(event.incident)
    with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
        context = _context(letter, event, recipient)
        text = render_to_string("email/incident.txt", context)
        html = render_to_string("email/incident.html", context)
    queue_email(
        dedupe_key=f"incident-entry-{event.entry.pk}-{user.pk}",
        to_address=user.email,
        to_name=user.name,
        language=user.language,
        subject=context["subject"],
        text=text,
        html=html,
        in_reply_to=root,
        references=[root],
        urgent=event.is_urgent,
        at=at,
    )


def _context(letter: Letter, event: Event, recipient: Recipient) -> dict[str, Any]:
    incident = event.incident
    words = event.words(recipient.user)
    heading = letter.subject % words
    rows = (row_of(event) for row_of in letter.rows)
    return {
        "subject": f"[{incident.reference}] {heading}: {incident.title}",
        "heading": heading,
        "incident": incident,
        "notice": recipient.notice % words,
        "paragraphs": [part for part in str(letter.lead % words).split("\n\n") if part],
        "rows": [row for row in rows if row],
        "message": event.message,
        "author": event.name_of(event.message.author, recipient.user) if event.message else "",
        "files": event.files,
        "button": letter.button % words,
        "url": settings.BASE_URL + incident.get_absolute_url(),
        "why": recipient.why % words,
        "urgent": event.is_urgent,
        "language": recipient.user.language,
        "vendor_name": settings.VENDOR_NAME,
    }
