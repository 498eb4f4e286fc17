"""Handing an incident to a person, who sees it from then on (SPEC 4)."""

from datetime import datetime

from accounts.models import User
from incidents.models import Handling, Incident


def hand_over(
    incident: Incident,
    person: User,
    at: datetime,
    *,
    reason: Handling.Reason = Handling.Reason.ASSIGNED,
) -> None:
    """Let a member of staff see the incident; handed for this reason already, nothing changes.

    The caller holds the incident's lock.
    """
    handed = Handling.objects.filter(
        incident=incident, user=person, reason=reason, until__isnull=True
    )
    if not handed.exists():
        Handling.objects.create(
            customer_id=incident.customer_id,
            incident=incident,
            user=person,
            reason=reason,
            since=at,
        )
