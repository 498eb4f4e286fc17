import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from threading import Thread

import pytest

from msa import clock

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def test_now_is_the_real_time_in_utc_cut_to_whole_seconds() -> None:
    before = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - what the clock is held against
    now = clock.now()
    after = datetime.now(UTC)  # noqa: TID251 - the same
    assert before <= now <= after
    assert now.tzinfo is UTC
    assert now.microsecond == 0


def test_at_fixes_the_time_inside_the_block_only() -> None:
    with clock.at(NEW_YEAR) as fixed:
        assert fixed == NEW_YEAR
        assert clock.now() == NEW_YEAR
    assert clock.now() > NEW_YEAR


def test_blocks_nest_and_end_when_something_is_raised() -> None:
    def fail() -> None:
        with clock.at(NEW_YEAR + timedelta(days=1)):
            assert clock.now() == datetime(2026, 1, 2, tzinfo=UTC)
            raise LookupError

    with clock.at(NEW_YEAR):
        with pytest.raises(LookupError):
            fail()
        assert clock.now() == NEW_YEAR


def test_at_cuts_to_whole_seconds_and_moves_to_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    with clock.at(datetime(2026, 1, 1, 8, 0, 59, 999_999, tzinfo=shanghai)):
        assert clock.now() == datetime(2026, 1, 1, 0, 0, 59, tzinfo=UTC)
        assert clock.now().tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    with (
        pytest.raises(ValueError, match="has no time zone"),
        clock.at(datetime(2026, 1, 1)),  # noqa: DTZ001 - the point
    ):
        pass


def test_another_thread_sees_the_real_time() -> None:
    seen: list[datetime] = []
    with clock.at(NEW_YEAR):
        thread = Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert len(seen) == 1
    assert seen[0] > NEW_YEAR


def test_the_clock_does_not_load_celery() -> None:
    code = "import sys, msa.clock; print([m for m in ('celery', 'django') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
