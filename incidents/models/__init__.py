"""Incidents, their clocks and their journal."""

from incidents.models.category import Category
from incidents.models.clock import Clock, ClockKind, Deadline, DeadlineKind, most_pressing
from incidents.models.conversation import Attachment, Draft, Message, MessageKind, Point
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
from incidents.models.relation import Relation

__all__ = [
    "Attachment",
    "Category",
    "Clock",
    "ClockKind",
    "Deadline",
    "DeadlineKind",
    "Draft",
    "Follower",
    "Handling",
    "Incident",
    "JournalEntry",
    "Message",
    "MessageKind",
    "Point",
    "QueueTier",
    "ReferenceCounter",
    "Relation",
    "SideInterval",
    "Submission",
    "most_pressing",
    "state_diagram",
]
