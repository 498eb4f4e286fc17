"""What pages read of a person's notices."""

from collections.abc import Sequence
from datetime import time

from django.db.models import QuerySet

from accounts.models import (
    MailTrouble,
    Notice,
    NoticeKind,
    NoticePreference,
    NoticeWay,
    QuietHours,
    User,
)

_OF_CONTACTS = (
    NoticeKind.OUR_MOVE,
    NoticeKind.PROGRESS,
    NoticeKind.CLOSED,
    NoticeKind.ESCALATION,
    NoticeKind.AGREEMENT,
)
_OF_STAFF = (
    NoticeKind.DUTY,
    NoticeKind.PROGRESS,
    NoticeKind.CLOSED,
    NoticeKind.ESCALATION,
    NoticeKind.AGREEMENT,
)


def kinds_for(user: User) -> Sequence[NoticeKind]:
    """Return what a person of this side can be told of."""
    return _OF_CONTACTS if user.is_contact else _OF_STAFF


def notices_of(user: User) -> QuerySet[Notice]:
    """Return a person's own notices, newest first."""
    return Notice.objects.filter(user=user).defer("mail")


def unread_of(user: User) -> QuerySet[Notice]:
    return notices_of(user).filter(read_at=None)


def trouble_of(user: User) -> QuerySet[MailTrouble]:
    """Return, if mail to the person's address comes back, that."""
    return MailTrouble.objects.filter(address=user.email)


def ways_of(user: User) -> dict[str, str]:
    """Return the person's way for each kind; without a choice, at once."""
    chosen = NoticePreference.objects.filter(user=user).values_list("kind", "way")
    return dict.fromkeys(map(str, kinds_for(user)), str(NoticeWay.AT_ONCE)) | dict(chosen)


def quiet_hours_of(user: User) -> tuple[time, time] | None:
    return QuietHours.objects.filter(user=user).values_list("starts", "ends").first()
