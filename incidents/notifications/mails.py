"""Writing a letter to one person, in their language and time zone, once (SPEC 18)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.notices.telling import Mail, Manner, News, manners_of, post, tell, where
from incidents.inbound.addresses import reply_address
from incidents.models import Incident
from incidents.notifications.events import Event
from incidents.notifications.kinds import kind_of
from incidents.notifications.rows import RowOf
from msa.outbox.mail import message_id_for

Text: TypeAlias = str | LazyText

# Whose questions quiet hours never hold back; severity 1 waits for nothing at all.
PRESSING_SEVERITY: Final = 2

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
    """Tell each of them, unless the event has been told to that person before.

    Whoever is named twice is told for the first reason. A team's address, which is nobody's, gets
    the mail at once and no notice.
    """
    named: dict[int | None, Recipient] = {}
    for recipient in recipients:
        named.setdefault(recipient.user.pk, recipient)
    for recipient, manner in _with_manners(event, list(named.values())):
        _tell(letter, event, recipient, manner, at=at)


def root_id(incident: Incident) -> str:
    """Return the Message-ID that all mails on an incident refer to; no mail has it itself."""
    return message_id_for(f"incident-{incident.pk}")


def subject_of(incident: Incident) -> str:
    """Return the subject of all letters on an incident.

    It never changes, since many mail programs keep together only what has one subject; the first
    words of the text, which they show beside it, say what happened.
    """
    return f"[{incident.reference}] {incident.title}"


def thread_headers(incident: Incident) -> dict[str, str]:
    """Return what else tells mail programs, and people's filters, what belongs together."""
    return {
        "List-Id": f"<incidents.{settings.MAIL_DOMAIN}>",
        "Thread-Topic": subject_of(incident),
    }


def _with_manners(
    event: Event, recipients: Sequence[Recipient]
) -> Iterator[tuple[Recipient, Manner | None]]:
    """Yield each with how they want to be told, in one query for each side; None: no person."""
    for is_contact in (True, False):
        side = [each for each in recipients if each.user.is_contact is is_contact]
        if side:
            kind = kind_of(event.kind, side[0].user)
            manners = manners_of([each.user for each in side], kind)
            for each in side:
                yield each, manners.get(each.user.pk)


def _tell(
    letter: Letter, event: Event, recipient: Recipient, manner: Manner | None, *, at: datetime
) -> None:
    user, incident = recipient.user, event.incident
    with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
        context = _context(letter, event, recipient)
        heading = gettext("%(heading)s: %(title)s") % {
            "heading": context["heading"],
            "title": incident.title,
        }
        mail = Mail(
            subject=context["subject"],
            text=render_to_string("email/incident.txt", context),
            html=render_to_string("email/incident.html", context),
            root=root_id(incident),
            reply_to=reply_address(incident, user) if manner else "",
            headers=thread_headers(incident),
        )
    key = f"incident-entry-{event.entry.pk}-{user.pk}"
    if manner is None:
        post(mail, user, key=key, urgent=event.is_urgent, at=at)
        return
    news = News(
        user=user,
        key=key,
        kind=kind_of(event.kind, user),
        reference=incident.reference,
        heading=heading,
        path=incident.get_absolute_url(),
        mail=mail,
        urgent=event.is_urgent,
        pressing=_presses(event),
    )
    tell(news, manner, at=at)


def _presses(event: Event) -> bool:
    """Whether quiet hours never hold it back: a question on severity 2 (SPEC 18)."""
    return event.kind == "asked" and event.incident.severity == PRESSING_SEVERITY


def _context(letter: Letter, event: Event, recipient: Recipient) -> dict[str, Any]:
    incident = event.incident
    words = event.words(recipient.user)
    heading = letter.subject % words
    rows = (row_of(event) for row_of in letter.rows)
    return {
        "subject": subject_of(incident),
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
        "where": where(incident.reference),
        "why": recipient.why % words,
        "urgent": event.is_urgent,
        "language": recipient.user.language,
        "vendor_name": settings.VENDOR_NAME,
    }
