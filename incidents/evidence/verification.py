"""Verifying the journal: every chain from its first entry to the head that its incident keeps."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from incidents.evidence.disclosure import is_erased
from incidents.models import Attachment, Incident, JournalEntry, Message
from incidents.models.journal import text_digest

CHUNK = 2000  # rows fetched at a time: a few MB, and few enough round trips not to count


class Head(NamedTuple):
    """How long a chain is, and the hash of its last entry: who keeps it pins the whole chain."""

    reference: str
    length: int
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written; `entry` and `row` are None for a whole chain."""

    reference: str
    what: str
    entry: int | None = None
    row: int | None = None

    def __str__(self) -> str:
        if self.row is None:
            return f"{self.reference}: {self.what}"
        return f"{self.reference} entry {self.entry} (row {self.row}): {self.what}"


@dataclass(slots=True)
class Verification:
    """One pass over the journal; the counts are complete when `findings` is used up.

    One statement reads it all through a server-side cursor, so that an incident that is acted on
    meanwhile is seen as it was when the pass began, and memory does not grow with the journal.
    Needs a transaction in the staff's scope. `printed` are heads known from elsewhere, by
    reference: a chain that was written anew as a whole betrays itself only to them. `on_head` is
    called with the head of each chain.
    """

    references: Iterable[str] = ()
    printed: Mapping[str, Head] = field(default_factory=dict)
    on_head: Callable[[Head], None] = lambda _head: None
    incidents: int = 0
    entries: int = 0
    erased: int = 0

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong, incident by incident in the order of filing."""
        wanted = set(self.references)
        known = set(Incident.objects.values_list("reference", flat=True))
        for reference in sorted((wanted or set(self.printed)) - known):
            yield Finding(reference, "there is no such incident")
        for _pk, rows in groupby(_rows(self.references), key=lambda row: row["pk"]):
            yield from self._chain(rows)

    def _chain(self, rows: Iterator[Mapping[str, Any]]) -> Iterator[Finding]:
        self.incidents += 1
        length, number, head, pinned = 0, 0, "", Head("", 0, "")
        for row in rows:
            kept = Head(row["reference"], row["journal_length"], row["journal_head"])
            if row["journal__pk"] is None:  # an incident without any entry still has its row
                break
            entry = JournalEntry(**{name: row[f"journal__{name}"] for name in _ENTRY})
            for what in (
                *_wrong_in_chain(entry, number, head),
                *_wrong_in_entry(entry),
                *self._wrong_in_message(entry, row),
            ):
                yield Finding(kept.reference, what, entry.number, entry.pk)
            length, number, head = length + 1, entry.number, entry.hash
            if length == self._printed_length(kept):
                pinned = Head(kept.reference, length, head)
        self.entries += length
        found = Head(kept.reference, length, head)
        self.on_head(found)
        yield from (Finding(kept.reference, what) for what in _wrong_in_head(found, kept))
        if kept.reference in self.printed and self.printed[kept.reference] != pinned:
            yield Finding(kept.reference, "the chain does not run through the head printed before")

    def _printed_length(self, kept: Head) -> int | None:
        printed = self.printed.get(kept.reference)
        return printed.length if printed else None

    def _wrong_in_message(self, entry: JournalEntry, row: Mapping[str, Any]) -> Iterator[str]:
        if entry.message_id is None:
            if entry.text_hash:
                yield "it has the hash of a text, but no message"
            return
        message = Message(**{name: row[f"journal__message__{name}"] for name in _MESSAGE})
        if is_erased(message):
            self.erased += 1
        elif text_digest(message) != entry.text_hash:
            yield f"the text or the list of files of message {entry.message_id} is another"
        if message.file_hashes != row["stored_files"]:
            yield f"the files of message {entry.message_id} are not those it was sent with"


def _rows(references: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    incidents = Incident.objects.order_by("pk", "journal__number", "journal__pk")
    if wanted := list(references):
        incidents = incidents.filter(reference__in=wanted)
    files = Attachment.objects.filter(message=OuterRef("journal__message")).order_by("pk")
    rows: Iterator[Mapping[str, Any]] = (
        incidents.annotate(stored_files=ArraySubquery(files.values("sha256")))
        .values(
            "pk",
            "reference",
            "journal_length",
            "journal_head",
            "stored_files",
            *(f"journal__{name}" for name in _ENTRY),
            *(f"journal__message__{name}" for name in _MESSAGE),
        )
        .iterator(chunk_size=CHUNK)
    )
    return rows


def _wrong_in_chain(entry: JournalEntry, number: int, head: str) -> Iterator[str]:
    if entry.number != number + 1:
        yield f"its number does not follow {number}"
    if entry.previous_hash != head:
        yield "it does not hold the hash of the entry before it"


def _wrong_in_entry(entry: JournalEntry) -> Iterator[str]:
    if entry.digest() != entry.hash:
        yield "its content does not have its hash"


def _wrong_in_head(found: Head, kept: Head) -> Iterator[str]:
    if found.length != kept.length:
        yield f"the incident counts {kept.length} entries, but {found.length} are there"
    if found.hash != kept.hash:
        yield "the hash of the last entry is not the head that the incident keeps"


_ENTRY = (
    "pk",
    "incident_id",
    "customer_id",
    "number",
    "at",
    "recorded_at",
    "kind",
    "actor_id",
    "message_id",
    "text_hash",
    "data",
    "previous_hash",
    "hash",
)
_MESSAGE = ("text", "file_hashes", "digest_key")
