"""Firing what fell due (SPEC 7.9, 8): the beat only says *look now*."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from accounts.tenancy import set_scope
from incidents.actions.case import Case
from incidents.actions.planning import Watched
from incidents.models import Deadline, Incident

SWEEP_BATCH = 500  # incidents at a time: a second's work, so that a killed worker redoes little
SWEEP_LIMIT = 2000  # incidents in one sweep: well below a task's time limit; the next goes on

# In SQL because it runs between any two acts of a scenario.
_DUE: Final = """
    select incident_id from incidents_deadline
    where due_at < %(before)s
      and (%(among)s::bigint[] is null or incident_id = any(%(among)s::bigint[]))
    order by due_at, kind, incident_id
"""

logger = logging.getLogger(__name__)


def sweep(*, at: datetime) -> int:
    """Fire every deadline that fell due strictly before `at`; return how many.

    Each incident is a transaction of its own, so that one that fails holds up no other; workers
    that sweep at once share the incidents between them, and one sweep takes `SWEEP_LIMIT` of them.
    What is due at `at` itself waits: an act at the due instant is in time.
    """
    fired = 0
    looked_at: set[int] = set()
    while len(looked_at) < SWEEP_LIMIT and (due := _incidents_due(at, looked_at)):
        looked_at.update(due)
        for incident_id in due:
            try:
                fired += _settle(incident_id, at)
            except Exception:
                logger.exception("Deadlines of incident %s could not be fired.", incident_id)
    return fired


def fire_earlier_than(at: datetime, *, among: Collection[Incident] | None = None) -> int:
    """Fire every deadline before `at` inside the caller's transaction: the scenario player.

    Of `among` only, if given; all others are left to the beat.

    Each is recorded at its due instant, as the sweep would have done that stood by then.
    """
    keys = None if among is None else [incident.pk for incident in among]
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"before": at, "among": keys})
        concerned = dict.fromkeys(key for (key,) in cursor.fetchall())
    return sum(Case.settle(incident, before=at) for incident in concerned)


def fire_watched(watched: Watched, at: datetime) -> int:
    """Do the same for incidents whose deadlines are being watched."""
    due = sorted((due_at, key) for key, due_at in watched.items() if due_at < at)
    return sum(Case.settle(key, before=at) for _due_at, key in due)


def _incidents_due(at: datetime, seen: set[int]) -> list[int]:
    with transaction.atomic():
        set_scope(staff=True)
        return list(
            dict.fromkeys(
                Deadline.objects.filter(due_at__lt=at)
                .exclude(incident__in=seen)
                .order_by("due_at", "kind", "incident")
                .values_list("incident_id", flat=True)[:SWEEP_BATCH]
            )
        )


def _settle(incident_id: int, at: datetime) -> int:
    with transaction.atomic():
        set_scope(staff=True)
        incident = (
            Incident.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=incident_id)
            .first()
        )
        if incident is None:
            return 0  # somebody acts on it now, and settles it under the same lock
        return Case.settle(incident.pk, before=at, recorded_at=at)
