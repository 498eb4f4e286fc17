"""Warnings before certificates end (SPEC 3): the beat only says *look now*."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.endings import WARNING_DAYS, days_left, warning_due
from accounts.models import Certificate, EndingWarning, Office
from accounts.tenancy import staff_transaction
from msa.outbox.actions import News, publish_all

WARN_BATCH: Final = 200  # certificates in a transaction: a second's work, and short locks
WARN_BATCHES: Final = 20  # in one run: well below a task's time limit; the next hour goes on


def warn_of_endings(*, at: datetime) -> int:
    """Publish `certificate.ends_soon` of every certificate that is due for it; return how many.

    Of several warnings that are due at once only the tightest is given; each once, whatever
    crashes or runs twice. None is given before a certificate's first day, after its revocation or
    when it has been renewed. One that is prolonged is warned of anew. What somebody has locked
    waits for the next run.
    """
    warned = 0
    for _batch in range(WARN_BATCHES):
        told = _warn_batch(at)
        warned += told
        if not told:
            break
    return warned


def _warn_batch(at: datetime) -> int:
    with staff_transaction():
        due = _due(at)
        locked = due.select_for_update(of=("self",), no_key=True, skip_locked=True)
        keys = [certificate.pk for certificate in locked.order_by("pk")[:WARN_BATCH]]
        # Asked again under the lock: another run may have warned in between.
        return _warn(due.filter(pk__in=keys).order_by("pk"), at)


def _warn(certificates: Iterable[Certificate], at: datetime) -> int:
    warnings = [
        EndingWarning(
            customer_id=certificate.customer_id,
            certificate=certificate,
            valid_until=certificate.valid_until,
            days=days,
            warned_at=at,
        )
        for certificate in certificates
        if (days := warning_due(days_left(certificate.valid_until, certificate.local_date(at))))
        is not None
    ]
    EndingWarning.objects.bulk_create(warnings)
    publish_all(
        News(
            "certificate.ends_soon",
            {
                "certificate": warning.certificate_id,
                "valid_until": warning.valid_until.isoformat(),
                "days": warning.days,
            },
            at,
            stream=f"certificate-{warning.certificate_id}",
        )
        for warning in warnings
    )
    return len(warnings)


def _due(at: datetime) -> QuerySet[Certificate]:
    """Return the certificates in force whose tightest warning has not been given."""
    windows = [
        _in_window(zone, warning, at)
        for zone in Office.objects.order_by().values_list("timezone", flat=True).distinct()
        for warning in WARNING_DAYS
    ]
    return (
        Certificate.objects.select_related("office")
        .filter(reduce(or_, windows, Q(pk=None)), revoked_at=None, renewal=None)
        .order_by()
    )


def _in_window(zone: str, warning: int, at: datetime) -> Q:
    """Match certificates of a zone for which `warning` is the tightest due, and not given."""
    today = at.astimezone(ZoneInfo(zone)).date()
    tighter = max((days for days in WARNING_DAYS if days < warning), default=-1)
    given = EndingWarning.objects.filter(
        certificate=OuterRef("pk"), valid_until=OuterRef("valid_until"), days=warning
    )
    return Q(
        ~Exists(given),
        office__timezone=zone,
        valid_from__lte=today,
        valid_until__range=(today + timedelta(days=tighter + 1), today + timedelta(days=warning)),
    )
