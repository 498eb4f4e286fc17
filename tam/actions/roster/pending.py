"""Swaps that wait for an answer, when what they are about changes."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from accounts.models import DutyShift, User
from msa.outbox.actions import publish
from tam.models import ShiftSwap


def withdraw_swaps_of(
    shifts: Iterable[DutyShift], *, actor: User | None, at: datetime, but: ShiftSwap | None = None
) -> None:
    """Call off the swaps that are asked for these shifts, and publish `roster.swap_off` of each.

    The message tells what was asked, as the swap itself goes with its shift.
    """
    keys = [shift.pk for shift in shifts]
    waiting = (
        ShiftSwap.objects.select_for_update(of=("self",))
        .filter(Q(shift__in=keys) | Q(in_return__in=keys), state=ShiftSwap.State.PROPOSED)
        .select_related("shift")
        .order_by("pk")
    )
    for swap in waiting:
        if swap == but:
            continue
        swap.withdraw(at=at)
        swap.save(update_fields=["state", "decided_at"])
        publish(
            "roster.swap_off",
            {
                "swap": swap.pk,
                "office": swap.shift.office_id,
                "asked_by": swap.asked_by_id,
                "asked_of": swap.asked_of_id,
                "starts_at": swap.shift.starts_at.isoformat(),
                "ends_at": swap.shift.ends_at.isoformat(),
                "actor": actor.pk if actor else None,
            },
            at=at,
            stream=f"person-{swap.asked_by_id}",
        )
