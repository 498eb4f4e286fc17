"""The work of account management: who is there, what was escalated, how the desk is worked."""

from tam.models.customer import Advice, HandlingNote
from tam.models.escalation import Complaint, ComplaintMessage, Escalation
from tam.models.handover import Handover, HandoverItem, HandoverNote, OfficeWatch
from tam.models.paging import Page
from tam.models.queue import BulkAct, BulkItem, QueuePreference, QueueView
from tam.models.roster import Absence, CoverageAlarm, RosterChange, ShiftSwap
from tam.models.writing import ReplyTemplate

__all__ = [
    "Absence",
    "Advice",
    "BulkAct",
    "BulkItem",
    "Complaint",
    "ComplaintMessage",
    "CoverageAlarm",
    "Escalation",
    "HandlingNote",
    "Handover",
    "HandoverItem",
    "HandoverNote",
    "OfficeWatch",
    "Page",
    "QueuePreference",
    "QueueView",
    "ReplyTemplate",
    "RosterChange",
    "ShiftSwap",
]
