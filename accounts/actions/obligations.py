"""The register of what is owed to customers: entered, delivered, waived, reminded of (SPEC 19.8).

Nothing in it is deleted. The beat only says *look now*.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Refused
from accounts.models import Certificate, Customer, Obligation, User
from accounts.models.obligation import TITLE_LENGTH, WORDS_LENGTH
from accounts.obligation_rules import BY_AGREEMENT, REPORT_DAYS, Owed, owed_by
from accounts.tenancy import staff_transaction
from msa.outbox.actions import News, publish_all

LOOK_BATCH: Final = 200  # certificates read at once; only those that changed are locked, one by one
REMIND_BATCH: Final = 200  # obligations in a transaction: a second's work, and short locks
ANEW_MOST: Final = 100  # times that one thing was waived by itself and owed again: never so many
REMIND_BATCHES: Final = 20  # in one run: well below a task's time limit; the next hour goes on
# After its end a certificate may still owe the report on its last quarter, and a zone's day more.
OWES_AFTER_END: Final = timedelta(days=92 + REPORT_DAYS + 1)

logger = logging.getLogger(__name__)


@transaction.atomic
def owe(
    *,
    customer: Customer,
    certificate: Certificate | None,
    kind: Obligation.Kind,
    key: str,
    title: str,
    owed_since: datetime,
    due_at: datetime,
    remind_at: datetime | None,
    at: datetime,  # noqa: ARG001 (every action has its instant)
) -> Obligation:
    """Enter what is owed, once by its key, and return it as it stands.

    People are reminded after `remind_at`, at once where that is past; without one they are told
    only when it is overdue.
    """
    obligation, _entered = Obligation.objects.get_or_create(
        customer=customer,
        key=key,
        defaults={
            "certificate": certificate,
            "kind": kind,
            "title": title[:TITLE_LENGTH],
            "owed_since": owed_since,
            "due_at": due_at,
            "remind_at": due_at if remind_at is None else min(remind_at, due_at),
        },
    )
    return obligation


@transaction.atomic
def deliver(*, obligation: Obligation, actor: User | None, at: datetime, proof: str) -> Obligation:
    """Record that what was owed was delivered, with the proof of it; None delivers by the rules."""
    locked = _open(obligation)
    locked.proof = _words(proof, field="proof", missing=_("Say what proves that it was delivered."))
    locked.delivered_at, locked.delivered_by = at, actor
    locked.save(update_fields=["proof", "delivered_at", "delivered_by"])
    return locked


@transaction.atomic
def waive(*, obligation: Obligation, actor: User | None, at: datetime, reason: str) -> Obligation:
    """Record that it is not owed any more, and why; None waives by the rules."""
    locked = _open(obligation)
    locked.reason = _words(reason, field="reason", missing=_("Say why it is not owed any more."))
    locked.waived_at, locked.waived_by = at, actor
    locked.save(update_fields=["reason", "waived_at", "waived_by"])
    return locked


def keep_registers(*, at: datetime) -> int:
    """Bring what every certificate owes up to an instant; return how many registers changed.

    Each certificate is a transaction of its own, so that one that fails holds up no other.
    """
    changed = looked_at = 0
    while batch := _candidates(looked_at, at):
        looked_at = batch[-1].pk
        for certificate in batch:
            if not _plan(certificate, at).is_empty:
                changed += _kept(certificate.pk, at)
    return changed


@transaction.atomic
def keep_register(*, certificate: Certificate, at: datetime) -> bool:
    """Enter what a certificate owes by an instant, settle the rest; return whether that changed it.

    A renewal is delivered when one is issued. What the agreement no longer says, and is not yet
    due, is waived by itself; owed anew, it is entered anew. Locks the certificate.
    """
    Certificate.objects.select_for_update(of=("self",), no_key=True).get(pk=certificate.pk)
    locked = _with_terms().get(pk=certificate.pk)
    plan = _plan(locked, at)
    for owed in plan.owed:
        owe(
            customer=locked.customer,
            certificate=locked,
            kind=owed.kind,
            key=owed.key,
            title=owed.title,
            owed_since=owed.owed_since,
            due_at=owed.due_at,
            remind_at=owed.remind_at,
            at=at,
        )
    for obligation in plan.waived:
        waive(obligation=obligation, actor=None, at=at, reason=_rule(locked))
    follower: Certificate | None = getattr(locked, "renewal", None)
    if follower is not None:
        for obligation in _open_of(locked).filter(kind=Obligation.Kind.RENEWAL):
            deliver(obligation=obligation, actor=None, at=at, proof=follower.number)
    return not plan.is_empty


def remind(*, at: datetime) -> int:
    """Publish `obligation.due_soon` and `obligation.overdue`, each once; return how many.

    Of both at once only the second. What somebody has locked waits for the next run.
    """
    told = 0
    for _batch in range(REMIND_BATCHES):
        reminded = _remind_batch(at)
        told += reminded
        if not reminded:
            break
    return told


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a register lacks, what of it is no longer owed, and whether a renewal was issued."""

    owed: Sequence[Owed]
    waived: Sequence[Obligation]
    is_renewed: bool

    @property
    def is_empty(self) -> bool:
        return not (self.owed or self.waived or self.is_renewed)


def _plan(certificate: Certificate, at: datetime) -> _Plan:
    entered = {row.key: row for row in certificate.obligations.all()}
    owed = [_anew(one, entered) for one in owed_by(certificate, at)]
    keys = {one.key for one in owed}
    standing = [row for row in entered.values() if row.is_open and row.kind in BY_AGREEMENT]
    return _Plan(
        owed=[one for one in owed if one.key not in entered],
        waived=[row for row in standing if row.key not in keys and at <= row.due_at],
        is_renewed=hasattr(certificate, "renewal")
        and any(row.kind == Obligation.Kind.RENEWAL for row in standing),
    )


def _anew(owed: Owed, entered: Mapping[str, Obligation]) -> Owed:
    """Return it under a key of its own where the rules had waived it before."""
    for key in (owed.key, *(f"{owed.key}/{count}" for count in range(2, ANEW_MOST))):
        row = entered.get(key)
        if row is None or row.waived_at is None or row.waived_by_id is not None:
            return replace(owed, key=key)
    return owed


def _rule(certificate: Certificate) -> Obligation.Rule:
    if certificate.revoked_at is not None:
        return Obligation.Rule.REVOKED
    return Obligation.Rule.NO_LONGER


def _candidates(after: int, at: datetime) -> list[Certificate]:
    """Return the next certificates that may owe something, or have something left to settle."""
    unsettled = Obligation.objects.filter(
        certificate=OuterRef("pk"), delivered_at=None, waived_at=None
    )
    owing = Q(valid_until__gte=(at - OWES_AFTER_END).date()) | Exists(unsettled)
    with staff_transaction():
        return list(_with_terms().filter(owing, pk__gt=after).order_by("pk")[:LOOK_BATCH])


def _with_terms() -> QuerySet[Certificate]:
    """Return certificates with all that `owed_by` reads, and what their registers hold."""
    by_agreement = Obligation.objects.filter(kind__in=BY_AGREEMENT)
    return Certificate.objects.select_related(
        "customer", "office", "programme", "renewal__programme"
    ).prefetch_related(Prefetch("obligations", by_agreement))


def _kept(key: int, at: datetime) -> int:
    try:
        with staff_transaction():
            return keep_register(certificate=Certificate.objects.get(pk=key), at=at)
    except Exception:
        logger.exception("The register of certificate %s could not be kept.", key)
        return 0


def _open_of(certificate: Certificate) -> QuerySet[Obligation]:
    return Obligation.objects.filter(certificate=certificate, delivered_at=None, waived_at=None)


def _open(obligation: Obligation) -> Obligation:
    """Return an obligation locked, if it is open still."""
    locked = Obligation.objects.select_for_update(no_key=True).get(pk=obligation.pk)
    if locked.delivered_at is not None:
        raise Conflict(_("It has been delivered already."))
    if locked.waived_at is not None:
        raise Conflict(_("It is not owed any more."))
    return locked


def _words(text: str, *, field: str, missing: str) -> str:
    words = text.strip()
    if not words:
        raise Refused(missing, field=field)
    return words[:WORDS_LENGTH]


def _remind_batch(at: datetime) -> int:
    with staff_transaction():
        due = Obligation.objects.filter(remind_at__lt=at, delivered_at=None, waived_at=None)
        locked = due.select_for_update(no_key=True, skip_locked=True)
        obligations = list(locked.order_by("remind_at", "pk")[:REMIND_BATCH])
        news = [_reminder(obligation, at) for obligation in obligations]
        Obligation.objects.bulk_update(obligations, ["remind_at"])
        publish_all(news)
    return len(obligations)


def _reminder(obligation: Obligation, at: datetime) -> News:
    """Return what is to be told of an obligation now, and note when the next is due."""
    overdue = obligation.is_overdue(at)
    obligation.remind_at = None if overdue else obligation.due_at
    return News(
        "obligation.overdue" if overdue else "obligation.due_soon",
        {"obligation": obligation.pk},
        at,
        stream=f"customer-{obligation.customer_id}",
    )
