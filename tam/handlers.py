"""What account management does when something is published (msa/wiring.py says which)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from incidents.models import Incident
from tam.actions.escalations import escalate_breach


def on_clock_breached(payload: Mapping[str, Any], *, at: datetime) -> None:
    escalate_breach(incident=Incident.objects.get(pk=payload["incident"]), at=at)
