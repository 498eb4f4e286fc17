from datetime import datetime
from threading import Barrier

import pytest

from msa.outbox import heartbeat
from msa.outbox.models import Gap, Heartbeat
from tests.msa.outbox import NOON, in_parallel, seconds


@pytest.mark.django_db
def test_regular_beats_leave_no_gap() -> None:
    for second in (0, 15, 30, 60):
        assert heartbeat.beat(at=seconds(second)) is None
    assert list(Heartbeat.objects.values_list("at", flat=True)) == [seconds(60)]
    assert Gap.objects.count() == 0


@pytest.mark.django_db
def test_more_than_two_periods_of_silence_are_a_gap() -> None:
    heartbeat.beat(at=NOON)
    heartbeat.beat(at=seconds(31))
    assert list(Gap.objects.values_list("began_at", "ended_at")) == [(NOON, seconds(31))]


@pytest.mark.django_db
def test_a_beat_from_the_past_changes_nothing() -> None:
    heartbeat.beat(at=seconds(60))
    assert heartbeat.beat(at=NOON) is None
    assert heartbeat.beat(at=seconds(60)) is None
    assert Heartbeat.objects.get().at == seconds(60)
    assert Gap.objects.count() == 0


@pytest.mark.django_db
def test_the_gaps_of_a_period() -> None:
    for second in (0, 100, 200):
        heartbeat.beat(at=seconds(second))

    def found(since: int, until: int, at: int) -> list[tuple[datetime, datetime]]:
        gaps = heartbeat.gaps(since=seconds(since), until=seconds(until), at=seconds(at))
        return [(gap.began_at, gap.ended_at) for gap in gaps]

    one = (seconds(0), seconds(100))
    two = (seconds(100), seconds(200))
    lasting = (seconds(200), seconds(231))
    assert found(0, 300, 230) == [one, two]
    assert found(0, 300, 231) == [one, two, lasting]
    assert found(0, 200, 231) == [one, two]
    assert found(100, 200, 231) == [two]
    assert found(0, 100, 231) == [one]
    assert found(210, 220, 231) == [lasting]


@pytest.mark.django_db(transaction=True)
def test_two_workers_beat_at_once() -> None:
    heartbeat.beat(at=NOON)
    start = Barrier(2)

    def beat() -> None:
        start.wait(timeout=10)
        heartbeat.beat(at=seconds(90))

    in_parallel(beat, beat)
    assert list(Gap.objects.values_list("began_at", "ended_at")) == [(NOON, seconds(90))]
