"""Duty managers who take one another's shifts (SPEC 10)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions.offices import check_on_duty
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import DutyShift, Role, User
from msa.outbox.actions import publish
from tam.actions.roster.journal import Kind, lock_people, times
from tam.actions.roster.pending import withdraw_swaps_of
from tam.models import Absence, RosterChange, ShiftSwap


@transaction.atomic
def propose_swap(
    *,
    shift: DutyShift,
    asked_of: User,
    in_return: DutyShift | None,
    note: str,
    actor: User,
    at: datetime,
) -> ShiftSwap:
    """Ask a colleague to take a shift to come, perhaps for one of theirs; they are told.

    Refused with the reason when either would be on two shifts at once, or absent.
    """
    lock_people([actor, asked_of])
    locked = _locked(shift, in_return)
    if locked[shift.pk].person_id != actor.pk:
        raise NotAllowed(_("Only whose shift it is asks for a swap."))
    if asked_of.role != Role.DUTY_MANAGER or not asked_of.is_active or asked_of == actor:
        raise Refused(_("Ask another duty manager."), field="asked_of")
    if ShiftSwap.objects.filter(shift=shift, state=ShiftSwap.State.PROPOSED).exists():
        raise Conflict(_("Somebody is being asked to take this shift already."))
    swap = ShiftSwap(
        shift=locked[shift.pk],
        in_return=locked[in_return.pk] if in_return else None,
        asked_by=actor,
        asked_of=asked_of,
        note=note,
        proposed_at=at,
    )
    check_workable(swap, at)
    swap.save()
    _publish("roster.swap_proposed", swap, at)
    return swap


@transaction.atomic
def accept_swap(*, swap: ShiftSwap, actor: User, at: datetime) -> ShiftSwap:
    """Have the shifts change hands; both are told. What else was asked for them is off."""
    swap = _decided_by(swap, actor, of=True)
    check_workable(swap, at)
    taken = [swap.shift, *([swap.in_return] if swap.in_return else [])]
    before = {shift.pk: times(shift) for shift in taken}
    swap.accept(at=at)
    swap.save(update_fields=["state", "decided_at"])
    withdraw_swaps_of(taken, actor=actor, at=at, but=swap)
    for shift, person in zip(taken, (swap.asked_of, swap.asked_by), strict=False):
        shift.person, shift.pattern = person, None
        shift.save(update_fields=["person", "pattern"])
        RosterChange.objects.create(
            office=shift.office,
            person=person,
            kind=Kind.SHIFTS_SWAPPED,
            changed_at=at,
            changed_by=actor,
            data={
                "swap": swap.pk,
                "shift": shift.pk,
                **times(shift),
                "before": before[shift.pk],
            },
        )
    _publish("roster.swap_accepted", swap, at)
    return swap


@transaction.atomic
def decline_swap(*, swap: ShiftSwap, actor: User, at: datetime) -> ShiftSwap:
    swap = _decided_by(swap, actor, of=True)
    swap.decline(at=at)
    swap.save(update_fields=["state", "decided_at"])
    _publish("roster.swap_declined", swap, at)
    return swap


@transaction.atomic
def withdraw_swap(*, swap: ShiftSwap, actor: User, at: datetime) -> ShiftSwap:
    swap = _decided_by(swap, actor, of=False)
    withdraw_swaps_of([swap.shift], actor=actor, at=at)
    return ShiftSwap.objects.get(pk=swap.pk)


def check_workable(swap: ShiftSwap, at: datetime) -> None:
    """Refuse a swap after which somebody would be on a line twice at once, or while absent.

    Who is on the lines of several offices may be so at the same time.
    """
    for shift in filter(None, (swap.shift, swap.in_return)):
        if shift.starts_at <= at:
            raise Conflict(_("This shift has begun; it can no longer be swapped."))
    if swap.shift.person_id != swap.asked_by_id or (
        swap.in_return and swap.in_return.person_id != swap.asked_of_id
    ):
        raise Conflict(_("The shift is somebody else's by now."))
    _check_takes(swap.asked_of, swap.shift, gives=swap.in_return, field="asked_of")
    if swap.in_return is not None:
        _check_takes(swap.asked_by, swap.in_return, gives=swap.shift, field="in_return")


def _check_takes(person: User, shift: DutyShift, *, gives: DutyShift | None, field: str) -> None:
    check_on_duty(person)
    at_once = {"starts_at__lt": shift.ends_at, "ends_at__gt": shift.starts_at}
    if Absence.objects.filter(person=person, **at_once).exists():
        raise Refused(_("%(name)s is absent then.") % {"name": person}, field=field)
    others = DutyShift.objects.filter(office=shift.office, person=person, **at_once)
    if gives is not None:
        others = others.exclude(pk=gives.pk)
    if others.exists():
        raise Refused(_("%(name)s would work two shifts at once.") % {"name": person}, field=field)


def _decided_by(swap: ShiftSwap, actor: User, *, of: bool) -> ShiftSwap:
    """Return a swap that waits, locked with its people and shifts; `of`: by who is asked."""
    if actor.pk != (swap.asked_of_id if of else swap.asked_by_id):
        raise NotAllowed(_("This is for whoever was asked to decide."))
    lock_people([swap.asked_by, swap.asked_of])
    shifts = _locked(swap.shift, swap.in_return)
    locked = ShiftSwap.objects.select_for_update(of=("self",)).select_related(
        "asked_by", "asked_of"
    )
    found = locked.get(pk=swap.pk)
    if found.state != ShiftSwap.State.PROPOSED:
        raise Conflict(_("This swap was decided already."))
    found.shift = shifts[found.shift_id]
    found.in_return = shifts[found.in_return_id] if found.in_return_id else None
    return found


def _locked(*shifts: DutyShift | None) -> dict[int, DutyShift]:
    keys = {shift.pk for shift in shifts if shift is not None}
    rows = DutyShift.objects.select_for_update(of=("self",)).select_related("office", "person")
    found = {shift.pk: shift for shift in rows.filter(pk__in=keys).order_by("pk")}
    if len(found) < len(keys):
        raise Conflict(_("This shift is no longer planned."))
    return found


def _publish(topic: str, swap: ShiftSwap, at: datetime) -> None:
    publish(topic, {"swap": swap.pk}, at=at, stream=f"person-{swap.asked_by_id}")
