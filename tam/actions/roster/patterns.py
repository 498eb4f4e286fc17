"""Shifts that come again: made twelve weeks ahead and extended daily (SPEC 10)."""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts.actions.offices import check_on_duty
from accounts.errors import Conflict, Refused
from accounts.models import DutyShift, Role, ShiftPattern, User
from accounts.tenancy import staff_transaction
from accounts.worktime import WEEKDAYS, local_date
from tam.actions.roster.journal import Kind, lock_people, record, times
from tam.actions.roster.pending import withdraw_swaps_of
from tam.actions.roster.shifts import PLANNED_AHEAD, check_planner
from tam.coverage import wall_clock
from tam.models import Absence

logger = logging.getLogger(__name__)

# The issue's own number: gaps are seen that long before.
AHEAD: Final = timedelta(weeks=12)
A_DAY: Final = timedelta(days=1)
MOST_WEEKS_APART: Final = 12  # a rota of more people than that is no rota


@transaction.atomic
def make_pattern(*, pattern: ShiftPattern, actor: User, at: datetime) -> list[DutyShift]:
    """Save a new pattern and plan its shifts of the next twelve weeks; return them.

    Times at which the person is absent, or on the line already, are left out.
    """
    check_planner(actor, pattern.office)
    check_pattern(pattern, at)
    lock_people([pattern.person])
    try:
        pattern.full_clean()
    except ValidationError as error:
        raise Refused("; ".join(error.messages)) from error
    pattern.planned_until = horizon(pattern, at)
    pattern.save()
    shifts = shifts_of(pattern, at=at)
    if not shifts:
        raise Refused(_("The next twelve weeks have no shift that this pattern could plan."))
    DutyShift.objects.bulk_create(shifts)
    record(
        Kind.PATTERN_MADE,
        office=pattern.office,
        person=pattern.person,
        actor=actor,
        at=at,
        data={"pattern": pattern.pk, **_as_kept(pattern), "shifts": len(shifts)},
    )
    return shifts


@transaction.atomic
def end_pattern(*, pattern: ShiftPattern, actor: User, at: datetime) -> int:
    """End a pattern now and take its shifts to come out of the plan; return how many they were.

    What was changed by hand, or swapped, no longer belongs to it and stays.
    """
    check_planner(actor, pattern.office)
    found = ShiftPattern.objects.select_for_update(of=("self",)).select_related("office", "person")
    locked = found.filter(pk=pattern.pk).first()
    today = local_date(at, pattern.office.timezone)
    if locked is None or (locked.last_day and locked.last_day < today):
        raise Conflict(_("This pattern has ended already."))
    coming = list(locked.shifts.select_for_update().filter(starts_at__gt=at).order_by("pk"))
    withdraw_swaps_of(coming, actor=actor, at=at)
    record(
        Kind.PATTERN_ENDED,
        office=locked.office,
        person=locked.person,
        actor=actor,
        at=at,
        data={"pattern": locked.pk, **_as_kept(locked), "shifts": len(coming)},
    )
    DutyShift.objects.filter(pk__in=[shift.pk for shift in coming]).delete()
    if locked.first_day >= today:
        locked.delete()
    else:
        locked.last_day = today - timedelta(days=1)
        locked.save(update_fields=["last_day"])
    return len(coming)


def extend_patterns(*, at: datetime) -> int:
    """Plan the shifts of the days that have come into sight; return how many they are.

    Each pattern has a transaction of its own, so that one that fails holds up no other. Nothing is
    planned for somebody who is no longer on duty.
    """
    # A day more: which day it is depends on the office's zone.
    seen = (at + AHEAD).date() + timedelta(days=1)
    behind = ShiftPattern.objects.filter(
        Q(last_day=None) | Q(last_day__gt=F("planned_until")), planned_until__lt=seen
    )
    made = 0
    for key in list(behind.order_by("pk").values_list("pk", flat=True)):
        try:
            made += _extend(key, at)
        except Exception:
            logger.exception("The shifts of pattern %s could not be planned.", key)
    return made


def shifts_of(pattern: ShiftPattern, *, at: datetime, after: date | None = None) -> list[DutyShift]:
    """Return the shifts to come, not yet saved, that a pattern plans until its horizon.

    `after` is the last day for which they were made before. Times at which the person is absent, or
    on the line already, are left out.
    """
    planned = [shift for shift in _all_shifts(pattern, at, after) if shift.starts_at >= at]
    if not planned:
        return []
    since, until = planned[0].starts_at, planned[-1].ends_at
    taken = list(
        Absence.objects.filter(
            person=pattern.person, starts_at__lt=until, ends_at__gt=since
        ).values_list("starts_at", "ends_at")
    )
    taken += DutyShift.objects.filter(
        office=pattern.office, person=pattern.person, starts_at__lt=until, ends_at__gt=since
    ).values_list("starts_at", "ends_at")
    return [
        shift
        for shift in planned
        if not any(start < shift.ends_at and end > shift.starts_at for start, end in taken)
    ]


def left_out(pattern: ShiftPattern, *, at: datetime) -> int:
    """Return how many of a new pattern's shifts the person cannot work."""
    planned = [shift for shift in _all_shifts(pattern, at, None) if shift.starts_at >= at]
    return len(planned) - len(shifts_of(pattern, at=at))


def check_pattern(pattern: ShiftPattern, at: datetime) -> None:
    """Refuse what no shifts can be made of."""
    check_on_duty(pattern.person)
    if not pattern.person.is_active:
        raise Refused(_("%(name)s no longer works here.") % {"name": pattern.person})
    if not pattern.weekdays or not set(pattern.weekdays) <= set(WEEKDAYS):
        raise Refused(_("Choose at least one weekday."), field="weekdays")
    if not 1 <= pattern.every_weeks <= MOST_WEEKS_APART:
        raise Refused(_("Shifts come again every 1 to 12 weeks."), field="every_weeks")
    today = local_date(at, pattern.office.timezone)
    if pattern.first_day < today:
        raise Refused(_("The first day lies in the past."), field="first_day")
    if pattern.first_day > today + PLANNED_AHEAD:
        raise Refused(_("That is too far ahead to be planned."), field="first_day")
    if pattern.last_day is not None and pattern.last_day < pattern.first_day:
        raise Refused(_("The last day lies before the first."), field="last_day")


def horizon(pattern: ShiftPattern, at: datetime) -> date:
    """Return the last day for which a pattern's shifts are made; at least its own first day's."""
    seen = local_date(at, pattern.office.timezone) + AHEAD
    return max(seen, pattern.first_day + AHEAD) if pattern.planned_until is None else seen


def _extend(key: int, at: datetime) -> int:
    with staff_transaction():
        pattern = (
            ShiftPattern.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("office", "person")
            .filter(pk=key)
            .first()
        )
        if pattern is None or pattern.planned_until is None:
            return 0
        until = horizon(pattern, at)
        person = pattern.person
        on_duty = person.is_active and person.role == Role.DUTY_MANAGER
        if until <= pattern.planned_until or not on_duty:
            return 0
        lock_people([person])
        shifts = DutyShift.objects.bulk_create(
            shifts_of(pattern, at=at, after=pattern.planned_until)
        )
        pattern.planned_until = until
        pattern.save(update_fields=["planned_until"])
        for shift in shifts:
            record(
                Kind.SHIFT_PLANNED,
                office=pattern.office,
                person=person,
                actor=None,
                at=at,
                data={"shift": shift.pk, "pattern": pattern.pk, **times(shift)},
            )
        return len(shifts)


def _all_shifts(pattern: ShiftPattern, at: datetime, after: date | None) -> Iterator[DutyShift]:
    first = pattern.first_day if after is None else max(pattern.first_day, after + A_DAY)
    last = horizon(pattern, at)
    if pattern.last_day is not None:
        last = min(last, pattern.last_day)
    zone = pattern.office.timezone
    for day in _days(pattern, first, last):
        ends_on = day if pattern.ends > pattern.starts else day + timedelta(days=1)
        starts_at = wall_clock(day, pattern.starts, zone)
        ends_at = wall_clock(ends_on, pattern.ends, zone)
        if starts_at < ends_at:  # a clock change may skip all of it
            yield DutyShift(
                office=pattern.office,
                person=pattern.person,
                pattern=pattern,
                starts_at=starts_at,
                ends_at=ends_at,
            )


def _days(pattern: ShiftPattern, first: date, last: date) -> Iterator[date]:
    """Return the days on which shifts begin; weeks count from Monday of the first day's."""
    monday = pattern.first_day - timedelta(days=pattern.first_day.weekday())
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        weeks = (day - monday).days // 7
        if weeks % pattern.every_weeks == 0 and WEEKDAYS[day.weekday()] in pattern.weekdays:
            yield day


def _as_kept(pattern: ShiftPattern) -> dict[str, object]:
    return {
        "weekdays": pattern.weekdays,
        "starts": pattern.starts.isoformat("minutes"),
        "ends": pattern.ends.isoformat("minutes"),
        "every_weeks": pattern.every_weeks,
        "first_day": pattern.first_day.isoformat(),
        "last_day": pattern.last_day.isoformat() if pattern.last_day else None,
    }
