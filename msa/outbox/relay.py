"""Bringing messages to their handlers: each pair of them once.

A handler is a plain function `handler(payload, *, at)`; `at` is when the message's event happened.
Its effects in the database and the mark that it is done are one transaction, so a crash at any
point leaves both or neither. Every attempt is counted in a transaction of its own beforehand:
a message that kills its worker is put off like one that raises, and holds nobody up.

Handlers are independent of each other: the order within a stream holds for each handler, and one
that fails delays its own later messages of that stream only, until it is done or has failed.
"""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.db import transaction

from msa.outbox.models import Delivery, Message, error_text

logger = logging.getLogger(__name__)


class Handler(Protocol):
    """A function at module level; its dotted name is what deliveries remember."""

    __qualname__: str

    def __call__(self, payload: Mapping[str, Any], /, *, at: datetime) -> None: ...


Handlers = Mapping[str, Sequence[Handler]]
Prepare = Callable[[], None]

# The pauses after each failed attempt. The first is one tick, for deadlocks and lost connections;
# all of them together are under an hour, because a fault that outlives it wants a person, and the
# stream behind it wants to move on.
PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
)
ATTEMPTS: Final = len(PAUSES) + 1
# Messages turned into deliveries at a time: the transaction stays a few milliseconds long.
FAN_OUT_BATCH: Final = 100
# Some seconds of work at a few milliseconds each: far below the time limit of a task.
RUN_LIMIT: Final = 500

# In SQL because it runs for every delivery and every tick: the ORM takes three times as long to
# write this down as the database to answer it.
_NEXT: Final = """
    select delivery.*
    from outbox_delivery delivery
    where done_at is null
      and failed_at is null
      and (%(due_at)s::timestamptz is null or retry_at is null or retry_at <= %(due_at)s)
      and (stream = '' or not exists (
          select from outbox_delivery elder
          where elder.done_at is null
            and elder.failed_at is null
            and elder.handler = delivery.handler
            and elder.stream = delivery.stream
            and elder.stream <> ''
            and elder.message_id < delivery.message_id))
    order by message_id, id
    limit 1
    for no key update skip locked
"""


def deliver_due(
    handlers: Handlers,
    *,
    at: datetime,
    prepare: Prepare | None = None,
    limit: int = RUN_LIMIT,
) -> int:
    """Attempt what is due, oldest first, and return how many deliveries that were (<= `limit`).

    What handlers publish is delivered in the same run. `prepare` is called first in every
    transaction. Several workers may run this at once: what one has locked, the others pass over.
    Must not be called inside a transaction (RuntimeError).
    """
    by_name = _by_name(handlers)
    for attempted in range(limit):
        with transaction.atomic(durable=True):
            _begin(prepare)
            _fan_out(handlers)
            delivery = _claim(at=at)
        if delivery is None:
            return attempted
        _attempt(delivery, by_name, at=at, prepare=prepare)
    return limit


def drain(handlers: Handlers, *, prepare: Prepare | None = None) -> int:
    """Deliver everything inside the caller's transaction, and return how many deliveries it was.

    For the player of scenarios, whose whole story is one transaction: pauses are ignored, nothing
    is counted or committed, and what a handler raises is raised here. A delivery is marked as done
    at the instant of its message.
    """
    by_name = _by_name(handlers)
    for delivered in itertools.count():
        _begin(prepare)
        _fan_out(handlers)
        delivery = _next(due_at=None)
        if delivery is None:
            return delivered
        message = delivery.message
        by_name[delivery.handler](message.payload, at=message.occurred_at)
        _mark_done(delivery, at=message.occurred_at)
    raise AssertionError("unreachable: count() has no end")


def _by_name(handlers: Handlers) -> dict[str, Handler]:
    return {_name(handler): handler for listed in handlers.values() for handler in listed}


def _name(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def _begin(prepare: Prepare | None) -> None:
    if prepare is not None:
        prepare()


def _fan_out(handlers: Handlers) -> None:
    """Write a delivery for each handler of each new message.

    The lock is waited for, not skipped: a worker that skipped would find the later message of a
    stream without its elder.
    """
    new = list(
        Message.objects.select_for_update(no_key=True)
        .filter(fanned_out=False)
        .order_by("id")[:FAN_OUT_BATCH]
    )
    if not new:
        return
    Delivery.objects.bulk_create(
        Delivery(message=message, handler=name, stream=message.stream)
        for message in new
        for name in dict.fromkeys(map(_name, handlers.get(message.topic, ())))
    )
    Message.objects.filter(pk__in=[message.pk for message in new]).update(fanned_out=True)


def _claim(*, at: datetime) -> Delivery | None:
    """Count an attempt at the next due delivery, and put the one after it off."""
    delivery = _next(due_at=at)
    if delivery is None:
        return None
    delivery.attempts += 1
    delivery.retry_at = at + PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
    delivery.save(update_fields=["attempts", "retry_at"])
    return delivery


def _next(*, due_at: datetime | None) -> Delivery | None:
    """Lock and return the oldest that waits and is the first of its stream for its handler.

    Without `due_at` pauses are ignored.
    """
    return next(iter(Delivery.objects.raw(_NEXT, {"due_at": due_at})), None)


def _attempt(
    delivery: Delivery, by_name: Mapping[str, Handler], *, at: datetime, prepare: Prepare | None
) -> None:
    """Run the handler and record how it ended, in one transaction that holds the delivery."""
    with transaction.atomic(durable=True):
        _begin(prepare)
        if not _still_ours(delivery):
            return
        message = delivery.message
        try:
            with transaction.atomic():
                by_name[delivery.handler](message.payload, at=message.occurred_at)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its row's matter
            _mark_failed_attempt(delivery, error, at=at)
        else:
            _mark_done(delivery, at=at)


def _still_ours(delivery: Delivery) -> bool:
    """Lock the delivery; false when a worker whose clock runs ahead has claimed it since.

    The lock is waited for: a worker that looked for its next delivery just when this one was
    claimed holds it for the rest of its claim, though it passed it over.
    """
    claimed = Delivery.objects.select_for_update(no_key=True).filter(
        pk=delivery.pk, attempts=delivery.attempts, done_at=None, failed_at=None
    )
    return claimed.first() is not None


def _mark_done(delivery: Delivery, *, at: datetime) -> None:
    delivery.done_at = at
    delivery.save(update_fields=["done_at"])


def _mark_failed_attempt(delivery: Delivery, error: Exception, *, at: datetime) -> None:
    final = delivery.attempts >= ATTEMPTS
    logger.log(
        logging.ERROR if final else logging.WARNING,
        "%s, attempt %d of %d",
        delivery,
        delivery.attempts,
        ATTEMPTS,
        exc_info=error,
    )
    delivery.last_error = error_text(error)
    delivery.failed_at = at if final else None
    delivery.save(update_fields=["last_error", "failed_at"])
