"""The timeline of an incident: the journal's facts and people's messages in one order."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from incidents.models import (
    Attachment,
    Clock,
    ClockKind,
    Incident,
    JournalEntry,
    Message,
    MessageKind,
)
from incidents.states import SEVERITY_LABELS, Channel
from incidents.texts import as_html
from incidents.views.naming import Names, highlighted, named_fact, names_in


@dataclass(frozen=True, slots=True)
class Event:
    """A fact: drawn by `_timeline_event.html`."""

    icon: str
    text: str
    at: datetime
    actor: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message; `preview_url` is empty where no image was drawn of it."""

    name: str
    url: str
    size_bytes: int
    icon: str = "file"
    preview_url: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A message: drawn by `_timeline_message.html`."""

    id: int
    kind: str
    author: str
    role: str
    sent_at: datetime
    text: str
    html: str
    attachments: list[File]
    badges: list[Badge]


def timeline(
    incident: Incident,
    viewer: User,
    clocks: list[Clock],
    *,
    inside: bool = True,
    news: Collection[int] = (),
) -> list[Event | Words]:
    """Return what a person may see of an incident, oldest first.

    Without `inside`, staff too are shown what a contact is. `news` are the keys of the messages
    that are new to the viewer.

    Four queries at any length, and one each for the people, teams and incidents that staff are told
    of by name.
    """
    inside = inside and not viewer.is_contact
    messages = {
        message.pk: message
        for message in incident.messages.select_related("author").prefetch_related("attachments")
        if inside or not message.is_internal
    }
    entries = [
        entry
        for entry in incident.journal.select_related("actor").order_by("number")
        if inside or entry.kind not in _INTERNAL
    ]
    names = names_in(entries)
    items: list[Event | Words] = []
    for entry in entries:
        if fact := _fact(entry, names):
            items.append(fact)
        if message := messages.get(entry.message_id or 0):
            words = _words(message, incident, clocks, names.mentioned(entry))
            if message.pk in news:
                words.badges.append(Badge(_("New"), "new"))
            items.append(words)
    return items


def _fact(entry: JournalEntry, names: Names) -> Event | None:
    if told_by_name := named_fact(entry, names):
        icon, text = told_by_name
        return Event(icon, text, entry.at, entry.actor.name if entry.actor else "")
    told = _FACTS.get(entry.kind)
    if told is None or _shows_nothing(entry):
        return None
    icon, tone, text_of = told
    return Event(icon, text_of(entry), entry.at, entry.actor.name if entry.actor else "", tone)


def _shows_nothing(entry: JournalEntry) -> bool:
    """Whether a clock took over other hours or promises that leave its due time as it was."""
    data = entry.data
    return entry.kind == "clock_moved" and data["from"]["due_at"] == data["to"]["due_at"]


def _words(
    message: Message, incident: Incident, clocks: list[Clock], mentioned: list[str]
) -> Words:
    return Words(
        id=message.pk,
        kind=_side_of(message),
        author=message.author.name,
        role=_role(message),
        sent_at=message.written_at,
        text=message.text,
        html=highlighted(as_html(message.text), mentioned),
        attachments=[_file(attachment, incident) for attachment in message.attachments.all()],
        badges=_badges(message, clocks),
    )


def _side_of(message: Message) -> str:
    if message.is_internal:
        return "note"
    return "customer" if message.author.is_contact else "staff"


def _role(message: Message) -> str:
    return _("Customer") if message.author.is_contact else message.author.role_label


def _file(attachment: Attachment, incident: Incident) -> File:
    url = f"{incident.get_absolute_url()}attachments/{attachment.pk}/"
    return File(
        attachment.name,
        url,
        attachment.size_bytes,
        _file_icon(attachment.media_type),
        f"{url}preview/" if attachment.preview else "",
        attachment.sha256,
    )


def _file_icon(media_type: str) -> str:
    if media_type in _FILE_ICONS:
        return _FILE_ICONS[media_type]
    return {"image": "image", "text": "file-text"}.get(media_type.partition("/")[0], "file")


def _badges(message: Message, clocks: list[Clock]) -> list[Badge]:
    badges = []
    if label := _KIND_LABELS.get(message.kind):
        badges.append(Badge(str(label())))
    for clock in clocks:
        if clock.is_response and message.qualified and clock.met_at == message.written_at:
            late = clock.breached_at is not None
            badges.append(
                Badge(_("First response, late"))
                if late
                else Badge(_("First response in time"), "met")
            )
    return badges


_FILE_ICONS: Mapping[str, str] = {
    "": "file-text",  # of a time when types were not looked at
    "application/pdf": "file-text",
    "application/xml": "file-text",
    "application/zip": "file-archive",
    "application/gzip": "file-archive",
    "application/x-7z-compressed": "file-archive",
    "application/vnd.rar": "file-archive",
}

_KIND_LABELS: Mapping[str, Callable[[], str]] = {
    MessageKind.QUESTION: lambda: _("Question"),
    MessageKind.SOLUTION: lambda: _("Solution"),
    MessageKind.WORKAROUND: lambda: _("Workaround"),
    MessageKind.CALL: lambda: _("Phone call"),
}


def _severity(number: int) -> str:
    return str(SEVERITY_LABELS[number])


def _filed(entry: JournalEntry) -> str:
    return {
        Channel.PORTAL: _("filed this incident in the portal"),
        Channel.PHONE: _("filed this incident by phone"),
        Channel.EMAIL: _("filed this incident by e-mail"),
        Channel.API: _("filed this incident through the API"),
    }[Channel(entry.data["channel"])]


def _severity_changed(entry: JournalEntry) -> str:
    facts = {"before": _severity(entry.data["from"]), "after": _severity(entry.data["to"])}
    if entry.data["reason"] == "workaround":
        return _("changed the severity from %(before)s to %(after)s: a workaround exists") % facts
    return _("changed the severity from %(before)s to %(after)s") % facts


def _clock_moved(entry: JournalEntry) -> str:
    due = _local(entry.data["to"]["due_at"])
    if entry.data["kind"] != ClockKind.RESPONSE:
        return _("%(promise)s is now due %(due)s") % {"promise": _promise(entry), "due": due}
    if entry.data["reason"] == "call":
        return _("The call started the response clock; an answer is due %(due)s") % {"due": due}
    if entry.data["reason"] == "calendar":
        return _("The office's calendar changed; an answer is now due %(due)s") % {"due": due}
    return _("An answer is now due %(due)s") % {"due": due}


def _clock_warned(entry: JournalEntry) -> str:
    facts = {"promise": _promise(entry), "percentage": entry.data["percentage"]}
    if entry.data["kind"] == ClockKind.RESPONSE:
        return _("%(percentage)d %% of the response time has passed") % facts
    return _("%(promise)s: %(percentage)d %% of the time has passed") % facts


def _clock_breached(entry: JournalEntry) -> str:
    if entry.data["kind"] == ClockKind.RESPONSE:
        return _("The response time was missed")
    return _("%(promise)s: the time was missed") % {"promise": _promise(entry)}


def _breach_set_aside(entry: JournalEntry) -> str:
    if entry.data["kind"] == ClockKind.RESPONSE:
        return _("The missed response time was set aside: the answer was in time")
    return _("%(promise)s: the missed time was set aside") % {"promise": _promise(entry)}


def _promise(entry: JournalEntry) -> str:
    return str(ClockKind(entry.data["kind"]).label)


def _escalated(entry: JournalEntry) -> str:
    level = entry.data["level"]
    if entry.data["cause"] == "breach":
        return _("Escalated to level %(level)d: the response time was missed") % {"level": level}
    if entry.data["cause"] == "silence":
        return _("Gone up to level %(level)d: not acknowledged in time") % {"level": level}
    return _("escalated to level %(level)d") % {"level": level}


def _reminded(entry: JournalEntry) -> str:
    days = entry.data["days"]
    return ngettext(
        "Reminder sent: one day left to answer",
        "Reminder sent: %(days)d days left to answer",
        days,
    ) % {"days": days}


def _local(instant: str) -> str:
    parsed: Any = parse_datetime(instant)
    return date_format(timezone.localtime(parsed), "SHORT_DATETIME_FORMAT")


_FACTS: Mapping[str, tuple[str, str, Callable[[JournalEntry], str]]] = {
    "filed": ("circle-plus", "", _filed),
    "severity_changed": ("gauge", "", _severity_changed),
    "clock_moved": ("timer", "", _clock_moved),
    "clock_warned": (
        "timer",
        "hot",
        _clock_warned,
    ),
    "clock_breached": ("siren", "hot", _clock_breached),
    "breach_set_aside": ("shield-check", "good", _breach_set_aside),
    "escalated": ("flame", "hot", _escalated),
    "escalation_acknowledged": ("eye", "", lambda _e: _("acknowledged the escalation")),
    "escalation_answered": ("message-circle-reply", "", lambda _e: _("answered the escalation")),
    "reminded": ("bell", "", _reminded),
    "expired": ("circle-x", "", lambda _e: _("Closed: the time agreed passed without an answer")),
    "expiry_set_aside": (
        "circle-check",
        "",
        lambda _e: _("Stays open: the answer had arrived in time"),
    ),
    "accepted": ("circle-check", "good", lambda _e: _("accepted the solution")),
    "point_dropped": (
        "list-x",
        "",
        lambda e: _("does not ask for point %(number)d any more") % {"number": e.data["number"]},
    ),
    "declined": ("circle-x", "", lambda _e: _("declined the solution")),
    "withdrawn": ("undo-2", "", lambda _e: _("withdrew this incident")),
    "reopened": ("rotate-ccw", "", lambda _e: _("reopened this incident")),
    "taken_back": ("undo-2", "", lambda _e: _("took the question or offer back")),
}

# What only the vendor's staff see.
_INTERNAL = frozenset(
    {
        "assigned",
        "clock_warned",
        "handed_back",
        "handed_to_team",
        "noted",
        "related",
        "unrelated",
    }
)
