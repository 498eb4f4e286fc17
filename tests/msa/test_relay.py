from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from msa.outbox import relay
from msa.outbox.actions import publish, retry_delivery
from msa.outbox.models import Delivery, Message
from tests.msa.outbox import EVENT, NOON, Killed, in_parallel, seconds


@pytest.fixture(autouse=True)
def nobody_wakes(settings):
    settings.OUTBOX_WAKE = ""


def tell(topic: str, number: int, stream: str = "") -> None:
    with transaction.atomic():
        publish(topic, {"number": number}, at=EVENT, stream=stream)


def leave(effect: str, payload: Mapping[str, Any], at: datetime) -> None:
    """Leave a trace in the database, as the effect of a handler."""
    publish("effect", {"by": effect, "number": payload["number"]}, at=at)


def effects() -> list[tuple[str, int]]:
    rows = Message.objects.filter(topic="effect").order_by("id")
    return [(row.payload["by"], row.payload["number"]) for row in rows]


def route(payload: Mapping[str, Any], *, at: datetime) -> None:
    leave("route", payload, at)


def notify(payload: Mapping[str, Any], *, at: datetime) -> None:
    leave("notify", payload, at)


def stumble(payload: Mapping[str, Any], *, at: datetime) -> None:
    leave("stumble", payload, at)
    raise ValueError(f"cannot take {payload['number']}\x00")


@pytest.mark.django_db
def test_each_handler_gets_each_message_once_in_order() -> None:
    for number in (1, 2):
        tell("filed", number)
    handlers = {"filed": [route, notify, route]}
    assert relay.deliver_due(handlers, at=NOON) == 4
    assert effects() == [("route", 1), ("notify", 1), ("route", 2), ("notify", 2)]
    assert relay.deliver_due(handlers, at=NOON) == 0
    assert set(Delivery.objects.values_list("attempts", "done_at", "failed_at")) == {
        (1, NOON, None)
    }


@pytest.mark.django_db
def test_a_handler_hears_the_payload_and_when_it_happened() -> None:
    heard: list[tuple[Mapping[str, Any], datetime]] = []

    def listen(payload: Mapping[str, Any], *, at: datetime) -> None:
        heard.append((payload, at))

    tell("filed", 7)
    relay.deliver_due({"filed": [listen]}, at=NOON)
    assert heard == [({"number": 7}, EVENT)]


@pytest.mark.django_db
def test_a_message_for_nobody_is_done_with() -> None:
    tell("filed", 1)
    assert relay.deliver_due({"closed": [route]}, at=NOON) == 0
    assert Message.objects.get().fanned_out is True
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
def test_what_a_handler_publishes_is_delivered_in_the_same_run() -> None:
    def pass_on(payload: Mapping[str, Any], *, at: datetime) -> None:
        publish("routed", payload, at=at)

    tell("filed", 1)
    assert relay.deliver_due({"filed": [pass_on], "routed": [notify]}, at=NOON) == 2
    assert effects() == [("notify", 1)]


@pytest.mark.django_db
def test_a_run_ends_at_its_limit() -> None:
    for number in (1, 2, 3):
        tell("filed", number)
    assert relay.deliver_due({"filed": [route]}, at=NOON, limit=2) == 2
    assert effects() == [("route", 1), ("route", 2)]


@pytest.mark.django_db
def test_more_messages_than_one_fan_out_takes(monkeypatch) -> None:
    monkeypatch.setattr(relay, "FAN_OUT_BATCH", 2)
    for number in range(5):
        tell("filed", number)
    assert relay.deliver_due({"filed": [route]}, at=NOON) == 5
    assert effects() == [("route", number) for number in range(5)]


@pytest.mark.django_db
def test_a_failing_handler_loses_its_effects_and_holds_nobody_up() -> None:
    tell("filed", 1)
    assert relay.deliver_due({"filed": [stumble, route]}, at=NOON) == 2
    assert effects() == [("route", 1)]
    failed = Delivery.objects.get(handler="tests.msa.test_relay.stumble")
    assert failed.attempts == 1
    assert failed.retry_at == seconds(15)
    assert failed.last_error == "ValueError: cannot take 1"
    assert failed.done_at is None
    assert failed.failed_at is None


@pytest.mark.django_db
def test_pauses_grow_and_after_six_attempts_it_has_failed() -> None:
    tell("filed", 1)
    handlers = {"filed": [stumble]}
    due = [0, 15, 75, 375, 1275, 3075]
    for attempt, second in enumerate(due, start=1):
        if attempt > 1:
            assert relay.deliver_due(handlers, at=seconds(second - 1)) == 0
        assert relay.deliver_due(handlers, at=seconds(second)) == 1
        assert Delivery.objects.get().attempts == attempt
        assert Delivery.objects.get().failed_at == (seconds(3075) if attempt == 6 else None)
    assert relay.deliver_due(handlers, at=NOON + timedelta(days=9)) == 0


@pytest.mark.django_db
def test_a_failed_delivery_can_be_given_its_attempts_again() -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [stumble]}, at=NOON)
    Delivery.objects.update(attempts=6, failed_at=NOON, handler="tests.msa.test_relay.route")
    retry_delivery(Delivery.objects.get())
    assert relay.deliver_due({"filed": [route]}, at=NOON) == 1
    assert effects() == [("route", 1)]
    assert Delivery.objects.get().done_at == NOON


@pytest.mark.django_db
def test_only_a_failed_delivery_can_be_retried() -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [route]}, at=NOON)
    retry_delivery(Delivery.objects.get())
    assert relay.deliver_due({"filed": [route]}, at=NOON) == 0
    assert effects() == [("route", 1)]


@pytest.mark.django_db
def test_a_stream_waits_for_its_elder_at_that_handler_only() -> None:
    for number, stream in ((1, "INC-1"), (2, "INC-1"), (3, "INC-2")):
        tell("filed" if number == 1 else "answered", number, stream)
    fails = [True]

    def ordered(payload: Mapping[str, Any], *, at: datetime) -> None:
        if payload["number"] == 1 and fails:
            raise ValueError("not yet")
        leave("ordered", payload, at)

    handlers = {"filed": [ordered, notify], "answered": [ordered, notify]}
    relay.deliver_due(handlers, at=NOON)
    assert effects() == [("notify", 1), ("notify", 2), ("ordered", 3), ("notify", 3)]
    fails.clear()
    relay.deliver_due(handlers, at=seconds(15))
    assert effects()[4:] == [("ordered", 1), ("ordered", 2)]


@pytest.mark.django_db
def test_a_stream_moves_on_when_its_elder_has_failed() -> None:
    tell("filed", 1, "INC-1")
    tell("answered", 2, "INC-1")
    handlers = {"filed": [stumble], "answered": [stumble]}
    relay.deliver_due(handlers, at=NOON)
    assert list(Delivery.objects.order_by("id").values_list("attempts", flat=True)) == [1, 0]
    Delivery.objects.filter(message__topic="filed").update(attempts=5)
    assert relay.deliver_due(handlers, at=seconds(15)) == 2
    assert list(
        Delivery.objects.order_by("id").values_list("attempts", "failed_at", "last_error")
    ) == [(6, seconds(15), "ValueError: cannot take 1"), (1, None, "ValueError: cannot take 2")]


@pytest.mark.django_db
def test_a_handler_that_is_gone_is_an_error_like_another() -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [stumble]}, at=NOON)
    assert relay.deliver_due({"filed": [route]}, at=seconds(15)) == 1
    assert effects() == []
    assert Delivery.objects.get().last_error == "KeyError: 'tests.msa.test_relay.stumble'"


@pytest.mark.django_db(transaction=True)
def test_every_transaction_begins_with_the_preparation() -> None:
    def staff() -> str:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('app.staff', true)")
            return str(cursor.fetchone()[0])

    def prepare() -> None:
        transactions.append(len(transactions))
        with connection.cursor() as cursor:
            cursor.execute("select set_config('app.staff', 'on', true)")

    def look(payload: Mapping[str, Any], *, at: datetime) -> None:
        seen.append(staff())

    transactions: list[int] = []
    seen: list[str] = []
    tell("filed", 1)
    with connection.cursor() as cursor:  # of the session: the test's own sight
        cursor.execute("select set_config('app.staff', '', false)")
    relay.deliver_due({"filed": [look]}, at=NOON, prepare=prepare)
    assert seen == ["on"]
    assert transactions == [0, 1, 2]  # claim, attempt, and a claim that finds nothing
    assert staff() == ""


@pytest.mark.django_db(transaction=True)
def test_a_kill_inside_a_handler_leaves_no_effect_and_costs_one_pause() -> None:
    def dies(payload: Mapping[str, Any], *, at: datetime) -> None:
        leave("dies", payload, at)
        if kills:
            raise Killed

    kills = [True]
    tell("filed", 1)
    tell("filed", 2)
    handlers = {"filed": [dies]}
    with pytest.raises(Killed):
        relay.deliver_due(handlers, at=NOON)
    assert effects() == []
    kills.clear()
    # The one that killed its worker is put off, so that it cannot hold up the others for ever.
    assert relay.deliver_due(handlers, at=NOON) == 1
    assert effects() == [("dies", 2)]
    assert relay.deliver_due(handlers, at=seconds(15)) == 1
    assert effects() == [("dies", 2), ("dies", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_kill_between_effect_and_mark_leaves_neither(monkeypatch) -> None:
    def killed(delivery: Delivery, *, at: datetime) -> None:
        raise Killed

    tell("filed", 1)
    with monkeypatch.context() as patched:
        patched.setattr(relay, "_mark_done", killed)
        with pytest.raises(Killed):
            relay.deliver_due({"filed": [route]}, at=NOON)
    assert effects() == []
    assert relay.deliver_due({"filed": [route]}, at=seconds(15)) == 1
    assert effects() == [("route", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_kill_between_claim_and_attempt_loses_nothing(monkeypatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Killed

    tell("filed", 1)
    with monkeypatch.context() as patched:
        patched.setattr(relay, "_attempt", killed)
        with pytest.raises(Killed):
            relay.deliver_due({"filed": [route]}, at=NOON)
    assert relay.deliver_due({"filed": [route]}, at=seconds(14)) == 0
    assert relay.deliver_due({"filed": [route]}, at=seconds(15)) == 1
    assert effects() == [("route", 1)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_deliver_everything_once_and_each_stream_in_order() -> None:
    for number in range(40):
        tell("filed", number, f"INC-{number % 4}")
    handlers = {"filed": [route, notify]}
    attempted: list[int] = []
    start = Barrier(2)

    def work() -> None:
        start.wait(timeout=10)
        attempted.append(relay.deliver_due(handlers, at=NOON))

    in_parallel(work, work)
    attempted.append(relay.deliver_due(handlers, at=NOON))  # what both passed over at the end
    assert sum(attempted) == 80
    assert sorted(effects()) == sorted(
        (name, number) for name in ("route", "notify") for number in range(40)
    )
    for name in ("route", "notify"):
        for stream in range(4):
            order = [n for by, n in effects() if by == name and n % 4 == stream]
            assert order == list(range(stream, 40, 4))


@pytest.mark.django_db(transaction=True)
def test_a_claim_overtaken_by_a_worker_whose_clock_runs_ahead_is_given_up(monkeypatch) -> None:
    attempt = relay._attempt

    def overtaken(*arguments: Any, **named: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(relay, "_attempt", attempt)
            relay.deliver_due({"filed": [route]}, at=seconds(60))
        attempt(*arguments, **named)

    tell("filed", 1)
    monkeypatch.setattr(relay, "_attempt", overtaken)
    relay.deliver_due({"filed": [route]}, at=NOON)
    assert effects() == [("route", 1)]


@pytest.mark.django_db(transaction=True)
def test_the_relay_refuses_to_run_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable atomic block"):
        relay.deliver_due({}, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_an_idle_run_asks_twice(django_assert_num_queries) -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [route]}, at=NOON)
    with django_assert_num_queries(4):  # begin, new messages, due deliveries, commit
        assert relay.deliver_due({"filed": [route]}, at=NOON) == 0


# --- drain ------------------------------------------------------------


@pytest.mark.django_db
def test_drain_delivers_everything_at_the_instant_of_the_message() -> None:
    def pass_on(payload: Mapping[str, Any], *, at: datetime) -> None:
        publish("routed", payload, at=at)

    tell("filed", 1, "INC-1")
    tell("filed", 2, "INC-1")
    assert relay.drain({"filed": [pass_on], "routed": [notify]}) == 4
    assert effects() == [("notify", 1), ("notify", 2)]
    assert set(Delivery.objects.values_list("attempts", "retry_at", "done_at")) == {
        (0, None, EVENT)
    }


@pytest.mark.django_db
def test_drain_raises_what_a_handler_raises() -> None:
    tell("filed", 1)
    with pytest.raises(ValueError, match="cannot take 1"), transaction.atomic():
        relay.drain({"filed": [stumble]})
    assert effects() == []
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
def test_drain_does_not_wait_for_a_pause() -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [stumble]}, at=NOON)
    Delivery.objects.update(handler="tests.msa.test_relay.route")
    assert relay.drain({"filed": [route]}) == 1
    assert Delivery.objects.get().retry_at == seconds(15)


@pytest.mark.django_db
def test_drain_prepares_before_every_delivery() -> None:
    calls: list[str] = []

    def listen(payload: Mapping[str, Any], *, at: datetime) -> None:
        calls.append("handled")

    tell("filed", 1)
    relay.drain({"filed": [listen]}, prepare=lambda: calls.append("prepared"))
    assert calls == ["prepared", "handled", "prepared"]


# --- constraints ------------------------------------------------------------


@pytest.mark.django_db
def test_a_pair_of_message_and_handler_is_one_row() -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [route]}, at=NOON)
    with pytest.raises(IntegrityError, match="outbox_delivery_once_per_handler"):
        Delivery.objects.create(
            message=Message.objects.get(topic="filed"), handler="tests.msa.test_relay.route"
        )


@pytest.mark.django_db
def test_nothing_is_both_done_and_failed() -> None:
    tell("filed", 1)
    relay.deliver_due({"filed": [route]}, at=NOON)
    with pytest.raises(IntegrityError, match="outbox_delivery_one_end"):
        Delivery.objects.update(failed_at=F("done_at"))
