"""Quiet hours and the hour of the digest, by the clock on the wall."""

from datetime import UTC, datetime, time

import pytest

from accounts.notices.quiet import next_instant, quiet_until

PARIS = "Europe/Paris"  # 2026: forward on 29 March at 02:00, back on 25 October at 03:00
NIGHT = (time(22), time(7))
NOON = (time(12), time(13, 30))


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "hours", "expected"),
    [
        (utc(2026, 3, 2, 20, 59, 59), NIGHT, None),  # 21:59:59
        (utc(2026, 3, 2, 21), NIGHT, utc(2026, 3, 3, 6)),  # 22:00, until 07:00 tomorrow
        (utc(2026, 3, 3, 2), NIGHT, utc(2026, 3, 3, 6)),
        (utc(2026, 3, 3, 5, 59, 59), NIGHT, utc(2026, 3, 3, 6)),
        (utc(2026, 3, 3, 6), NIGHT, None),
        (utc(2026, 3, 2, 11), NOON, utc(2026, 3, 2, 12, 30)),
        (utc(2026, 3, 2, 12, 30), NOON, None),
        # The night of the clock change is an hour shorter, or longer.
        (utc(2026, 3, 28, 22), NIGHT, utc(2026, 3, 29, 5)),
        (utc(2026, 10, 24, 21), NIGHT, utc(2026, 10, 25, 6)),
        # An end that does not exist comes with the change.
        (utc(2026, 3, 29, 0, 15), (time(1), time(2, 30)), utc(2026, 3, 29, 1)),
        (utc(2026, 3, 29, 1), (time(1), time(2, 30)), None),
        # An hour that comes twice is quiet twice.
        (utc(2026, 10, 25, 0), (time(1), time(2, 30)), utc(2026, 10, 25, 0, 30)),
        (utc(2026, 10, 25, 0, 45), (time(1), time(2, 30)), None),
        (utc(2026, 10, 25, 1, 15), (time(1), time(2, 30)), utc(2026, 10, 25, 1, 30)),
    ],
)
def test_quiet_hours_end(at: datetime, hours: tuple[time, time], expected: datetime | None) -> None:
    assert quiet_until(at, PARIS, *hours) == expected


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        (utc(2026, 3, 2, 6, 59), PARIS, utc(2026, 3, 2, 7)),
        (utc(2026, 3, 2, 7), PARIS, utc(2026, 3, 3, 7)),
        (utc(2026, 3, 28, 8), PARIS, utc(2026, 3, 29, 6)),
        (utc(2026, 10, 24, 8), PARIS, utc(2026, 10, 25, 7)),
        (utc(2026, 3, 2, 7), "Asia/Kathmandu", utc(2026, 3, 3, 2, 15)),
        (utc(2026, 3, 2, 7), "America/Montreal", utc(2026, 3, 2, 13)),
    ],
)
def test_eight_o_clock(at: datetime, zone: str, expected: datetime) -> None:
    assert next_instant(at, zone, time(8)) == expected


def test_a_time_that_the_clock_skips_moves_forward() -> None:
    assert next_instant(utc(2026, 3, 29, 0), PARIS, time(2, 30)) == utc(2026, 3, 29, 1, 30)
