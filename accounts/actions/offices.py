"""Offices, their calendars and shifts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

import holidays
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import CalendarRevision, DutyShift, Office, OfficeDay, Role, User
from accounts.worktime import Calendar, CalendarError, local_date
from msa.outbox.actions import publish


@transaction.atomic
def revise_calendar(*, office: Office, actor: User | None, at: datetime) -> CalendarRevision | None:
    """Put the office's hours and days, as its rows now say, into force from `at` on.

    Adds a revision, and publishes `office.calendar_revised` when another one was in force; returns
    None when nothing differs from it. Raises `Refused` for a calendar that no clock could run by.
    """
    Office.objects.select_for_update(no_key=True).get(pk=office.pk)
    try:
        calendar = Calendar.from_data(office.as_planned()).to_data()
    except CalendarError as error:
        raise Refused(str(error), field="week") from error
    check_week(office.week)
    latest = office.revisions.order_by("-number").first()
    if latest and latest.calendar == calendar:
        return None
    office.calendar = calendar
    office.save(update_fields=["calendar"])
    revision = CalendarRevision.objects.create(
        office=office,
        number=latest.number + 1 if latest else 1,
        changed_at=at,
        changed_by=actor,
        calendar=calendar,
    )
    if latest:
        stream = f"office-{office.pk}"
        publish("office.calendar_revised", {"office": office.pk}, at=at, stream=stream)
    return revision


def check_week(week: Mapping[str, Sequence[object]]) -> None:
    """Refuse a week without any opening: clocks could never come due once special days are over."""
    if not any(week.values()):
        raise Refused(_("Give at least one day hours: clocks could never come due."), field="week")


@transaction.atomic
def close_day(
    *, office: Office, day: date, actor: User | None, at: datetime, name: str = ""
) -> CalendarRevision | None:
    """Close the office on a coming date; its special hours of that date, if any, go."""
    if day <= local_date(at, office.timezone):
        raise Refused(_("Only a day after today can be closed."), field="date")
    OfficeDay.objects.update_or_create(
        office=office,
        date=day,
        defaults={"kind": OfficeDay.Kind.CLOSED, "name": name, "windows": []},
    )
    return revise_calendar(office=office, actor=actor, at=at)


@transaction.atomic
def adopt_public_holidays(*, office: Office, years: Sequence[int]) -> int:
    """Add the country's public holidays of `years` as closed days; return how many were new.

    They are named as the country itself names them. A date that an administrator has already given
    hours or a name of its own stays as it is. The calendar in force does not change before
    `revise_calendar`.
    """
    if not office.country:
        return 0
    ask = partial(holidays.country_holidays, office.country, subdiv=office.subdivision or None)
    try:
        found = ask(years=list(years), language=ask().default_language)
    except NotImplementedError as error:
        raise Refused(
            _("No public holidays are known for %(country)s %(region)s.")
            % {"country": office.country, "region": office.subdivision},
            field="country",
        ) from error
    known = set(office.days.values_list("date", flat=True))
    added = OfficeDay.objects.bulk_create(
        OfficeDay(office=office, date=day, name=name[:120], public_holiday=True)
        for day, name in sorted(found.items())
        if day not in known
    )
    return len(added)


@transaction.atomic
def plan_shift(
    *, office: Office, person: User, starts_at: datetime, ends_at: datetime
) -> DutyShift:
    """Put a duty manager on the office's line for a time."""
    shift = DutyShift(office=office, person=person, starts_at=starts_at, ends_at=ends_at)
    save_shift(shift=shift)
    return shift


@transaction.atomic
def save_shift(*, shift: DutyShift) -> None:
    """Save a new or a changed shift, if the rules allow it."""
    check_on_duty(shift.person)
    try:
        shift.full_clean()
    except ValidationError as error:
        raise Refused("; ".join(error.messages)) from error
    shift.save()


def check_on_duty(person: User) -> None:
    if person.role != Role.DUTY_MANAGER:
        raise Refused(_("Only a duty manager can be put on duty."), field="person")
