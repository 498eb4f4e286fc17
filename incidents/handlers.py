"""What incidents do when something is published (msa/wiring.py says which)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Certificate
from incidents.actions.calendars import revise_clocks


def on_calendar_revised(payload: Mapping[str, Any], *, at: datetime) -> None:
    revise_clocks(certificates=Certificate.objects.filter(office=payload["office"]), at=at)


def on_hours_revised(payload: Mapping[str, Any], *, at: datetime) -> None:
    revise_clocks(certificates=Certificate.objects.filter(pk=payload["certificate"]), at=at)
