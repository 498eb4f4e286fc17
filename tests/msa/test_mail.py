from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from msa.outbox import mail
from msa.outbox.mail import message_id_for, queue_email, retry_email, send_due
from msa.outbox.models import Email
from tests.smtp import MailServer, mail_server

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
EVENT = datetime(2026, 3, 4, 11, 59, 30, tzinfo=UTC)
HANGUP = "SMTPServerDisconnected: Connection unexpectedly closed"

_wakes: list[str] = []


def note_wake(lane: str) -> None:
    _wakes.append(lane)


class Killed(BaseException):
    """Ends the work as a kill does: nothing in the code under test may catch it."""


@pytest.fixture(autouse=True)
def mail_settings(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.MAIL_DOMAIN = "desk.example"
    settings.DEFAULT_FROM_EMAIL = "Northlight <support@desk.example>"
    settings.OUTBOX_WAKE = ""


@pytest.fixture
def server(settings):
    with mail_server() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.host, running.port
        yield running


def seconds(number: int) -> datetime:
    return NOON + timedelta(seconds=number)


def queue(key: str = "key", **changed: Any) -> bool:
    fields: dict[str, Any] = {
        "dedupe_key": key,
        "to_address": f"{key}@acme.example",
        "language": "en",
        "subject": f"About {key}",
        "text": "Hello\n",
        "at": EVENT,
    }
    return queue_email(**fields | changed)


def arrived(server: MailServer) -> list[str]:
    return [str(message["Subject"]) for message in server.accepted]


def row(key: str = "key") -> tuple[int, datetime | None, datetime | None, datetime | None, str]:
    email = Email.objects.get(dedupe_key=key)
    return (
        email.attempts,
        email.next_attempt_at,
        email.sent_at,
        email.failed_at,
        email.last_error,
    )


# --- queueing --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_key_is_queued_once() -> None:
    assert queue("a", text="first") is True
    assert queue("a", text="second") is False
    assert [email.text for email in Email.objects.all()] == ["first"]


@pytest.mark.django_db(transaction=True)
def test_a_key_is_queued_once_by_two_at_once() -> None:
    start = Barrier(2)
    created: list[bool] = []

    def work() -> None:
        try:
            start.wait(timeout=10)
            with transaction.atomic():
                created.append(queue("a"))
        finally:
            connection.close()

    in_parallel(work, work)
    assert sorted(created) == [False, True]
    assert Email.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sender_is_woken_once_and_only_for_what_is_new(settings) -> None:
    settings.OUTBOX_WAKE = "tests.msa.test_mail.note_wake"
    _wakes.clear()
    with transaction.atomic():
        queue("a")
        queue("b")
        assert _wakes == []
    assert _wakes == ["mail"]
    with transaction.atomic():
        queue("a")
    assert _wakes == ["mail"]


def test_a_message_id_follows_from_the_key(settings) -> None:
    assert message_id_for("a") == "<ca978112ca1bbdcafac231b39a23dc4da786eff8@desk.example>"
    settings.MAIL_DOMAIN = "other.example"
    assert message_id_for("a") == "<ca978112ca1bbdcafac231b39a23dc4da786eff8@other.example>"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"to_address": "a@acme.example\nBcc: b@acme.example"}, ValidationError),
        ({"to_address": "nobody"}, ValidationError),
        ({"reply_to": "a@acme.example\r\nBcc: b@acme.example"}, ValidationError),
        ({"in_reply_to": "<a@b>\nBcc: b@acme.example"}, ValueError),
        ({"references": ["<a@b>", "a@b"]}, ValueError),
        ({"headers": {"X-A\nBcc": "b@acme.example"}}, ValueError),
        ({"headers": {"Bcc": "b@acme.example"}}, ValueError),
        ({"headers": {"subject": "Another"}}, ValueError),
    ],
)
def test_what_could_forge_a_header_is_refused(changed, error) -> None:
    with pytest.raises(error):
        queue(**changed)
    assert Email.objects.count() == 0


@pytest.mark.django_db
def test_old_references_are_dropped_and_the_root_stays() -> None:
    queue(references=[f"<{number}@b>" for number in range(25)])
    kept = Email.objects.get().references
    assert kept == ["<0@b>", *[f"<{number}@b>" for number in range(6, 25)]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a\r\nBcc: b@c.example\t d ", "a Bcc: b@c.example d"),
        ("a\x00\x1b\x85\u2028b", "a b"),
        ("тема письма", "тема письма"),
        ("ten chars!", "ten chars!"),
        ("eleven char", "eleven ch…"),
    ],
)
def test_a_text_becomes_one_line(text, line) -> None:
    length = 10 if text.startswith(("ten", "eleven")) else 100
    assert mail.one_line(text, length) == line


# --- what is sent ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_mail_arrives_as_it_was_written(server) -> None:
    queue(
        to_address="alice@acme.example",
        to_name='Alice "Al" Dupré, Acme',
        language="fr",
        subject="Votre demande – réponse",
        text="Bonjour,\nça marche.\n",
        html="<p>Bonjour, ça marche.</p>",
        in_reply_to="<root@desk.example>",
        references=["<root@desk.example>"],
        reply_to="r-1-sig@desk.example",
        headers={"List-Id": "incidents\r\nBcc: eve@evil.example"},
    )
    with translation.override("zh-hans"):
        assert send_due(at=NOON) == 1
    (message,) = server.accepted
    headers = {name: str(value) for name, value in message.items()}
    del headers["Content-Type"]
    assert headers == {
        "MIME-Version": "1.0",
        "Subject": "Votre demande – réponse",
        "From": "Northlight <support@desk.example>",
        "To": '"Alice \\"Al\\" Dupré, Acme" <alice@acme.example>',
        "Reply-To": "r-1-sig@desk.example",
        "Date": "Wed, 04 Mar 2026 11:59:30 +0000",
        "Message-ID": "<2c70e12b7a0646f92279f427c7b38e7334d8e538@desk.example>",
        "Content-Language": "fr",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": "incidents Bcc: eve@evil.example",
        "In-Reply-To": "<root@desk.example>",
        "References": "<root@desk.example>",
    }
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), text.get_content()) == (
        "text/plain",
        "Bonjour,\r\nça marche.\r\n",
    )
    assert (html.get_content_type(), html.get_content()) == (
        "text/html",
        "<p>Bonjour, ça marche.</p>",
    )


@pytest.mark.django_db
def test_a_plain_mail_has_one_part_and_no_thread(server) -> None:
    queue(subject="a\nBcc: eve@evil.example", to_name="Bob\r\nBcc: eve@evil.example")
    send_due(at=NOON)
    (message,) = server.accepted
    assert message.get_content_type() == "text/plain"
    assert message["Subject"] == "a Bcc: eve@evil.example"
    assert message["To"] == '"Bob Bcc: eve@evil.example" <key@acme.example>'
    assert [message["Bcc"], message["In-Reply-To"], message["References"]] == [None, None, None]


@pytest.mark.django_db
def test_an_answer_without_references_refers_to_what_it_answers(server) -> None:
    queue(in_reply_to="<root@desk.example>")
    send_due(at=NOON)
    assert server.accepted[0]["References"] == "<root@desk.example>"


@pytest.mark.django_db
def test_urgent_mail_leaves_first_and_all_of_it_over_one_connection(server) -> None:
    queue("a")
    queue("b")
    queue("c", urgent=True)
    assert send_due(at=NOON) == 3
    assert arrived(server) == ["About c", "About a", "About b"]
    assert server.greetings == 1
    assert row("a") == (1, seconds(15), NOON, None, "")


@pytest.mark.django_db
def test_a_run_ends_at_its_limit(server) -> None:
    for key in "abc":
        queue(key)
    assert send_due(at=NOON, limit=2) == 2
    assert arrived(server) == ["About a", "About b"]


@pytest.mark.django_db
def test_what_is_sent_is_not_sent_again(server) -> None:
    queue()
    assert send_due(at=NOON) == 1
    assert send_due(at=NOON + timedelta(days=3)) == 0
    assert arrived(server) == ["About key"]


# --- what goes wrong -------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_recipient_refused_for_good_has_failed_at_once_and_others_go_on(server) -> None:
    server.to = {"a@acme.example": "550 5.1.1 No such person"}
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 2
    assert arrived(server) == ["About b"]
    assert server.greetings == 1
    assert row("a") == (
        1,
        seconds(15),
        None,
        NOON,
        "SMTPRecipientsRefused: {'a@acme.example': (550, b'5.1.1 No such person')}",
    )


@pytest.mark.django_db
def test_a_text_refused_for_good_has_failed_at_once(server) -> None:
    server.data = "554 5.7.1 Looks like spam"
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
def test_a_recipient_put_off_is_tried_again_and_others_go_on(server) -> None:
    server.to = {"a@acme.example": "451 4.7.1 Greylisted"}
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 2
    error = "SMTPRecipientsRefused: {'a@acme.example': (451, b'4.7.1 Greylisted')}"
    assert row("a") == (1, seconds(15), None, None, error)
    assert send_due(at=seconds(14)) == 0
    server.to = {}
    assert send_due(at=seconds(15)) == 1
    assert arrived(server) == ["About b", "About a"]
    assert row("a") == (2, seconds(45), seconds(15), None, error)


@pytest.mark.django_db
def test_a_refused_sender_is_our_own_fault_and_tried_again(server) -> None:
    server.sender = "550 5.7.1 Not you"
    queue()
    send_due(at=NOON)
    assert row()[:4] == (1, seconds(15), None, None)


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["sender", "recipient", "data"])
def test_a_server_that_closes_ends_the_run(server, part) -> None:
    setattr(server, part, "421 4.3.2 Closing")
    queue("a")
    queue("b")
    assert send_due(at=NOON) == 1
    assert row("a")[:4] == (1, seconds(15), None, None)
    assert row("b") == (0, None, None, None, "")


@pytest.mark.django_db
def test_a_server_that_hangs_is_left_after_the_timeout(server, settings) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    server.hang_seconds = 5
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
def test_a_mail_that_cannot_be_written_fails_alone(server) -> None:
    queue("a")
    queue("b")
    Email.objects.filter(dedupe_key="a").update(subject="x\nBcc: eve@evil.example")
    assert send_due(at=NOON) == 2
    assert arrived(server) == ["About b"]
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
def test_pauses_double_up_to_an_hour_or_five_minutes(server, urgent, pauses) -> None:
    server.recipient = "451 Later"
    queue(urgent=urgent)
    at = NOON
    for pause in pauses:
        assert send_due(at=at) == 1
        assert row()[1] == at + timedelta(seconds=pause)
        at += timedelta(seconds=pause)


@pytest.mark.django_db
def test_after_two_days_it_has_failed(server) -> None:
    server.recipient = "451 Later"
    queue()
    send_due(at=NOON)
    send_due(at=NOON + timedelta(hours=47, minutes=59))
    assert row()[3] is None
    send_due(at=NOON + timedelta(hours=48, minutes=30))
    assert row()[3] == NOON + timedelta(hours=48, minutes=30)


@pytest.mark.django_db
def test_a_failed_mail_can_be_sent_again(server) -> None:
    server.recipient = "550 Unknown"
    queue()
    send_due(at=NOON)
    server.recipient = "250 OK"
    assert send_due(at=seconds(60)) == 0
    retry_email(Email.objects.get())
    assert send_due(at=seconds(60)) == 1
    assert arrived(server) == ["About key"]
    retry_email(Email.objects.get())
    assert send_due(at=seconds(60)) == 0


# --- kills and races -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_kill_before_sending_loses_nothing(server, monkeypatch) -> None:
    def killed(email: Email) -> None:
        raise Killed

    queue()
    with monkeypatch.context() as patched:
        patched.setattr(mail, "_composed", killed)
        with pytest.raises(Killed):
            send_due(at=NOON)
    assert row() == (1, seconds(15), None, None, "")
    assert send_due(at=seconds(15)) == 1
    assert arrived(server) == ["About key"]


@pytest.mark.django_db(transaction=True)
def test_a_kill_between_acceptance_and_mark_sends_the_same_message_again(
    server, monkeypatch
) -> None:
    queue()
    with monkeypatch.context() as patched:
        patched.setattr(Email, "save", save_until_sent(Email.save))
        with pytest.raises(Killed):
            send_due(at=NOON)
    assert send_due(at=seconds(15)) == 1
    assert send_due(at=seconds(60)) == 0
    assert len(server.accepted_raw) == 2
    assert server.accepted_raw[0] == server.accepted_raw[1]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hangs_up_after_acceptance_gets_the_same_message_again(server) -> None:
    server.hangs_up = True
    queue()
    assert send_due(at=NOON) == 1
    assert row() == (1, seconds(15), None, None, HANGUP)
    server.hangs_up = False
    assert send_due(at=seconds(15)) == 1
    assert [message["Message-ID"] for message in server.accepted] == [message_id_for("key")] * 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_everything_once(server) -> None:
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        queue(key)
    start = Barrier(2)
    attempted: list[int] = []

    def work() -> None:
        try:
            start.wait(timeout=10)
            attempted.append(send_due(at=NOON))
        finally:
            connection.close()

    in_parallel(work, work)
    assert sum(attempted) == 20
    assert sorted(arrived(server)) == sorted(f"About {key}" for key in keys)


@pytest.mark.django_db(transaction=True)
def test_a_slow_mail_is_not_sent_by_a_second_worker_whose_clock_runs_ahead(
    server, monkeypatch
) -> None:
    composed = mail._composed

    def overtaken(email: Email) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(mail, "_composed", composed)
            late: list[int] = []
            in_parallel(lambda: late.append(in_thread(send_due, at=NOON + timedelta(hours=1))))
            assert late == [0]
        return composed(email)

    queue()
    monkeypatch.setattr(mail, "_composed", overtaken)
    assert send_due(at=NOON) == 1
    assert arrived(server) == ["About key"]


@pytest.mark.django_db(transaction=True)
def test_an_idle_run_asks_once_and_opens_no_connection(server, django_assert_num_queries) -> None:
    queue()
    send_due(at=NOON)
    with django_assert_num_queries(3):  # begin, due mail, commit
        assert send_due(at=NOON) == 0
    assert server.greetings == 1


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


def in_thread(function: Any, **named: Any) -> Any:
    try:
        return function(**named)
    finally:
        connection.close()


def in_parallel(*jobs: Any) -> None:
    threads = [Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
