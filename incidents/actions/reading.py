"""Noting how far somebody has read (SPEC 18)."""

from datetime import datetime

from django.db import transaction

from accounts.models import Role, User
from incidents.models import Incident, JournalEntry, MessageKind, Reading


@transaction.atomic
def note_reading(*, incident: Incident, user: User, message: int, at: datetime) -> None:
    """Note that a person has seen what others wrote, up to the message with the key `message`.

    A contact has read what anybody else wrote; staff have read what the customer wrote, so that
    the instant stands until the customer writes again. What was read before is not read anew, and
    a key that is none of this incident's, or a note's to a contact, notes nothing. Like a draft it
    is nobody's business but the reader's and the writer's: it is not in the journal.
    """
    read = _last_read(incident, user, message)
    if read is None:
        return
    reading, first = Reading.objects.select_for_update().get_or_create(
        incident=incident,
        user=user,
        defaults={"customer_id": incident.customer_id, "journal_length": read, "read_at": at},
    )
    if not first and reading.journal_length < read:
        reading.journal_length, reading.read_at = read, at
        reading.save(update_fields=["journal_length", "read_at"])


def _last_read(incident: Incident, user: User, message: int) -> int | None:
    """Return the number of the last entry that somebody else wrote, among those seen."""
    seen = JournalEntry.objects.filter(incident=incident, message__lte=message)
    if user.is_contact:
        others = seen.exclude(message__kind=MessageKind.NOTE).exclude(message__author=user)
    else:
        others = seen.filter(message__author__role=Role.CONTACT)
    return others.order_by("-number").values_list("number", flat=True).first()
