"""What a text about an incident is filled in with."""

from datetime import datetime

from incidents.models import Incident


def answer_due(incident: Incident) -> datetime | None:
    """Return when the next thing promised is due; None while nothing runs."""
    running = [
        clock for clock in incident.clocks.all() if clock.is_running and not clock.is_standing
    ]
    return min((clock.due_at for clock in running), default=None)
