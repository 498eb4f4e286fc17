"""When people do not work: entered by themselves, or by the head of their office's team."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import User
from tam.access import may_plan
from tam.actions.roster.journal import Kind, lock_people, record
from tam.models import Absence

# An illness is told during the morning; what was done in somebody's name before stays theirs.
LATE: Final = timedelta(days=1)
# More is a mistyped year.
LONGEST: Final = timedelta(days=366)


@transaction.atomic
def enter_absence(
    *, person: User, starts_at: datetime, ends_at: datetime, actor: User, at: datetime
) -> Absence:
    """Note that a person does not work for a time.

    One that should have begun within the last day begins now: who was responsible until now was.
    """
    check_may_enter(actor, person)
    lock_people([person])
    starts_at = at if at - LATE <= starts_at < at else starts_at
    absence = Absence(person=person, starts_at=starts_at, ends_at=ends_at)
    check_absence(absence, at)
    absence.save()
    _record(Kind.ABSENCE_ENTERED, absence, {}, actor, at)
    return absence


@transaction.atomic
def change_absence(
    *, absence: Absence, starts_at: datetime, ends_at: datetime, actor: User, at: datetime
) -> Absence:
    """Give an absence to come other times; one that has begun only ends otherwise."""
    check_may_enter(actor, absence.person)
    lock_people([absence.person])
    absence = _locked(absence)
    before = _times(absence)
    if absence.ends_at <= at:
        raise Conflict(_("This absence is over; it stays as it was."))
    if absence.starts_at > at:
        absence.starts_at = at if at - LATE <= starts_at < at else starts_at
    elif starts_at != absence.starts_at:
        raise Conflict(_("This absence has begun; only its end can be changed."))
    absence.ends_at = at if at - LATE <= ends_at < at else ends_at
    if _times(absence) == before:
        return absence
    check_absence(absence, at, begun=absence.starts_at < at)
    absence.save(update_fields=["starts_at", "ends_at"])
    _record(Kind.ABSENCE_CHANGED, absence, {"before": before}, actor, at)
    return absence


@transaction.atomic
def remove_absence(*, absence: Absence, actor: User, at: datetime) -> None:
    """Take an absence to come back; one that has begun can only end earlier."""
    check_may_enter(actor, absence.person)
    absence = _locked(absence)
    if absence.starts_at <= at:
        raise Conflict(_("This absence has begun; it can end earlier, but not be removed."))
    _record(Kind.ABSENCE_REMOVED, absence, {}, actor, at)
    absence.delete()


@transaction.atomic
def correct_absence(*, absence: Absence, actor: User, at: datetime) -> None:
    """Save an absence as an administrator set it, and note what changed."""
    before = Absence.objects.select_for_update().filter(pk=absence.pk).first()
    absence.save()
    if before is None:
        _record(Kind.ABSENCE_ENTERED, absence, {}, actor, at)
    elif _times(before) != _times(absence):
        _record(Kind.ABSENCE_CHANGED, absence, {"before": _times(before)}, actor, at)


def may_enter(actor: User, person: User) -> bool:
    """Whether somebody notes a person's absences: their own, and a head those of the office."""
    if person.is_contact or actor.is_contact:
        return False
    return actor == person or (may_plan(actor, person.office) if person.office else actor.is_staff)


def check_may_enter(actor: User, person: User) -> None:
    if not may_enter(actor, person):
        raise NotAllowed(_("People enter their own absences, and heads those of their office."))


def check_absence(absence: Absence, at: datetime, *, begun: bool = False) -> None:
    """Refuse times that cannot be, and a time for which an absence is noted already.

    One that has begun does not end in the past: it would change who was responsible.
    """
    if absence.ends_at <= absence.starts_at:
        raise Refused(_("The absence ends before it begins."), field="ends_at")
    if not begun and absence.starts_at < at:
        raise Refused(_("This lies too far in the past."), field="starts_at")
    if absence.ends_at < at - LATE:
        raise Refused(_("This lies too far in the past."), field="ends_at")
    if absence.ends_at - absence.starts_at > LONGEST and not begun:
        raise Refused(_("An absence is no longer than a year."), field="ends_at")
    others = Absence.objects.filter(
        person=absence.person, starts_at__lt=absence.ends_at, ends_at__gt=absence.starts_at
    )
    if others.exclude(pk=absence.pk).exists():
        raise Refused(_("An absence is entered for this time already."))


def _locked(absence: Absence) -> Absence:
    rows = Absence.objects.select_for_update(of=("self",)).select_related("person__office")
    found = rows.filter(pk=absence.pk).first()
    if found is None:
        raise Conflict(_("This absence is no longer entered."))
    return found


def _record(
    kind: Kind, absence: Absence, more: dict[str, object], actor: User, at: datetime
) -> None:
    record(
        kind,
        office=absence.person.office,
        person=absence.person,
        actor=actor,
        at=at,
        data={"absence": absence.pk, **_times(absence), **more},
    )


def _times(absence: Absence) -> dict[str, object]:
    return {
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": absence.ends_at.isoformat(),
    }
