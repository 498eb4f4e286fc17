import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from celery.beat import Scheduler, Service
from celery.contrib.testing.worker import start_worker
from django.core import mail as django_mail
from django.db import connection, transaction
from kombu import Connection

import msa
from incidents.actions import deadlines
from msa import clock, tasks
from msa.celery import SOFT_TIME_LIMIT, TIME_LIMIT, VISIBILITY_TIMEOUT, app
from msa.outbox.actions import publish
from msa.outbox.heartbeat import PERIOD
from msa.outbox.mail import queue_email
from msa.outbox.models import Email, Heartbeat, Message

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_the_project_hands_out_its_celery_app() -> None:
    assert msa.celery_app is app
    with pytest.raises(AttributeError, match="module 'msa' has no attribute 'nothing'"):
        _ = msa.nothing  # type: ignore[attr-defined]


def test_every_line_of_the_schedule_has_its_task() -> None:
    lines = {
        name: (line["task"], line["options"]["expires"])
        for name, line in app.conf.beat_schedule.items()
    }
    assert lines == {
        "sweep_deadlines": ("msa.tasks.sweep_deadlines", 30.0),
        "climb_escalations": ("msa.tasks.climb_escalations", 30.0),
        "hand_over": ("msa.tasks.hand_over", 30.0),
        "repeat_pages": ("msa.tasks.repeat_pages", 30.0),
        "mail_waiting_notices": ("msa.tasks.mail_waiting_notices", 30.0),
        "forget_old_notices": ("msa.tasks.forget_old_notices", 3600.0),
        "alarm_uncovered": ("msa.tasks.alarm_uncovered", 30.0),
        "relay_outbox": ("msa.tasks.relay_outbox", 30.0),
        "send_mail": ("msa.tasks.send_mail", 30.0),
        "heartbeat": ("msa.tasks.heartbeat", 30.0),
        "warn_of_endings": ("msa.tasks.warn_of_endings", 3600.0),
        "keep_obligations": ("msa.tasks.keep_obligations", 3600.0),
        "remind_of_obligations": ("msa.tasks.remind_of_obligations", 3600.0),
        "look_ahead_for_gaps": ("msa.tasks.look_ahead_for_gaps", 3600.0),
        "extend_shift_patterns": ("msa.tasks.extend_shift_patterns", 3600.0),
        "purge_uploads": ("msa.tasks.purge_uploads", 3600.0),
        "judge_mail": ("msa.tasks.judge_mail", 30.0),
        "poll_mail": ("msa.tasks.poll_mail", 60.0),
        "purge_outbox": ("msa.tasks.purge_outbox", 3600.0),
    }
    ours = {name for name in app.tasks if name.startswith("msa.")}
    assert ours == {task for task, _ in lines.values()}


def test_the_schedule_keeps_no_file_and_ticks_at_the_period_of_the_heartbeat() -> None:
    scheduler = Service(app, scheduler_cls=app.conf.beat_scheduler).scheduler
    assert type(scheduler) is Scheduler
    periods = {
        name: getattr(entry.schedule, "run_every", None)
        for name, entry in scheduler.schedule.items()
    }
    assert periods == {
        "sweep_deadlines": timedelta(seconds=15),
        "climb_escalations": timedelta(seconds=15),
        "hand_over": timedelta(seconds=15),
        "repeat_pages": timedelta(seconds=15),
        "mail_waiting_notices": timedelta(seconds=15),
        "forget_old_notices": None,  # once a day
        "alarm_uncovered": timedelta(seconds=15),
        "relay_outbox": timedelta(seconds=15),
        "send_mail": timedelta(seconds=15),
        "heartbeat": timedelta(seconds=15),
        "warn_of_endings": None,  # once an hour, as are the next three
        "keep_obligations": None,
        "remind_of_obligations": None,
        "look_ahead_for_gaps": None,
        "extend_shift_patterns": None,  # once a day
        "purge_uploads": None,  # once an hour
        "judge_mail": timedelta(seconds=15),
        "poll_mail": None,  # once a minute
        "purge_outbox": None,  # once a day
    }
    assert timedelta(seconds=15) == PERIOD


def test_a_hanging_task_ends_before_it_would_be_handed_out_again() -> None:
    assert SOFT_TIME_LIMIT < TIME_LIMIT < VISIBILITY_TIMEOUT
    assert app.conf.task_soft_time_limit == 90
    assert app.conf.task_time_limit == 120
    assert app.conf.broker_transport_options == {
        "visibility_timeout": 300,
        "socket_timeout": 5.0,
        "socket_connect_timeout": 5.0,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    }


def test_a_task_is_kept_until_it_has_ended() -> None:
    conf = app.conf
    assert (
        conf.task_acks_late,
        conf.task_reject_on_worker_lost,
        conf.worker_prefetch_multiplier,
        conf.task_ignore_result,
        conf.worker_soft_shutdown_timeout,
    ) == (True, True, 1, True, 10.0)


# --- tasks -----------------------------------------------------------------------------------


def test_the_sweep_is_handed_the_time(monkeypatch) -> None:
    swept: list[datetime] = []
    monkeypatch.setattr(deadlines, "sweep", lambda *, at: swept.append(at))
    with clock.at(NOON):
        tasks.sweep_deadlines()
    assert swept == [NOON]


@pytest.mark.django_db
def test_the_relay_delivers_to_the_handlers_of_the_wiring_as_staff(monkeypatch) -> None:
    heard: list[tuple[object, datetime, str]] = []

    def listen(payload: object, *, at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('app.staff', true)")
            heard.append((payload, at, cursor.fetchone()[0]))

    monkeypatch.setattr(tasks, "HANDLERS", {"filed": [listen]})
    publish("filed", {"number": 1}, at=NOON)
    tasks.relay_outbox()
    assert heard == [({"number": 1}, NOON, "on")]


@pytest.mark.django_db
def test_mail_is_sent() -> None:
    queue_email(
        dedupe_key="a",
        to_address="alice@acme.example",
        language="en",
        subject="Hello",
        text="Hello",
        at=NOON,
    )
    with clock.at(NOON):
        tasks.send_mail()
    assert [message.subject for message in django_mail.outbox] == ["Hello"]
    assert Email.objects.get().sent_at == NOON


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attempted", "woken"),
    [((500, 200), ["relay", "mail"]), ((499, 199), []), ((0, 0), [])],
)
def test_a_run_that_met_its_limit_asks_for_another(monkeypatch, attempted, woken) -> None:
    deliveries, mails = attempted
    wakes: list[str] = []
    monkeypatch.setattr("msa.outbox.relay.deliver_due", lambda *_, **__: deliveries)
    monkeypatch.setattr("msa.outbox.mail.send_due", lambda *_, **__: mails)
    monkeypatch.setattr(tasks, "wake", wakes.append)
    tasks.relay_outbox()
    tasks.send_mail()
    assert wakes == woken


@pytest.mark.django_db
def test_the_heart_beats() -> None:
    with clock.at(NOON):
        tasks.heartbeat()
    assert Heartbeat.objects.get().at == NOON


@pytest.mark.django_db
def test_the_outbox_is_purged() -> None:
    for days in (31, 30):
        Message.objects.create(
            topic=f"{days} days",
            payload={},
            occurred_at=NOON - timedelta(days=days),
            fanned_out=True,
        )
    with clock.at(NOON):
        tasks.purge_outbox()
    assert [message.topic for message in Message.objects.all()] == ["30 days"]


# --- waking ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_commit_reaches_a_worker_over_the_broker(settings, monkeypatch) -> None:
    """Publish, wake, relay, handler, mail queued, wake, mail sent: all before the first tick."""
    settings.OUTBOX_WAKE = "msa.tasks.wake"
    monkeypatch.setattr(tasks, "HANDLERS", {"filed": [confirm_by_mail]})
    app.control.purge()
    with start_worker(app, pool="solo", perform_ping_check=False):
        with transaction.atomic():
            publish("filed", {"to": "alice@acme.example"}, at=NOON)
        until = monotonic() + 10
        while not Email.objects.filter(sent_at__isnull=False).exists() and monotonic() < until:
            sleep(0.02)
    assert [message.to for message in django_mail.outbox] == [["alice@acme.example"]]


@pytest.mark.parametrize("lane", ["relay", "mail"])
def test_without_a_broker_a_wake_is_one_warning_and_no_wait(
    lane, monkeypatch, caplog, tmp_path
) -> None:
    options = app.connection_for_write(transport_options=tasks._WAKE_OPTIONS).transport_options
    nowhere = Connection(
        f"redis+socket://{tmp_path}/none?virtual_host=0", transport_options=options
    )
    monkeypatch.setattr(tasks, "_broker", lambda: nowhere)
    start = monotonic()
    with caplog.at_level(logging.WARNING, "msa.tasks"):
        tasks.wake(lane)
    assert monotonic() - start < 1
    refusal = f"Error 2 connecting to {tmp_path}/none. No such file or directory."
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", f"No worker could be woken for {lane}: {refusal}")
    ]


def confirm_by_mail(payload: Mapping[str, Any], *, at: datetime) -> None:
    queue_email(
        dedupe_key="confirmation",
        to_address=payload["to"],
        language="en",
        subject="Filed",
        text="We have it.",
        at=at,
    )
