"""Incidents, their clocks and their journal."""

from incidents.models.category import Category
from incidents.models.clock import Clock, ClockKind, Deadline, DeadlineKind, most_pressing
from incidents.models.conversation import Attachment, Draft, Message, MessageKind, Point
from incidents.models.export import Export, ExportFormat
from incidents.models.filing_draft import FilingDraft
from incidents.models.inbound import AutomaticAnswer, InboundMail
from incidents.models.incident import (
    Follower,
    Handling,
    Incident,
    QueueTier,
    ReferenceCounter,
    SideInterval,
    Submission,
    state_diagram,
)
from incidents.models.journal import JournalEntry
from incidents.models.reading import Reading
from incidents.models.relation import Relation
from incidents.models.search import SearchDocument, SearchHit
from incidents.models.upload import Upload

__all__ = [
    "Attachment",
    "AutomaticAnswer",
    "Category",
    "Clock",
    "ClockKind",
    "Deadline",
    "DeadlineKind",
    "Draft",
    "Export",
    "ExportFormat",
    "FilingDraft",
    "Follower",
    "Handling",
    "InboundMail",
    "Incident",
    "JournalEntry",
    "Message",
    "MessageKind",
    "Point",
    "QueueTier",
    "Reading",
    "ReferenceCounter",
    "Relation",
    "SearchDocument",
    "SearchHit",
    "SideInterval",
    "Submission",
    "Upload",
    "most_pressing",
    "state_diagram",
]
