"""Mails for tests, and short ways to ask what became of them."""

from datetime import datetime
from typing import Any

from msa.outbox.mail import queue_email
from msa.outbox.models import Email
from tests.msa.outbox import EVENT
from tests.smtp import MailServer


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
