"""The journal: chained, and without people's words."""

from datetime import timedelta

import pytest

from incidents.actions import responding
from incidents.models import JournalEntry, Message
from incidents.models.journal import text_digest
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db


def test_each_entry_is_chained_to_the_one_before(cast):
    incident = cast.file()
    for minute in (5, 6):
        incident = responding.add_note(
            incident=incident,
            actor=cast.tom,
            text="Looking.",
            at=MONDAY_NINE + timedelta(minutes=minute),
        )
    entries = list(JournalEntry.objects.filter(incident=incident).order_by("number"))
    assert [entry.number for entry in entries] == [1, 2, 3, 4]
    earlier = ["", *(entry.hash for entry in entries[:-1])]
    assert [entry.previous_hash for entry in entries] == earlier
    assert [entry.digest() for entry in entries] == [entry.hash for entry in entries]
    assert (incident.journal_length, incident.journal_head) == (4, entries[3].hash)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "answered"),
        ("number", 7),
        ("at", MONDAY_NINE + timedelta(seconds=1)),
        ("actor_id", 0),
        ("data", {"severity": 4}),
        ("text_hash", "0" * 64),
        ("previous_hash", "1" * 64),
    ],
)
def test_the_hash_covers_every_column(cast, field, value):
    entry = JournalEntry.objects.get(incident=cast.file(), number=1)
    setattr(entry, field, value)
    assert entry.digest() != entry.hash


def test_the_journal_keeps_a_keyed_hash_and_no_words(cast):
    entry = JournalEntry.objects.get(incident=cast.file(), number=1)
    message = Message.objects.get(incident=entry.incident)
    assert entry.text_hash == text_digest(message)
    assert "It happens every morning." not in str(entry.data)
    message.digest_key = b"another key"
    assert text_digest(message) != entry.text_hash
