"""Letters about agreements, each to one person in their language and time zone (SPEC 18)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User
from msa.outbox.mail import message_id_for, queue_email


@dataclass(frozen=True, slots=True)
class Row:
    """A fact in a letter; further lines stand smaller below the first."""

    label: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says, in the active language; `path` is where its button leads.

    `reference` names what it is about, and `why` tells at the end why the person gets it.
    """

    reference: str
    heading: str
    paragraphs: Sequence[str]
    button: str
    path: str
    why: str
    rows: Sequence[Row] = ()


def send(
    write: Callable[[User], Letter],
    recipients: Iterable[User],
    *,
    key: str,
    thread: str,
    at: datetime,
) -> None:
    """Queue what `write` says to each of them; it is called in that person's language and zone.

    `key` names the event: nobody is told of it twice. Letters of one `thread` stand together in
    mail programs.
    """
    for user in {person.pk: person for person in recipients}.values():
        root = message_id_for(thread)
        with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
            letter = write(user)
            subject = f"[{letter.reference}] {letter.heading}"
            context = {
                "letter": letter,
                "subject": subject,
                "url": settings.BASE_URL + letter.path,
                "why": letter.why,
                "urgent": False,
                "language": user.language,
                "vendor_name": settings.VENDOR_NAME,
            }
            text = render_to_string("email/letter.txt", context)
            html = render_to_string("email/letter.html", context)
        queue_email(
            dedupe_key=f"{key}-{user.pk}",
            to_address=user.email,
            to_name=user.name,
            language=user.language,
            subject=subject,
            text=text,
            html=html,
            in_reply_to=root,
            references=[root],
            at=at,
        )
