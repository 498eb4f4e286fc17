"""Handing an incident to people, who see it from then on (SPEC 4)."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from incidents.models import Handling, Incident


def hand_over(
    incident: Incident,
    people: Iterable[User],
    at: datetime,
    *,
    reason: Handling.Reason = Handling.Reason.ASSIGNED,
) -> None:
    """Let members of staff see the incident; who has it for this reason already keeps it so."""
    Handling.objects.bulk_create(
        (
            Handling(
                customer_id=incident.customer_id,
                incident=incident,
                user=person,
                reason=reason,
                since=at,
            )
            for person in people
        ),
        ignore_conflicts=True,  # the database keeps it to one for each reason
    )
