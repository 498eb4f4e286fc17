"""Handing an incident to a person, who sees it from then on (SPEC 4)."""

from datetime import datetime

from accounts.models import User
from incidents.models import Handling, Incident


def hand_over(incident: Incident, person: User, at: datetime) -> None:
    """Let a member of staff see the incident; handed already, nothing changes.

    The caller holds the incident's lock.
    """
    if not Handling.objects.filter(incident=incident, user=person, until__isnull=True).exists():
        Handling.objects.create(
            customer_id=incident.customer_id, incident=incident, user=person, since=at
        )
