"""How near the end of a certificate is: when people are warned of it (SPEC 3). Pure."""

from datetime import date
from typing import Final

WARNING_DAYS: Final = (90, 30, 7)  # before the last day, in the office's zone


def days_left(last_day: date, today: date) -> int:
    """Return how many days follow today until the last one; below zero: the end is past."""
    return (last_day - today).days


def warning_due(days: int) -> int | None:
    """Return the tightest warning that is due with `days` left; None: none is."""
    return min((warning for warning in WARNING_DAYS if 0 <= days <= warning), default=None)
