"""Where open incidents stand, as conditions: whose move, overdue, escalated (SPEC 10)."""

from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q

from incidents.models import QueueTier
from tam.models import Escalation

IS_OPEN: Final = Q(queue_tier__lt=QueueTier.CLOSED)
OUR_MOVE: Final = Q(queue_tier__lte=QueueTier.OUR_MOVE)
RUNNING: Final = Q(queue_tier=QueueTier.RUNNING)

# The queue's order.
ORDER: Final = ("queue_tier", "queue_severity", "queue_at", "id")


def overdue(at: datetime) -> Q:
    """Match what its due time has passed, whether or not the sweep has noticed it (SPEC 7.9)."""
    return Q(queue_tier=QueueTier.BREACHED) | RUNNING & Q(queue_at__lt=at)


def escalated() -> Q:
    return Q(Exists(Escalation.objects.filter(incident=OuterRef("pk"))))
