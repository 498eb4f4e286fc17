"""What a changed calendar does to running clocks (SPEC 7.10)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Certificate
from incidents.actions.case import Case
from incidents.models import Clock, Incident


@transaction.atomic
def revise_clocks(*, certificates: QuerySet[Certificate], at: datetime) -> int:
    """Reckon the running clocks of certificates by their hours now.

    Returns how many incidents have a clock whose due time moved. Clocks that ended or were breached
    are left alone, and so is one that would be due before the change, or that began after it.
    """
    running = Clock.objects.filter(
        received_at__lte=at, ended_at__isnull=True, breached_at__isnull=True
    )
    concerned = Incident.objects.filter(
        certificate__in=certificates, pk__in=running.values("incident")
    )
    moved = 0
    for incident in concerned.order_by("pk"):
        case = Case.open(incident, at=at)
        moved += case.clocks.calendar_revised()
        case.finish()
    return moved
