"""What of an incident's journal leaves the house, and what stays inside (SPEC 19.1)."""

from incidents.models import JournalEntry, Message

# Kinds of entries that a customer may read. Any other is withheld, so that a new kind stays inside
# until somebody has thought about it; a test fails on a kind that stands in neither list.
DISCLOSED = frozenset(
    {
        "accepted",
        "answered",
        "asked",
        "breach_set_aside",
        "call_logged",
        "clock_breached",
        "clock_ended",
        "clock_moved",
        "clock_paused",
        "clock_started",
        "clock_stopped",
        "clock_warned",
        "declined",
        "escalated",
        "escalation_acknowledged",
        "escalation_answered",
        "expired",
        "expiry_set_aside",
        "filed",
        "point_dropped",
        "reminded",
        "reopened",
        "replied",
        "responded",
        "severity_changed",
        "solution_offered",
        "taken_back",
        "withdrawn",
        "workaround_recorded",
    }
)
INTERNAL = frozenset({"assigned", "handed_back", "handed_to_team", "noted", "related", "unrelated"})


def is_disclosed(entry: JournalEntry) -> bool:
    """Tell whether a customer may read the entry, and the text of its message if it has one."""
    return entry.kind in DISCLOSED and not (entry.message and entry.message.is_internal)


def is_erased(message: Message) -> bool:
    """Tell whether text and key are gone: the chain still verifies, the text does not any more."""
    return not message.text and not bytes(message.digest_key)
