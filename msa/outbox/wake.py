"""Telling the workers, after a commit, that there is something to do.

A wake only saves waiting: what it would have started is found by the next sweep anyway.
"""

from collections.abc import Callable
from typing import Literal

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

Lane = Literal["relay", "mail"]


def on_commit(lane: Lane) -> None:
    """Call `settings.OUTBOX_WAKE(lane)` once after the transaction, however often asked for."""
    ring = _BELLS[lane]
    # An entry of a savepoint that was rolled back has left this list, so it is asked for anew.
    if not any(ring in entry for entry in connection.run_on_commit):
        transaction.on_commit(ring, robust=True)


def _ring_relay() -> None:
    _ring("relay")


def _ring_mail() -> None:
    _ring("mail")


_BELLS: dict[Lane, Callable[[], None]] = {"relay": _ring_relay, "mail": _ring_mail}


def _ring(lane: Lane) -> None:
    if settings.OUTBOX_WAKE:
        import_string(settings.OUTBOX_WAKE)(lane)
