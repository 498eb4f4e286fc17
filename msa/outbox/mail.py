"""Mail to people: written as rows in the transaction of what it tells, sent by a worker.

Each mail leaves at least once, and nearly always exactly once: a crash in the moment between the
server's acceptance and the mark on the row sends it again, with the same Message-ID, by which mail
programs show it as one. That can happen once per crash and to the one mail in hand.
"""

import hashlib
import logging
import re
import smtplib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime, formataddr
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from msa.outbox import wake
from msa.outbox.actions import publish
from msa.outbox.models import Email, error_text

logger = logging.getLogger(__name__)

# The pause doubles from one tick. Urgent mail (severity 1) must leave soon after the server is
# back; other mail may wait an hour, which spares a server that says it is busy.
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)
LONGEST_URGENT_PAUSE: Final = timedelta(minutes=5)
# A weekend's outage is bridged. News that is older misleads, and an administrator has to know.
GIVE_UP_AFTER: Final = timedelta(days=2)
# A run stays below a task's time limit at the usual 0.1 s per mail.
RUN_LIMIT: Final = 200

# What one header line may hold, so that a name or a title cannot fill a screen.
SUBJECT_LENGTH: Final = 250
NAME_LENGTH: Final = 200
# What an administrator reads of a server's refusal.
REASON_LENGTH: Final = 300
# RFC 5322 2.1.1 limits a line to 998 characters; older references are dropped, the root stays.
REFERENCES_LIMIT: Final = 20

# Replies from here on are final (RFC 5321 4.2.1); with 421 the server hangs up.
_PERMANENT: Final = 500
_CLOSING: Final = 421
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_MESSAGE_ID: Final = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_CONTROLS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_OUR_HEADERS: Final = frozenset(
    {
        "auto-submitted",
        "bcc",
        "cc",
        "content-language",
        "content-transfer-encoding",
        "content-type",
        "date",
        "from",
        "in-reply-to",
        "message-id",
        "mime-version",
        "references",
        "reply-to",
        "sender",
        "subject",
        "to",
        "x-auto-response-suppress",
    }
)


def queue_email(
    *,
    dedupe_key: str,
    to_address: str,
    to_name: str = "",
    language: str,
    subject: str,
    text: str,
    html: str = "",
    in_reply_to: str = "",
    references: Sequence[str] = (),
    reply_to: str = "",
    headers: Mapping[str, str] | None = None,
    urgent: bool = False,
    at: datetime,
) -> bool:
    """Write a mail and wake the sender on commit. False when `dedupe_key` was queued before.

    `at` becomes its Date. Subject, name and header values are made one line each; an address,
    a Message-ID or a header name that is none raises ValueError or ValidationError.
    """
    validate_email(to_address)
    if reply_to:
        validate_email(reply_to)
    _, created = Email.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "to_address": to_address,
            "to_name": one_line(to_name, NAME_LENGTH),
            "language": language,
            "subject": one_line(subject, SUBJECT_LENGTH),
            "text": text.replace("\x00", ""),
            "html": html.replace("\x00", ""),
            "message_id": message_id_for(dedupe_key),
            "in_reply_to": _message_id(in_reply_to) if in_reply_to else "",
            "references": _shortened([_message_id(reference) for reference in references]),
            "reply_to": reply_to,
            "headers": _checked(headers or {}),
            "urgent": urgent,
            "occurred_at": at,
        },
    )
    if created:
        wake.on_commit("mail")
    return created


def message_id_for(dedupe_key: str) -> str:
    """Return the Message-ID that the mail queued under `dedupe_key` has, for answers to it."""
    digest = hashlib.sha256(dedupe_key.encode()).hexdigest()[:40]
    return f"<{digest}@{settings.MAIL_DOMAIN}>"


def one_line(text: str, length: int) -> str:
    """Return `text` with every run of white space or control characters as one space."""
    line = _CONTROLS.sub(" ", text).strip()
    return line if len(line) <= length else line[: length - 1] + "…"


def retry_email(email: Email) -> None:
    """Let a failed mail be sent again; what is waiting or sent stays as it is."""
    with transaction.atomic():
        Email.objects.filter(pk=email.pk, failed_at__isnull=False).update(
            attempts=0, tried_at=None, next_attempt_at=None, failed_at=None
        )
        wake.on_commit("mail")


def send_due(*, at: datetime, limit: int = RUN_LIMIT) -> int:
    """Send what is due over one connection, urgent first; return how many attempts that were.

    A server that cannot be reached ends the run: the mail in hand is put off, the others wait
    untouched for the next one. Several workers may run this at once: what one has locked, the
    others pass over. Must not be called inside a transaction (RuntimeError).
    """
    connection: BaseEmailBackend = get_connection()
    try:
        for attempted in range(limit):
            email = _claim(at=at)
            if email is None:
                return attempted
            if not _attempt(email, connection, at=at):
                return attempted + 1
        return limit
    finally:
        _close(connection)


def _message_id(value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value):
        raise ValueError(f"{value!r} is no Message-ID")
    return value


def _shortened(references: Sequence[str]) -> list[str]:
    if len(references) <= REFERENCES_LIMIT:
        return list(references)
    return [references[0], *references[1 - REFERENCES_LIMIT :]]


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
            raise ValueError(f"{name!r} is no header that may be added")
    return {name: _CONTROLS.sub(" ", value).strip() for name, value in headers.items()}


def _claim(*, at: datetime) -> Email | None:
    """Count an attempt at the next due mail, and put the one after it off, in a transaction."""
    with transaction.atomic(durable=True):
        email = (
            Email.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=at))
            .filter(sent_at=None, failed_at=None)
            .order_by("-urgent", "id")
            .first()
        )
        if email is None:
            return None
        email.attempts += 1
        email.tried_at = email.tried_at or at
        email.next_attempt_at = at + _pause(email)
        email.save(update_fields=["attempts", "tried_at", "next_attempt_at"])
        return email


def _pause(email: Email) -> timedelta:
    longest = LONGEST_URGENT_PAUSE if email.urgent else LONGEST_PAUSE
    doublings = min(email.attempts - 1, 8)  # 15 s doubled eight times is over an hour
    return min(longest, FIRST_PAUSE * (1 << doublings))


def _attempt(email: Email, connection: BaseEmailBackend, *, at: datetime) -> bool:
    """Send one mail while its row is locked, and record how that ended.

    False when the connection is of no more use.
    """
    with transaction.atomic(durable=True):
        if not _still_ours(email):
            return True
        try:
            connection.open()  # else Django opens and closes one for every mail
            connection.send_messages([_composed(email)])
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is recorded on the row
            _mark_failed_attempt(email, error, at=at)
            return _concerns_this_mail_only(error)
        email.sent_at = at
        email.save(update_fields=["sent_at"])
        return True


def _still_ours(email: Email) -> bool:
    """Lock the mail; false when a worker whose clock runs ahead has claimed it since."""
    claimed = Email.objects.select_for_update(skip_locked=True, no_key=True).filter(
        pk=email.pk, attempts=email.attempts, sent_at=None, failed_at=None
    )
    return claimed.first() is not None


def _composed(email: Email) -> EmailMultiAlternatives:
    headers = {
        "Date": format_datetime(email.occurred_at),
        "Message-ID": email.message_id,
        "Content-Language": email.language,
        # RFC 3834, and its counterpart for Exchange: no out-of-office note answers us.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        **email.headers,
    }
    if email.in_reply_to:
        headers["In-Reply-To"] = email.in_reply_to
    if email.references or email.in_reply_to:
        headers["References"] = " ".join(email.references or [email.in_reply_to])
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        to=[formataddr((email.to_name, email.to_address))],
        reply_to=[email.reply_to] if email.reply_to else None,
        headers=headers,
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    return message


def _mark_failed_attempt(email: Email, error: Exception, *, at: datetime) -> None:
    tried_for = at - (email.tried_at or at)
    final = _is_permanent(error) or tried_for >= GIVE_UP_AFTER
    logger.log(
        logging.ERROR if final else logging.WARNING,
        "Mail %s, attempt %d: %s",
        email.pk,
        email.attempts,
        error_text(error),
    )
    email.last_error = error_text(error)
    email.failed_at = at if final else None
    email.save(update_fields=["last_error", "failed_at"])
    if isinstance(error, smtplib.SMTPRecipientsRefused) and _code(error) >= _PERMANENT:
        publish("mail.refused", _refusal(email, error), at=at)


def _refusal(email: Email, error: smtplib.SMTPRecipientsRefused) -> dict[str, str]:
    """Return which address the server never takes mail for, and what it said."""
    replies = (
        f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
        for code, reply in error.recipients.values()
    )
    return {"address": email.to_address, "reason": one_line("; ".join(replies), REASON_LENGTH)}


def _is_permanent(error: Exception) -> bool:
    """Say whether this mail can never be sent: refused for good, or impossible to write.

    A refused sender, greeting or password is our own configuration; mail waits for its repair.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
        return _code(error) >= _PERMANENT
    return isinstance(error, ValueError)


def _concerns_this_mail_only(error: Exception) -> bool:
    if isinstance(
        error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError | smtplib.SMTPSenderRefused
    ):
        return _code(error) != _CLOSING
    return isinstance(error, ValueError)


def _code(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> int:
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return max(code for code, _ in error.recipients.values())


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as error:
        logger.warning("The mail server did not take its leave: %s", error_text(error))
