"""What the tests of the outbox have in common."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from django.db import connection

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVENT = datetime(2026, 3, 4, 11, 59, 30, tzinfo=UTC)

wakes: list[str] = []


class Killed(BaseException):
    """Ends the work as a kill does: nothing in the code under test may catch it."""


def seconds(number: int) -> datetime:
    return NOON + timedelta(seconds=number)


def note_wake(lane: str) -> None:
    wakes.append(lane)


def broken_wake(lane: str) -> None:
    raise ConnectionError("no broker")


def in_parallel(*jobs: Callable[[], Any]) -> None:
    """Run each job in a thread with a database connection of its own."""

    def run(job: Callable[[], Any]) -> None:
        try:
            job()
        finally:
            connection.close()

    threads = [Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
