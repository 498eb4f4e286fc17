"""Reading notices, choosing how to be told, and mailing what has waited (SPEC 18)."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from django.db import transaction

from accounts.actions.invitations import may_sign_in
from accounts.models import Notice, NoticePreference, NoticeWay, QuietHours, User
from accounts.notices.summary import summary
from accounts.notices.telling import Mail, Manner, post
from accounts.tenancy import staff_transaction

logger = logging.getLogger(__name__)

PEOPLE_AT_ONCE: Final = 200  # in one run: well below a task's time limit; the next tick goes on
KEEP: Final = timedelta(days=365)  # as long as anybody looks for what they were told
FORGET_BATCH: Final = 5_000  # rows in a transaction, and in one night


@transaction.atomic
def mark_read(*, notice: Notice, actor: User, at: datetime) -> None:
    """Note that a person has read one of their notices; read before, it stays as it was."""
    Notice.objects.filter(pk=notice.pk, user=actor, read_at=None).update(read_at=at)


@transaction.atomic
def mark_all_read(*, actor: User, up_to: int, at: datetime) -> int:
    """Note that a person has read all of their notices up to one; what came since stays unread."""
    unread = Notice.objects.filter(user=actor, pk__lte=up_to, read_at=None)
    return unread.update(read_at=at)


@transaction.atomic
def choose_ways(
    *,
    actor: User,
    ways: Mapping[str, str],
    quiet: tuple[time, time] | None,
    at: datetime,
) -> None:
    """Keep how a person wants to be told; mail that waits for quiet hours waits by the new ones."""
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    for kind, way in ways.items():
        NoticePreference.objects.update_or_create(user=actor, kind=kind, defaults={"way": way})
    if quiet is None:
        QuietHours.objects.filter(user=actor).delete()
    else:
        starts, ends = quiet
        QuietHours.objects.update_or_create(user=actor, defaults={"starts": starts, "ends": ends})
    manner = Manner(NoticeWay.AT_ONCE, *(quiet or (None, None)))
    Notice.objects.filter(user=actor, mail__isnull=False, mailed_at=None).update(
        mail_at=manner.put_off(at, actor.timezone)
    )


def mail_waiting(*, at: datetime) -> int:
    """Mail what is due of what has waited; return to how many people.

    Each person is a transaction of their own. One whose mail cannot be written is logged, waits
    for the next run, and holds up nobody.
    """
    due = Notice.objects.filter(mail_at__lte=at, mailed_at=None).order_by()
    people = due.values_list("user", flat=True).distinct()[:PEOPLE_AT_ONCE]
    mailed = 0
    for person in list(people):
        try:
            with staff_transaction():
                mailed += _mail_person(person, at)
        except Exception:
            logger.exception("What waits for person %d could not be mailed.", person)
    return mailed


@transaction.atomic
def forget_old(*, at: datetime) -> int:
    """Delete notices of more than a year ago, a batch of them; return how many."""
    old = Notice.objects.filter(at__lt=at - KEEP).order_by("pk").values("pk")[:FORGET_BATCH]
    return Notice.objects.filter(pk__in=old).delete()[0]


def _mail_person(key: int, at: datetime) -> bool:
    """Queue one mail on all that is due for a person; false when another run has done so."""
    person = User.objects.select_for_update(no_key=True).get(pk=key)
    due = list(
        Notice.objects.filter(user=person, mail_at__lte=at, mailed_at=None).order_by("at", "pk")
    )
    if not due:
        return False
    rows = Notice.objects.filter(pk__in=[notice.pk for notice in due])
    if not may_sign_in(person):
        rows.update(mail=None, mail_at=None)
        return False
    _post(person, due, at)
    rows.update(mail=None, mailed_at=at)
    return True


def _post(person: User, due: Sequence[Notice], at: datetime) -> None:
    """Send what waits alone as it was written, and several as one."""
    first = due[0]
    if len(due) == 1 and first.mail is not None:
        post(Mail.stored(first.mail), person, key=first.key, at=at)
    else:
        key = f"notices-{person.pk}-{max(notice.pk for notice in due)}"
        post(summary(person, due, at), person, key=key, at=at)
