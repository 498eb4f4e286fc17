"""The only place that asks what time it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """Return the instant in UTC, cut to whole seconds (SPEC 6)."""
    return _fixed.get() or whole(datetime.now(UTC))  # noqa: TID251 - the one place that may


@contextmanager
def at(instant: datetime) -> Iterator[datetime]:
    """Make `now()` answer `instant`, cut to whole seconds, inside the block.

    Holds for the current context only: a thread that is started inside sees the real time.
    Raises ValueError for a naive instant.
    """
    fixed = whole(instant)
    token = _fixed.set(fixed)
    try:
        yield fixed
    finally:
        _fixed.reset(token)


def whole(instant: datetime) -> datetime:
    """Return `instant` in UTC, cut to whole seconds. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    return instant.astimezone(UTC).replace(microsecond=0)
