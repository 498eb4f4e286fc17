"""What account management does when something is published (msa/wiring.py says which)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tam.actions.escalations import escalate_breach


def on_clock_breached(payload: Mapping[str, Any], *, at: datetime) -> None:
    escalate_breach(incident_id=payload["incident"], at=at)
