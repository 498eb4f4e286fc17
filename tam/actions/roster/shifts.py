"""Single shifts on an office's line: planned, changed, removed (SPEC 10)."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import offices
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import DutyShift, Office, User
from tam.access import may_plan
from tam.actions.roster.journal import Kind, lock_people, record, times
from tam.actions.roster.pending import withdraw_swaps_of
from tam.models import Absence

# A form takes a while to fill in: what should begin now may by then have begun.
GRACE: Final = timedelta(minutes=30)
# More is a mistyped year: nobody knows today who works then.
PLANNED_AHEAD: Final = timedelta(days=400)


@transaction.atomic
def plan_shift(
    *,
    office: Office,
    person: User,
    starts_at: datetime,
    ends_at: datetime,
    actor: User,
    at: datetime,
) -> DutyShift:
    """Put a duty manager on an office's line; one who should have begun just now begins at once.

    Refused while the person is absent or on the same line already.
    """
    check_planner(actor, office)
    lock_people([person])
    shift = DutyShift(
        office=office, person=person, starts_at=_from_now(starts_at, at), ends_at=ends_at
    )
    check_shift(shift, at, new_from=shift.starts_at)
    offices.save_shift(shift=shift)
    record(
        Kind.SHIFT_PLANNED,
        office=office,
        person=person,
        actor=actor,
        at=at,
        data={"shift": shift.pk, **times(shift)},
    )
    return shift


@transaction.atomic
def change_shift(
    *,
    shift: DutyShift,
    person: User,
    starts_at: datetime,
    ends_at: datetime,
    actor: User,
    at: datetime,
) -> DutyShift:
    """Give a shift to come other times or another person; one that has begun only ends otherwise.

    It no longer belongs to its pattern, and swaps that are asked for it are off.
    """
    check_planner(actor, shift.office)
    lock_people([person, shift.person])
    shift = _locked(shift)
    before, new_from = times(shift), starts_at
    if shift.ends_at <= at:
        raise Conflict(_("This shift is over; it stays as it was."))
    if shift.starts_at > at:
        shift.person, shift.starts_at, shift.pattern = person, _from_now(starts_at, at), None
        new_from = shift.starts_at
    elif (person, starts_at) != (shift.person, shift.starts_at):
        raise Conflict(_("This shift has begun; only its end can be changed."))
    else:
        new_from = shift.ends_at
    shift.ends_at = at if at - GRACE <= ends_at < at else ends_at
    if times(shift) == before:
        return shift
    check_shift(shift, at, new_from=new_from)
    withdraw_swaps_of([shift], actor=actor, at=at)
    offices.save_shift(shift=shift)
    record_change(shift, before, actor=actor, at=at)
    return shift


@transaction.atomic
def remove_shift(*, shift: DutyShift, actor: User, at: datetime) -> None:
    """Take a shift to come out of the plan; one that has begun can only end earlier."""
    check_planner(actor, shift.office)
    shift = _locked(shift)
    if shift.starts_at <= at:
        raise Conflict(_("This shift has begun; it can end earlier, but not be removed."))
    withdraw_swaps_of([shift], actor=actor, at=at)
    record_removal(shift, actor=actor, at=at)
    shift.delete()


@transaction.atomic
def correct_shift(*, shift: DutyShift, actor: User, at: datetime) -> None:
    """Save a shift as an administrator set it, and note what changed."""
    before = DutyShift.objects.select_for_update().filter(pk=shift.pk).first()
    offices.save_shift(shift=shift)
    if before is None:
        data = {"shift": shift.pk, **times(shift)}
        record(
            Kind.SHIFT_PLANNED,
            office=shift.office,
            person=shift.person,
            actor=actor,
            at=at,
            data=data,
        )
    elif times(before) != times(shift):
        withdraw_swaps_of([shift], actor=actor, at=at)
        record_change(shift, times(before), actor=actor, at=at)


def record_change(
    shift: DutyShift, before: dict[str, object], *, actor: User, at: datetime
) -> None:
    record(
        Kind.SHIFT_CHANGED,
        office=shift.office,
        person=shift.person,
        actor=actor,
        at=at,
        data={"shift": shift.pk, **times(shift), "before": before},
    )


def record_removal(shift: DutyShift, *, actor: User, at: datetime) -> None:
    record(
        Kind.SHIFT_REMOVED,
        office=shift.office,
        person=shift.person,
        actor=actor,
        at=at,
        data={"shift": shift.pk, **times(shift)},
    )


def check_planner(actor: User, office: Office) -> None:
    if not may_plan(actor, office):
        raise NotAllowed(_("The head of the office's team plans its shifts."))


def check_shift(shift: DutyShift, at: datetime, *, new_from: datetime) -> None:
    """Refuse what cannot be worked: by times, by an absence, by another shift on the line.

    What was planned before `new_from` is not asked about: a shift can always end earlier, but not
    in the past, where it would change who was responsible. The times may be as they were typed:
    what lies within the grace counts as now.
    """
    if shift.ends_at <= shift.starts_at:
        raise Refused(_("The shift ends before it begins."), field="ends_at")
    if new_from == shift.starts_at < at - GRACE:
        raise Refused(_("A shift cannot begin in the past."), field="starts_at")
    if shift.ends_at < at - GRACE:
        raise Refused(_("This lies too far in the past."), field="ends_at")
    if new_from >= shift.ends_at:
        return
    if not shift.person.is_active:
        raise Refused(_("%(name)s no longer works here.") % {"name": shift.person}, field="person")
    if shift.ends_at > at + PLANNED_AHEAD:
        raise Refused(_("That is too far ahead to be planned."), field="ends_at")
    if Absence.objects.filter(
        person=shift.person, starts_at__lt=shift.ends_at, ends_at__gt=new_from
    ).exists():
        raise Refused(_("%(name)s is absent then.") % {"name": shift.person}, field="person")
    others = DutyShift.objects.filter(
        office=shift.office,
        person=shift.person,
        starts_at__lt=shift.ends_at,
        ends_at__gt=new_from,
    )
    if others.exclude(pk=shift.pk).exists():
        raise Refused(
            _("%(name)s is on this line then already.") % {"name": shift.person}, field="person"
        )


def _locked(shift: DutyShift) -> DutyShift:
    found = (
        DutyShift.objects.select_for_update(of=("self",))
        .select_related("person", "office")
        .filter(pk=shift.pk)
        .first()
    )
    if found is None:
        raise Conflict(_("This shift is no longer planned."))
    return found


def _from_now(starts_at: datetime, at: datetime) -> datetime:
    return at if at - GRACE <= starts_at < at else starts_at
