"""What has been read, and what is new to whom (SPEC 18)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Role, User
from incidents.models import Incident, JournalEntry, MessageKind, Reading


@dataclass(frozen=True, slots=True)
class Receipt:
    """A contact's own last message, and when the vendor first read it: nobody answered it yet."""

    message_id: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Read:
    """What of an incident is new to a contact, by the messages' keys, and their receipt."""

    news: frozenset[int]
    receipt: Receipt | None


def read_by(incident: Incident, reader: User) -> Read:
    """Return what is new to a contact since they last looked or wrote, and who read their words.

    Of what they have never opened nor written in, nothing is new: it is all unknown to them. There
    is a receipt while nobody wrote after them; the first of the vendor's people who saw the
    message counts. Two queries at any length.
    """
    written = list(_written([incident.pk]).select_related("message").order_by("number"))
    readings = list(incident.readings.select_related("user"))
    own = [one.number for one in written if one.message and one.message.author_id == reader.pk]
    seen = [one.journal_length for one in readings if one.user_id == reader.pk]
    known = max([*own, *seen], default=None)
    news = frozenset(
        one.message_id for one in written if one.message_id and known and one.number > known
    )
    last = written[-1] if written else None
    if last is None or last.message_id is None or last.number not in own:
        return Read(news, None)
    by_vendor = [
        one.read_at
        for one in readings
        if one.user.role != Role.CONTACT and one.journal_length >= last.number
    ]
    return Read(news, Receipt(last.message_id, min(by_vendor, default=None)))


def with_news(incidents: Collection[Incident], reader: User) -> set[int]:
    """Return the keys of those incidents in which a contact has something to read; one query."""
    read = Reading.objects.filter(user=reader, incident=OuterRef("incident"))
    wrote = JournalEntry.objects.filter(
        incident=OuterRef("incident"), message__author=reader
    ).order_by("-number")
    known = Greatest(
        Coalesce(Subquery(read.values("journal_length")[:1]), Value(0)),
        Coalesce(Subquery(wrote.values("number")[:1]), Value(0)),
    )
    written = _written([incident.pk for incident in incidents]).annotate(known=known)
    new = written.filter(~Q(message__author=reader), known__gt=0, number__gt=F("known"))
    return set(new.order_by().values_list("incident", flat=True))


def _written(incidents: Collection[int]) -> QuerySet[JournalEntry]:
    """Return the entries with messages that a customer may read."""
    entries = JournalEntry.objects.filter(incident__in=incidents, message__isnull=False)
    return entries.exclude(message__kind=MessageKind.NOTE)
