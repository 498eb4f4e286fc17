"""Of what kind the notice of each event is; people choose by kind how they are told (SPEC 18)."""

from collections.abc import Mapping
from typing import Final

from accounts.models import NoticeKind, User

CUSTOMER: Final[Mapping[str, NoticeKind]] = {
    "filed": NoticeKind.PROGRESS,
    "responded": NoticeKind.PROGRESS,
    "replied": NoticeKind.PROGRESS,
    "asked": NoticeKind.OUR_MOVE,
    "solution_offered": NoticeKind.OUR_MOVE,
    "workaround_recorded": NoticeKind.PROGRESS,
    "severity_changed": NoticeKind.PROGRESS,
    "taken_back": NoticeKind.PROGRESS,
    "reminded": NoticeKind.OUR_MOVE,
    "expired": NoticeKind.CLOSED,
    "expiry_set_aside": NoticeKind.CLOSED,
    "withdrawn": NoticeKind.CLOSED,
    "accepted": NoticeKind.CLOSED,
    "declined": NoticeKind.PROGRESS,
    "answered": NoticeKind.PROGRESS,
    "reopened": NoticeKind.CLOSED,
    "escalated": NoticeKind.ESCALATION,
    "escalation_acknowledged": NoticeKind.ESCALATION,
    "escalation_answered": NoticeKind.ESCALATION,
    "clock_breached": NoticeKind.ESCALATION,
    "breach_set_aside": NoticeKind.ESCALATION,
    "clock_moved": NoticeKind.PROGRESS,
    "call_logged": NoticeKind.PROGRESS,
}
VENDOR: Final[Mapping[str, NoticeKind]] = {
    **CUSTOMER,
    "filed": NoticeKind.DUTY,
    "asked": NoticeKind.PROGRESS,
    "solution_offered": NoticeKind.PROGRESS,
    "noted": NoticeKind.PROGRESS,
    "assigned": NoticeKind.DUTY,
    "handed_to_team": NoticeKind.DUTY,
    "handed_back": NoticeKind.DUTY,
    "clock_warned": NoticeKind.DUTY,
    "clock_breached": NoticeKind.DUTY,
    "breach_set_aside": NoticeKind.DUTY,
    "clock_moved": NoticeKind.DUTY,
}


def kind_of(event_kind: str, reader: User) -> NoticeKind:
    """Return the kind of an event's notice; one that no table names is progress."""
    table = CUSTOMER if reader.is_contact else VENDOR
    return table.get(event_kind, NoticeKind.PROGRESS)
