"""Two people act on one incident at the same time: one wins, the other is told."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.errors import Changed, Conflict
from accounts.tenancy import staff_transaction
from incidents.actions import answering, responding
from incidents.actions.deadlines import sweep
from incidents.models import Clock, Deadline, Incident, JournalEntry
from tests.conftest import MONDAY_NINE, make_cast

LATER = MONDAY_NINE + timedelta(minutes=10)


@pytest.mark.django_db
def test_who_writes_without_having_seen_it_is_told_what_happened(cast):
    incident = cast.file()
    seen = incident.journal_length
    responding.ask_customer(incident=incident, actor=cast.tess, text="Which version?", at=LATER)
    with pytest.raises(Changed, match="Meanwhile Tess acted on this incident"):
        responding.respond(
            incident=incident, actor=cast.tom, text="We look.", at=LATER, unchanged_since=seen
        )


@pytest.mark.django_db(transaction=True)
def test_of_accepting_and_declining_at_once_one_wins():
    with staff_transaction():
        cast = make_cast()
        incident = cast.file()
        responding.offer_solution(incident=incident, actor=cast.tom, text="Try this.", at=LATER)
    barrier = Barrier(2)
    outcomes = []

    def act(action, person):
        barrier.wait()
        try:
            with staff_transaction():
                action(incident=incident, actor=person, text="…", at=LATER)
            outcomes.append("done")
        except Conflict:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [
        Thread(target=act, args=[answering.accept, cast.alice]),
        Thread(target=act, args=[answering.decline, cast.bob]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "told"]


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_fire_each_deadline_once():
    with staff_transaction():
        cast = make_cast()
        incidents = [cast.file("product-network-down") for _ in range(12)]
    barrier = Barrier(4)
    fired = []

    def run():
        barrier.wait()
        try:
            fired.append(sweep(at=MONDAY_NINE + timedelta(hours=1)))
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fired) == 36  # two warnings and a breach each
    with staff_transaction():
        assert JournalEntry.objects.filter(kind="clock_breached").count() == 12
        assert set(Clock.objects.values_list("breached_at", flat=True)) == {
            MONDAY_NINE + timedelta(minutes=30)
        }
        assert Deadline.objects.count() == 0
        assert Incident.objects.filter(queue_tier=0).count() == len(incidents)
