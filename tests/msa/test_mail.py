from datetime import timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation

from msa.outbox import mail
from msa.outbox.mail import message_id_for, send_due
from msa.outbox.models import Email
from tests.msa.mails import arrived, queue, row
from tests.msa.outbox import NOON, in_parallel, seconds
from tests.msa.outbox import wakes as noted

pytestmark = pytest.mark.usefixtures("mail_settings")


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
        start.wait(timeout=10)
        with transaction.atomic():
            created.append(queue("a"))

    in_parallel(work, work)
    assert sorted(created) == [False, True]
    assert Email.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sender_is_woken_once_and_only_for_what_is_new(settings) -> None:
    settings.OUTBOX_WAKE = "tests.msa.outbox.note_wake"
    noted.clear()
    with transaction.atomic():
        queue("a")
        queue("b")
        assert noted == []
    assert noted == ["mail"]
    with transaction.atomic():
        queue("a")
    assert noted == ["mail"]


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


# --- what is sent ------------------------------------------------------------


@pytest.mark.django_db
def test_a_mail_arrives_as_it_was_written(smtp) -> None:
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
    (message,) = smtp.accepted
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
def test_a_plain_mail_has_one_part_and_no_thread(smtp) -> None:
    queue(subject="a\nBcc: eve@evil.example", to_name="Bob\r\nBcc: eve@evil.example")
    send_due(at=NOON)
    (message,) = smtp.accepted
    assert message.get_content_type() == "text/plain"
    assert message["Subject"] == "a Bcc: eve@evil.example"
    assert message["To"] == '"Bob Bcc: eve@evil.example" <key@acme.example>'
    assert [message["Bcc"], message["In-Reply-To"], message["References"]] == [None, None, None]


@pytest.mark.django_db
def test_an_answer_without_references_refers_to_what_it_answers(smtp) -> None:
    queue(in_reply_to="<root@desk.example>")
    send_due(at=NOON)
    assert smtp.accepted[0]["References"] == "<root@desk.example>"


@pytest.mark.django_db
def test_urgent_mail_leaves_first_and_all_of_it_over_one_connection(smtp) -> None:
    queue("a")
    queue("b")
    queue("c", urgent=True)
    assert send_due(at=NOON) == 3
    assert arrived(smtp) == ["About c", "About a", "About b"]
    assert smtp.greetings == 1
    assert row("a") == (1, seconds(15), NOON, None, "")


@pytest.mark.django_db
def test_a_run_ends_at_its_limit(smtp) -> None:
    for key in "abc":
        queue(key)
    assert send_due(at=NOON, limit=2) == 2
    assert arrived(smtp) == ["About a", "About b"]


@pytest.mark.django_db
def test_what_is_sent_is_not_sent_again(smtp) -> None:
    queue()
    assert send_due(at=NOON) == 1
    assert send_due(at=NOON + timedelta(days=3)) == 0
    assert arrived(smtp) == ["About key"]
