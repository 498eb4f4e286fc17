"""What a changed calendar does to running clocks (SPEC 7.10)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Certificate
from incidents import rules
from incidents.actions.case import Case
from incidents.models import Clock


@transaction.atomic
def revise_clocks(*, certificates: QuerySet[Certificate], at: datetime) -> int:
    """Reckon the running clocks of certificates by their hours now; return how many moved.

    Clocks that ended or were breached are left alone, and so is one that would be due before the
    change, or that began after it.
    """
    running = Clock.objects.filter(
        incident__certificate__in=certificates,
        received_at__lte=at,
        ended_at__isnull=True,
        breached_at__isnull=True,
    )
    moved = 0
    for clock in running.select_related("incident").order_by("incident"):
        case = Case.open(clock.incident, at=at)
        if not case.clock.can_move:
            continue
        due_at = case.clock.due_at
        case.reckon(
            rules.revise_calendar(case.clock.value(), at=at, calendar=case.hours), "calendar"
        )
        case.finish()
        moved += case.clock.due_at != due_at
    return moved
