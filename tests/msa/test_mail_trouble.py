from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from msa.outbox import mail
from msa.outbox.mail import message_id_for, retry_email, send_due
from msa.outbox.models import Email, Message
from tests.msa.mails import arrived, queue, row
from tests.msa.outbox import NOON, Killed, in_parallel, seconds
from tests.smtp import mail_server

pytestmark = pytest.mark.usefixtures("mail_settings")

HANGUP = "SMTPServerDisconnected: Connection unexpectedly closed"


@pytest.mark.django_db
def test_a_recipient_refused_for_good_has_failed_at_once_and_others_go_on(smtp) -> None:
    smtp.to = {"a@acme.example": "550 5.1.1 No such person"}
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 2
    assert arrived(smtp) == ["About b"]
    assert smtp.greetings == 1
    assert row("a") == (
        1,
        seconds(15),
        None,
        NOON,
        "SMTPRecipientsRefused: {'a@acme.example': (550, b'5.1.1 No such person')}",
    )
    assert list(Message.objects.values_list("topic", "payload", "occurred_at")) == [
        (
            "mail.refused",
            {"address": "a@acme.example", "reason": "550 5.1.1 No such person"},
            NOON,
        )
    ]


@pytest.mark.django_db
def test_a_text_refused_for_good_has_failed_at_once(smtp) -> None:
    smtp.data = "554 5.7.1 Looks like spam"
    queue()
    send_due(at=NOON)
    assert row() == (
        1,
        seconds(15),
        None,
        NOON,
        "SMTPDataError: (554, b'5.7.1 Looks like spam')",
    )


@pytest.mark.django_db
def test_a_recipient_put_off_is_tried_again_and_others_go_on(smtp) -> None:
    smtp.to = {"a@acme.example": "451 4.7.1 Greylisted"}
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 2
    error = "SMTPRecipientsRefused: {'a@acme.example': (451, b'4.7.1 Greylisted')}"
    assert list(Message.objects.all()) == []
    assert row("a") == (1, seconds(15), None, None, error)
    assert send_due(at=seconds(14)) == 0
    smtp.to = {}
    assert send_due(at=seconds(15)) == 1
    assert arrived(smtp) == ["About b", "About a"]
    assert row("a") == (2, seconds(45), seconds(15), None, error)


@pytest.mark.django_db
def test_a_refused_sender_is_our_own_fault_and_tried_again(smtp) -> None:
    smtp.sender = "550 5.7.1 Not you"
    queue()
    send_due(at=NOON)
    assert row()[:4] == (1, seconds(15), None, None)


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["sender", "recipient", "data"])
def test_a_server_that_closes_ends_the_run(smtp, part) -> None:
    setattr(smtp, part, "421 4.3.2 Closing")
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 1
    assert row("a")[:4] == (1, seconds(15), None, None)
    assert row("b") == (0, None, None, None, "")


@pytest.mark.django_db
def test_a_server_that_hangs_is_left_after_the_timeout(smtp, settings) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    smtp.hang_seconds = 5
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 1
    assert row("a") == (1, seconds(15), None, None, f"{HANGUP}: timed out")
    assert row("b")[0] == 0


@pytest.mark.django_db
def test_nobody_listening_costs_one_mail_an_attempt(settings) -> None:
    with mail_server() as gone:
        settings.EMAIL_HOST, settings.EMAIL_PORT = gone.host, gone.port
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 1
    assert row("a") == (
        1,
        seconds(15),
        None,
        None,
        "ConnectionRefusedError: [Errno 111] Connection refused",
    )
    assert row("b")[0] == 0


@pytest.mark.django_db
def test_a_mail_that_cannot_be_written_fails_alone(smtp) -> None:
    queue("a")
    queue("b")
    Email.objects.filter(dedupe_key="a").update(subject="x\nBcc: eve@evil.example")
    assert send_due(at=NOON) == 2
    assert arrived(smtp) == ["About b"]
    attempts, _, sent_at, failed_at, error = row("a")
    assert (attempts, sent_at, failed_at) == (1, None, NOON)
    assert error.startswith("BadHeaderError: Header values can't contain newlines")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("urgent", "pauses"),
    [
        (False, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (True, [15, 30, 60, 120, 240, 300, 300]),
    ],
)
def test_pauses_double_up_to_an_hour_or_five_minutes(smtp, urgent, pauses) -> None:
    smtp.recipient = "451 Later"
    queue(urgent=urgent)
    at = NOON
    for pause in pauses:
        assert send_due(at=at) == 1
        assert row()[1] == at + timedelta(seconds=pause)
        at += timedelta(seconds=pause)


@pytest.mark.django_db
def test_after_two_days_it_has_failed(smtp) -> None:
    smtp.recipient = "451 Later"
    queue()
    send_due(at=NOON)
    send_due(at=NOON + timedelta(hours=47, minutes=59))
    assert row()[3] is None
    send_due(at=NOON + timedelta(hours=48, minutes=30))
    assert row()[3] == NOON + timedelta(hours=48, minutes=30)


@pytest.mark.django_db
def test_a_failed_mail_can_be_sent_again(smtp) -> None:
    smtp.recipient = "550 Unknown"
    queue()
    send_due(at=NOON)
    smtp.recipient = "250 OK"
    assert send_due(at=seconds(60)) == 0
    retry_email(Email.objects.get())
    assert send_due(at=seconds(60)) == 1
    assert arrived(smtp) == ["About key"]
    retry_email(Email.objects.get())
    assert send_due(at=seconds(60)) == 0


# --- kills and races ------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_kill_before_sending_loses_nothing(smtp, monkeypatch) -> None:
    def killed(email: Email) -> None:
        raise Killed

    queue()
    with monkeypatch.context() as patched:
        patched.setattr(mail, "_composed", killed)
        with pytest.raises(Killed):
            send_due(at=NOON)
    assert row() == (1, seconds(15), None, None, "")
    assert send_due(at=seconds(15)) == 1
    assert arrived(smtp) == ["About key"]


@pytest.mark.django_db(transaction=True)
def test_a_kill_between_acceptance_and_mark_sends_the_same_message_again(smtp, monkeypatch) -> None:
    queue()
    with monkeypatch.context() as patched:
        patched.setattr(Email, "save", save_until_sent(Email.save))
        with pytest.raises(Killed):
            send_due(at=NOON)
    assert send_due(at=seconds(15)) == 1
    assert send_due(at=seconds(60)) == 0
    assert len(smtp.accepted_raw) == 2
    assert smtp.accepted_raw[0] == smtp.accepted_raw[1]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hangs_up_after_acceptance_gets_the_same_message_again(smtp) -> None:
    smtp.hangs_up = True
    queue()
    assert send_due(at=NOON) == 1
    assert row() == (1, seconds(15), None, None, HANGUP)
    smtp.hangs_up = False
    assert send_due(at=seconds(15)) == 1
    assert [message["Message-ID"] for message in smtp.accepted] == [message_id_for("key")] * 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_everything_once(smtp) -> None:
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        queue(key)
    start = Barrier(2)
    attempted: list[int] = []

    def work() -> None:
        start.wait(timeout=10)
        attempted.append(send_due(at=NOON))

    in_parallel(work, work)
    assert sum(attempted) == 20
    assert sorted(arrived(smtp)) == sorted(f"About {key}" for key in keys)


@pytest.mark.django_db(transaction=True)
def test_a_slow_mail_is_not_sent_by_a_second_worker_whose_clock_runs_ahead(
    smtp, monkeypatch
) -> None:
    composed = mail._composed

    def overtaken(email: Email) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(mail, "_composed", composed)
            late: list[int] = []
            in_parallel(lambda: late.append(send_due(at=NOON + timedelta(hours=1))))
            assert late == [0]
        return composed(email)

    queue()
    monkeypatch.setattr(mail, "_composed", overtaken)
    assert send_due(at=NOON) == 1
    assert arrived(smtp) == ["About key"]


@pytest.mark.django_db(transaction=True)
def test_a_claim_overtaken_by_a_worker_whose_clock_runs_ahead_is_given_up(
    smtp, monkeypatch
) -> None:
    attempt = mail._attempt

    def overtaken(*arguments: Any, **named: Any) -> bool:
        with monkeypatch.context() as patched:
            patched.setattr(mail, "_attempt", attempt)
            send_due(at=NOON + timedelta(hours=1))
        return attempt(*arguments, **named)

    queue()
    monkeypatch.setattr(mail, "_attempt", overtaken)
    send_due(at=NOON)
    assert arrived(smtp) == ["About key"]


@pytest.mark.django_db(transaction=True)
def test_an_idle_run_asks_once_and_opens_no_connection(smtp, django_assert_num_queries) -> None:
    queue()
    send_due(at=NOON)
    with django_assert_num_queries(3):  # begin, due mail, commit
        assert send_due(at=NOON) == 0
    assert smtp.greetings == 1


@pytest.mark.django_db(transaction=True)
def test_the_sender_refuses_to_run_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable atomic block"):
        send_due(at=NOON)


@pytest.mark.django_db
def test_nothing_is_both_sent_and_failed() -> None:
    queue()
    with pytest.raises(IntegrityError, match="outbox_email_one_end"):
        Email.objects.update(sent_at=NOON, failed_at=NOON)


def save_until_sent(save: Any) -> Any:
    def saved(email: Email, **named: Any) -> None:
        if email.sent_at:
            raise Killed
        save(email, **named)

    return saved
