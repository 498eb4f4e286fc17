"""What somebody has filled in and not filed, kept for them on any machine they use (SPEC 5)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.models import User
from incidents.actions.uploads import drop_uploads
from incidents.models import FilingDraft, Submission, Upload

# A save that was under way when the form went off arrives within seconds of it.
STRAGGLES_FOR: Final = timedelta(minutes=1)


def filing_draft_of(user: User) -> FilingDraft | None:
    """Return what this person has begun to file."""
    return FilingDraft.objects.filter(user=user).prefetch_related("uploads").first()


@transaction.atomic
def save_filing_draft(
    *, user: User, key: UUID, typed: Mapping[str, str], uploads: Collection[UUID], at: datetime
) -> None:
    """Keep a form as it is filled in so far, in place of what was kept of it; an empty one, not.

    `key` is the form's. What was filed from it a moment ago is no draft any more. Raises `Conflict`
    where the person has begun another form: there is one draft, and neither is lost for the other.
    Locks the person's row, as `end_filing_draft` does.
    """
    _lock(user)
    if not typed and not uploads:
        _of_form(user, key).delete()
        return
    if Submission.objects.filter(user=user, key=key, taken_at__gt=at - STRAGGLES_FOR).exists():
        return
    others = FilingDraft.objects.filter(user=user).exclude(typed__key=str(key))
    if others.exists():
        raise Conflict(_("You have begun another incident; this one is kept on this machine only."))
    draft, _created = FilingDraft.objects.update_or_create(
        user=user, defaults={"typed": {**typed, "key": str(key)}, "saved_at": at}
    )
    draft.uploads.set(Upload.objects.filter(user=user, pk__in=uploads))


@transaction.atomic
def end_filing_draft(*, user: User, key: UUID, at: datetime) -> None:
    """Forget the draft of a form that is filed, and whatever of it is still on its way here."""
    _lock(user)
    Submission.objects.update_or_create(user=user, key=key, defaults={"taken_at": at})
    _of_form(user, key).delete()


@transaction.atomic
def discard_filing_draft(*, user: User) -> None:
    """Throw away what is begun, and the files that arrived for it."""
    draft = filing_draft_of(user)
    if draft:
        drop_uploads(user=user, place=place_of(draft.typed["key"]))
        draft.delete()


def place_of(key: object) -> str:
    """Name a form, by its key, among those to which its person sends files (`Upload.place`)."""
    return f"f-{key}"


def _of_form(user: User, key: UUID) -> QuerySet[FilingDraft]:
    return FilingDraft.objects.filter(user=user, typed__key=str(key))


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
