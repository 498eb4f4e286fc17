"""What account management does when something is published (msa/wiring.py says which)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from incidents.models import JournalEntry
from tam.actions.escalations import escalate_breach


def on_clock_breached(payload: Mapping[str, Any], *, at: datetime) -> None:
    entry = JournalEntry.objects.get(pk=payload["entry"])
    escalate_breach(incident_id=payload["incident"], at=at, recorded_at=entry.recorded_at)
