import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from msa.outbox.actions import publish, purge
from msa.outbox.models import Delivery, Email, Message
from tests.msa.outbox import EVENT, NOON, Killed
from tests.msa.outbox import wakes as noted


@pytest.fixture
def wakes(settings):
    settings.OUTBOX_WAKE = "tests.msa.outbox.note_wake"
    noted.clear()
    return noted


def tell_in_vain(number: int) -> None:
    with transaction.atomic():
        publish("filed", {"number": number}, at=EVENT)
        raise Killed


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError, match="needs a transaction"):
        publish("filed", {"number": 1}, at=EVENT)
    assert Message.objects.count() == 0


@pytest.mark.django_db
def test_a_message_is_written_as_given() -> None:
    publish("filed", {"number": 1, "of": ["a", None]}, at=EVENT, stream="INC-1")
    assert list(
        Message.objects.values_list("topic", "payload", "occurred_at", "stream", "fanned_out")
    ) == [("filed", {"number": 1, "of": ["a", None]}, EVENT, "INC-1", False)]


@pytest.mark.django_db
def test_a_payload_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="datetime is not JSON serializable"):
        publish("filed", {"at": EVENT}, at=EVENT)  # type: ignore[dict-item]


@pytest.mark.django_db(transaction=True)
def test_many_messages_of_one_transaction_wake_once(wakes) -> None:
    with transaction.atomic():
        for number in range(3):
            publish("filed", {"number": number}, at=EVENT)
        assert wakes == []
    assert wakes == ["relay"]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_told(wakes) -> None:
    with pytest.raises(Killed):
        tell_in_vain(1)
    assert Message.objects.count() == 0
    assert wakes == []


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_rolled_back_takes_its_wake_but_no_other(wakes) -> None:
    with transaction.atomic():
        with pytest.raises(Killed):
            tell_in_vain(1)
        publish("filed", {"number": 2}, at=EVENT)
    assert [message.payload for message in Message.objects.all()] == [{"number": 2}]
    assert wakes == ["relay"]


@pytest.mark.django_db(transaction=True)
def test_a_wake_that_fails_does_not_reach_the_publisher(settings, caplog) -> None:
    settings.OUTBOX_WAKE = "tests.msa.outbox.broken_wake"
    with caplog.at_level(logging.CRITICAL, "django.db.backends.base"), transaction.atomic():
        publish("filed", {"number": 1}, at=EVENT)
    assert Message.objects.count() == 1


# --- purging ------------------------------------------------------------


@pytest.mark.django_db
def test_purge_keeps_what_is_young_waiting_or_failed() -> None:
    def message(topic: str, *, days: int, **delivery: Any) -> None:
        written = Message.objects.create(
            topic=topic, payload={}, occurred_at=NOON - timedelta(days=days), fanned_out=True
        )
        Delivery.objects.create(message=written, handler="a", done_at=NOON)
        Delivery.objects.create(message=written, handler="b", **delivery)

    message("done, old", days=31, done_at=NOON)
    message("done, on the day", days=30, done_at=NOON)
    message("waiting, old", days=400)
    message("failed, old", days=31, failed_at=NOON)
    message("failed, a year ago", days=366, failed_at=NOON)
    Message.objects.create(topic="new", payload={}, occurred_at=NOON - timedelta(days=400))
    assert purge(at=NOON) == 2
    assert list(Message.objects.order_by("id").values_list("topic", flat=True)) == [
        "done, on the day",
        "waiting, old",
        "failed, old",
        "new",
    ]
    assert Delivery.objects.count() == 6


@pytest.mark.django_db
def test_purge_deletes_mail_by_when_it_was_sent_or_failed() -> None:
    def email(key: str, **fields: Any) -> None:
        Email.objects.create(
            dedupe_key=key, message_id=key, to_address="a@b.example", occurred_at=EVENT, **fields
        )

    email("sent long ago", sent_at=NOON - timedelta(days=31))
    email("sent a month ago", sent_at=NOON - timedelta(days=30))
    email("failed a month ago", failed_at=NOON - timedelta(days=31))
    email("failed a year ago", failed_at=NOON - timedelta(days=366))
    email("waiting")
    assert purge(at=NOON) == 2
    assert list(Email.objects.order_by("id").values_list("dedupe_key", flat=True)) == [
        "sent a month ago",
        "failed a month ago",
        "waiting",
    ]


@pytest.mark.django_db
def test_purge_goes_in_batches_and_has_an_end(monkeypatch) -> None:
    monkeypatch.setattr("msa.outbox.actions.PURGE_BATCH", 2)
    monkeypatch.setattr("msa.outbox.actions.PURGE_BATCHES", 2)
    old = NOON - timedelta(days=31)
    Message.objects.bulk_create(
        Message(topic=str(n), payload={}, occurred_at=old, fanned_out=True) for n in range(5)
    )
    assert purge(at=NOON) == 4
    assert [message.topic for message in Message.objects.all()] == ["4"]
