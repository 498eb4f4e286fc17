"""The vendor's local offices: their hours, and who is on duty when they are closed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.user import validate_timezone
from accounts.worktime import Calendar, CalendarError


class Office(models.Model):
    name = models.CharField(_("name"), max_length=120, unique=True)
    timezone = models.CharField(
        _("time zone"),
        max_length=60,
        validators=[validate_timezone],
        help_text=_("Local time of every promise that this office makes."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("Two letters; public holidays come from it. Empty: none are added."),
    )
    subdivision = models.CharField(
        _("region"), max_length=10, blank=True, help_text=_("For regional holidays, such as BY.")
    )
    week = models.JSONField(
        _("weekly hours"),
        help_text=_("Opening windows of each weekday, such as 09:00–13:00, 14:00–18:00."),
    )
    calendar = models.JSONField(
        _("calendar in force"),
        editable=False,
        default=dict,
        help_text=_("Hours, closed and special days as of the latest revision."),
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    msa_phone = models.CharField(
        _("priority line"), max_length=40, blank=True, help_text=_("The number customers ring.")
    )
    email = models.EmailField(_("e-mail"), blank=True)
    acknowledge_minutes = models.JSONField(
        _("time to acknowledge an escalation"),
        default=dict,
        blank=True,
        help_text=_("Minutes for each severity; one without goes up no level by itself."),
    )
    workload_by_person = models.BooleanField(
        _("workload by person"),
        default=False,
        help_text=_("Show how much each person has; otherwise only the office as a whole."),
    )

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def hours(self, week: Any = None) -> Calendar:
        """Return the calendar in force, with `week` in place of the weekly hours if given."""
        data = self.calendar if week is None else {**self.calendar, "week": week}
        return _calendar(json.dumps(data, sort_keys=True))

    def acknowledge_minutes_at(self, at: datetime) -> Mapping[str, int]:
        """Return the minutes for each severity as they were set at an instant."""
        former = self.former_acknowledgements.filter(until__gt=at).order_by("until", "id").first()
        minutes: Mapping[str, int] = former.minutes if former else self.acknowledge_minutes
        return minutes

    def as_planned(self) -> dict[str, Any]:
        """Return the calendar as the office's own rows now say, in the form of `Calendar`."""
        days = list(self.days.all())
        return {
            "timezone": self.timezone,
            "week": self.week,
            "closed": {
                day.date.isoformat(): day.name for day in days if day.kind == OfficeDay.Kind.CLOSED
            },
            "special": {
                day.date.isoformat(): day.windows
                for day in days
                if day.kind == OfficeDay.Kind.SPECIAL
            },
        }

    def clean(self) -> None:
        super().clean()
        try:
            Calendar.from_data({"timezone": self.timezone, "week": self.week})
        except CalendarError as error:
            raise ValidationError({"week": str(error)}) from error


@lru_cache(maxsize=512)  # one for each office and each certificate with hours of its own
def _calendar(data: str) -> Calendar:
    return Calendar.from_data(json.loads(data))


class OfficeDay(models.Model):
    """A date on which an office keeps other hours than its week says."""

    class Kind(models.TextChoices):
        CLOSED = "closed", _("Closed")
        SPECIAL = "special", _("Special hours")
        ORDINARY = "ordinary", _("Ordinary day, though a public holiday")

    office = models.ForeignKey(Office, models.CASCADE, related_name="days")
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CLOSED)
    name = models.CharField(
        _("name"), max_length=120, blank=True, help_text=_("Customers read it in explanations.")
    )
    windows = models.JSONField(_("special hours"), default=list, blank=True)
    public_holiday = models.BooleanField(_("from the public holidays"), default=False)

    class Meta:
        verbose_name = _("closed or special day")
        verbose_name_plural = _("closed and special days")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["office", "date"], name="office_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.date.isoformat()} {self.name}".strip()


class FormerAcknowledgement(models.Model):
    """The minutes in which an office had escalations acknowledged, until they were set anew.

    Only added, never changed: what goes up late still goes by the minutes of its own instant.
    """

    office = models.ForeignKey(Office, models.PROTECT, related_name="former_acknowledgements")
    until = models.DateTimeField(_("until"))
    minutes = models.JSONField(_("time to acknowledge an escalation"))

    class Meta:
        verbose_name = _("former time to acknowledge")
        verbose_name_plural = _("former times to acknowledge")
        ordering = ["office_id", "until", "id"]
        indexes = [models.Index(fields=["office", "until"], name="former_ack_by_office")]

    def __str__(self) -> str:
        return f"{self.office} · {self.until.isoformat()}"


class CalendarRevision(models.Model):
    """An office's calendar from one instant of change on (SPEC 7.10); never changed, only added."""

    office = models.ForeignKey(
        Office, models.PROTECT, related_name="revisions", verbose_name=_("office")
    )
    number = models.PositiveIntegerField(_("revision"))
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("changed by")
    )
    calendar = models.JSONField(_("calendar"))

    class Meta:
        verbose_name = _("calendar revision")
        verbose_name_plural = _("calendar revisions")
        ordering = ["office_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["office", "number"], name="calendar_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.office} · {self.number}"


class CalendarRecord(models.Model):
    """A calendar that clocks were reckoned by, kept by its digest: only added, never changed.

    What a clock promised can be reckoned again as it was, whatever became of the office's hours.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    data = models.JSONField(_("calendar"))

    class Meta:
        verbose_name = _("calendar on record")
        verbose_name_plural = _("calendars on record")

    def __str__(self) -> str:
        return self.digest[:12]

    @property
    def calendar(self) -> Calendar:
        return _calendar(json.dumps(self.data, sort_keys=True))


_in_mind: ContextVar[dict[str, Calendar] | None] = ContextVar("calendars_in_mind", default=None)


@contextmanager
def calendars_in_mind() -> Iterator[None]:
    """Keep calendars in memory only, inside the block.

    For a transaction that will be rolled back: two that record the same calendar would wait for
    each other.
    """
    token = _in_mind.set({})
    try:
        yield
    finally:
        _in_mind.reset(token)


def calendar_on_record(digest: str) -> Calendar:
    """Return the calendar of a digest; raises `CalendarRecord.DoesNotExist`."""
    known = _in_mind.get()
    if known and digest in known:
        return known[digest]
    return _on_record(digest)


@lru_cache(maxsize=512)  # as many calendars as are in use; a digest never means another
def _on_record(digest: str) -> Calendar:
    return CalendarRecord.objects.get(pk=digest).calendar


def put_on_record(calendar: Calendar) -> None:
    """Keep a calendar, if it is not kept already."""
    known = _in_mind.get()
    if known is not None:
        known[calendar.digest] = calendar
        return
    CalendarRecord.objects.bulk_create(
        [CalendarRecord(digest=calendar.digest, data=calendar.to_data())], ignore_conflicts=True
    )


class ShiftPattern(models.Model):
    """Shifts that come again: on some weekdays of every so many weeks, in the office's local time.

    A shift that ends at or before the time at which it starts ends on the next day. The weeks count
    from the week of the first day.
    """

    office = models.ForeignKey(
        Office, models.CASCADE, related_name="shift_patterns", verbose_name=_("office")
    )
    person = models.ForeignKey(
        "accounts.User", models.CASCADE, related_name="shift_patterns", verbose_name=_("person")
    )
    weekdays = ArrayField(models.CharField(max_length=3), verbose_name=_("weekdays"))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    every_weeks = models.PositiveSmallIntegerField(_("every … weeks"), default=1)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    planned_until = models.DateField(_("planned until"), null=True, editable=False)

    class Meta:
        verbose_name = _("pattern of shifts")
        verbose_name_plural = _("patterns of shifts")
        ordering = ["office_id", "first_day", "id"]
        constraints = [
            models.CheckConstraint(
                name="shift_pattern_some_weeks", condition=Q(every_weeks__gte=1)
            ),
            models.CheckConstraint(
                name="shift_pattern_has_length",
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.office}"


class DutyShift(models.Model):
    """A time during which a duty manager answers an office's line and sees its incidents.

    It stands here rather than with the planning because rights follow from it (SPEC 4, 10).
    """

    office = models.ForeignKey(
        Office, models.CASCADE, related_name="shifts", verbose_name=_("office")
    )
    person = models.ForeignKey(
        "accounts.User", models.CASCADE, related_name="shifts", verbose_name=_("person")
    )
    pattern = models.ForeignKey(
        "accounts.ShiftPattern",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="shifts",
        verbose_name=_("pattern"),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("duty shift")
        verbose_name_plural = _("duty shifts")
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["person", "ends_at"], name="duty_shift_by_person"),
            models.Index(fields=["office", "ends_at"], name="duty_shift_by_office"),
        ]
        constraints = [
            models.CheckConstraint(
                name="duty_shift_has_length", condition=Q(ends_at__gt=F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.office}"
