"""Letters about agreements, each to one person in their language and time zone (SPEC 18)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import NoticeKind, User
from accounts.notices.telling import Mail, News, manners_of, post, tell, where
from msa.outbox.mail import message_id_for


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
    kind: NoticeKind | None = None,
    at: datetime,
) -> None:
    """Tell each of them what `write` says; it is called in that person's language and zone.

    `key` names the event: nobody is told of it twice. Letters of one `thread` stand together in
    mail programs. Of a `kind` they are notices, mailed as each person has chosen; without one (a
    password, an invitation, a safeguard) they are mails only and leave at once.
    """
    people = {person.pk: person for person in recipients}
    manners = manners_of(people.values(), kind) if kind and people else {}
    for user in people.values():
        root = message_id_for(thread)
        with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
            letter = write(user)
            subject = f"[{letter.reference}] {letter.heading}"
            context = {
                "letter": letter,
                "subject": subject,
                "url": settings.BASE_URL + letter.path,
                "where": where(letter.reference) if kind else "",
                "why": letter.why,
                "urgent": False,
                "language": user.language,
                "vendor_name": settings.VENDOR_NAME,
            }
            text = render_to_string("email/letter.txt", context)
            html = render_to_string("email/letter.html", context)
        mail = Mail(subject, text, html, root)
        manner = manners.get(user.pk)
        if kind is None or manner is None:
            post(mail, user, key=f"{key}-{user.pk}", at=at)
            continue
        news = News(
            user=user,
            key=f"{key}-{user.pk}",
            kind=kind,
            reference=letter.reference,
            heading=letter.heading,
            path=letter.path,
            mail=mail,
        )
        tell(news, manner, at=at)
