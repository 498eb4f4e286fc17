"""Telling a person of something once: a notice, and the mail on it when its time has come."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, time
from typing import Any, Final, Self

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from accounts.models import Notice, NoticeKind, NoticePreference, NoticeWay, User
from accounts.notices.quiet import next_instant, quiet_until
from msa.outbox.mail import one_line, queue_email

DIGEST_AT: Final = time(8)  # read with the first coffee, and before most offices open
HEADING_LENGTH: Final = 250  # of Notice.heading


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail without whom it goes to; `root` is the Message-ID that its thread hangs on."""

    subject: str
    text: str
    html: str
    root: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def stored(cls, value: Mapping[str, Any]) -> Self:
        return cls(**value)


@dataclass(frozen=True, slots=True)
class News:
    """What one person is to be told; `key` names event and person.

    `urgent` (severity 1) is mailed at once, whatever they chose. `pressing` (a question on severity
    2) is never held back by quiet hours.
    """

    user: User
    key: str
    kind: NoticeKind
    reference: str
    heading: str
    path: str
    mail: Mail
    urgent: bool = False
    pressing: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How a person wants to be told of a kind; with quiet hours, both their ends are there."""

    way: str = NoticeWay.AT_ONCE
    quiet_from: time | None = None
    quiet_to: time | None = None

    def put_off(self, at: datetime, zone: str) -> datetime:
        """Return `at`, or the end of the quiet hours in which it lies."""
        if self.quiet_from is None or self.quiet_to is None:
            return at
        return quiet_until(at, zone, self.quiet_from, self.quiet_to) or at


def manners_of(people: Iterable[User], kind: NoticeKind) -> Mapping[int, Manner]:
    """Return how each stored person wants to be told of `kind`, in one query."""
    keys = [person.pk for person in people if person.pk is not None]
    chosen = NoticePreference.objects.filter(user=OuterRef("pk"), kind=kind).values("way")
    found = User.objects.filter(pk__in=keys).values_list(
        "pk", Subquery(chosen), "quiet_hours__starts", "quiet_hours__ends"
    )
    return {key: Manner(way or NoticeWay.AT_ONCE, starts, ends) for key, way, starts, ends in found}


def tell(news: News, manner: Manner, *, at: datetime) -> bool:
    """Write the notice, in the caller's transaction; its mail leaves now, later or not at all.

    False when its key was told before.
    """
    mail_at = _mail_at(news, manner, at)
    at_once = mail_at is not None and (news.urgent or mail_at <= at)
    # A digest lists what happened; only what waits for the end of quiet hours keeps its words.
    waits_whole = not at_once and mail_at is not None and manner.way == NoticeWay.AT_ONCE
    _notice, created = Notice.objects.get_or_create(
        key=news.key,
        defaults={
            "user": news.user,
            "kind": news.kind,
            "reference": news.reference,
            "heading": one_line(news.heading, HEADING_LENGTH),
            "path": news.path,
            "urgent": news.urgent,
            "at": at,
            "mail": asdict(news.mail) if waits_whole else None,
            "mail_at": mail_at,
            "mailed_at": at if at_once else None,
        },
    )
    if created and at_once:
        post(news.mail, news.user, key=news.key, urgent=news.urgent, at=at)
    return created


def post(mail: Mail, user: User, *, key: str, urgent: bool = False, at: datetime) -> bool:
    """Queue a mail to a person, or to a team's address; False when `key` was queued before."""
    return queue_email(
        dedupe_key=key,
        to_address=user.email,
        to_name=user.name,
        language=user.language,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        in_reply_to=mail.root,
        references=[mail.root] if mail.root else [],
        reply_to=mail.reply_to,
        headers=mail.headers,
        urgent=urgent,
        at=at,
    )


def where(reference: str) -> str:
    """Say in words where a mail's link leads, and that it needs a sign-in."""
    return _("The link leads to %(what)s at %(host)s, once you have signed in.") % {
        "what": reference,
        "host": settings.BASE_URL.partition("://")[2],
    }


def _mail_at(news: News, manner: Manner, at: datetime) -> datetime | None:
    if news.urgent:
        return at
    if manner.way == NoticeWay.PORTAL:
        return None
    zone = news.user.timezone
    due = at if manner.way == NoticeWay.AT_ONCE else next_instant(at, zone, DIGEST_AT)
    return due if news.pressing else manner.put_off(due, zone)
