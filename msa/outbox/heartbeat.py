"""The engine audits itself: a beat at every tick, and a row for every gap (SPEC 19.11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from msa.outbox.models import Gap, Heartbeat

PERIOD: Final = timedelta(seconds=15)
# One missed beat is a busy second or a restart; beyond two periods deadlines were seen late.
SILENCE: Final = 2 * PERIOD


def beat(*, at: datetime) -> Gap | None:
    """Record a beat, and the gap before it when that was longer than `SILENCE`.

    Locks the only row. An instant at or before the last beat (a second worker, a clock set back)
    changes nothing.
    """
    with transaction.atomic():
        heartbeat, first = Heartbeat.objects.get_or_create(id=Heartbeat.SINGLE, defaults={"at": at})
        if first:
            return None
        heartbeat = Heartbeat.objects.select_for_update(no_key=True).get(id=Heartbeat.SINGLE)
        last = heartbeat.at
        if at <= last:
            return None
        heartbeat.at = at
        heartbeat.save(update_fields=["at"])
        return Gap.objects.create(began_at=last, ended_at=at) if at - last > SILENCE else None


def gaps(*, since: datetime, until: datetime, at: datetime) -> Sequence[Gap]:
    """Return the gaps that touch [since, until), oldest first.

    A gap that still lasts at `at` is among them, unsaved, ending at `at`.
    """
    found = list(Gap.objects.filter(began_at__lt=until, ended_at__gt=since).order_by("began_at"))
    last = Heartbeat.objects.filter(at__lt=min(until, at - SILENCE)).first()
    if last and at > since:
        found.append(Gap(began_at=last.at, ended_at=at))
    return found
