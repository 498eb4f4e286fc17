"""Publishing, putting right and purging."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from msa.outbox import wake
from msa.outbox.models import Delivery, Email, Message

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None

# A month answers "was this told to them?" for every regular report; after that the journal does.
KEEP_DONE: Final = timedelta(days=30)
# What failed waits for an administrator, but not for ever: nobody acts on it after a year.
KEEP_FAILED: Final = timedelta(days=365)
# Rows per transaction, and batches per run: short locks, and a run of seconds at the worst.
PURGE_BATCH: Final = 500
PURGE_BATCHES: Final = 200


_caught: ContextVar["deque[News] | None"] = ContextVar("caught", default=None)


@dataclass(frozen=True, slots=True)
class News:
    """A message to be: messages of one `stream` reach each handler one after the other."""

    topic: str
    payload: Mapping[str, JSON]
    at: datetime
    stream: str = ""


def publish(topic: str, payload: Mapping[str, JSON], *, at: datetime, stream: str = "") -> None:
    """Write a message in the caller's transaction and wake the relay once that commits.

    Messages of one `stream` (an incident's reference) reach each handler one after the other. Their
    order is that of publishing, as long as their publishers hold a lock in common.
    Raises TransactionManagementError outside a transaction: change and message stand or fall
    together.
    """
    publish_all([News(topic, payload, at, stream)])


def publish_all(news: Iterable[News]) -> None:
    """Write several messages in their order, as `publish` does one."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("publish() needs a transaction around it.")
    caught = _caught.get()
    if caught is not None:
        caught.extend(news)
        return
    Message.objects.bulk_create(
        Message(topic=item.topic, payload=item.payload, occurred_at=item.at, stream=item.stream)
        for item in news
    )
    wake.on_commit("relay")


@contextmanager
def catch() -> Iterator[deque[News]]:
    """Gather what the block publishes, instead of writing it down.

    For a transaction that will be rolled back: who opens the block hands the news on.
    """
    caught: deque[News] = deque()
    token = _caught.set(caught)
    try:
        yield caught
    finally:
        _caught.reset(token)


def retry_delivery(delivery: Delivery) -> None:
    """Give a failed delivery all its attempts again; what is waiting or done stays as it is.

    It comes after the later messages of its stream that were delivered meanwhile.
    """
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk, failed_at__isnull=False).update(
            attempts=0, retry_at=None, failed_at=None
        )
        wake.on_commit("relay")


def purge(*, at: datetime) -> int:
    """Delete messages and mails that nobody needs any more; return how many of both."""
    return _purge_messages(at=at) + _purge_emails(at=at)


def _purge_messages(*, at: datetime) -> int:
    waiting = Delivery.objects.filter(message=OuterRef("pk"), done_at=None, failed_at=None)
    failed = Delivery.objects.filter(message=OuterRef("pk"), failed_at__isnull=False)
    return _delete_in_batches(
        Message.objects.filter(
            ~Exists(waiting),
            ~Exists(failed) | Q(occurred_at__lt=at - KEEP_FAILED),
            occurred_at__lt=at - KEEP_DONE,
            fanned_out=True,
        )
    )


def _purge_emails(*, at: datetime) -> int:
    return _delete_in_batches(
        Email.objects.filter(Q(sent_at__lt=at - KEEP_DONE) | Q(failed_at__lt=at - KEEP_FAILED))
    )


def _delete_in_batches(rows: QuerySet[Message] | QuerySet[Email]) -> int:
    deleted = 0
    for _ in range(PURGE_BATCHES):
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:PURGE_BATCH])
        rows.filter(pk__in=batch).delete()
        deleted += len(batch)
        if len(batch) < PURGE_BATCH:
            break
    return deleted
