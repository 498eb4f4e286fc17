"""Incidents, their clocks and their journal."""

from incidents.models.category import Category
from incidents.models.clock import Clock, ClockKind, Deadline, DeadlineKind, most_pressing
from incidents.models.conversation import Attachment, Message, MessageKind
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

__all__ = [
    "Attachment",
    "Category",
    "Clock",
    "ClockKind",
    "Deadline",
    "DeadlineKind",
    "Follower",
    "Handling",
    "Incident",
    "JournalEntry",
    "Message",
    "MessageKind",
    "QueueTier",
    "ReferenceCounter",
    "SideInterval",
    "Submission",
    "most_pressing",
    "state_diagram",
]
