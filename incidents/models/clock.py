"""Clocks and the deadlines that follow from them: a deadline is a row (HOUSE 4)."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incident import Incident
from incidents.rules import Promise, RunningClock, WarningPoint


class ClockKind(models.TextChoices):
    RESPONSE = "response", _("First response")


class Clock(models.Model):
    """One measurement of a promise (SPEC 7); the latest of a kind is the one shown.

    It runs until `ended_at`. `due_at` may be judged only together with `breached_at`, which is
    dated at the due instant, and `breach_set_aside_at`, when a later record disproved the breach.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="clocks")
    kind = models.CharField(max_length=20, choices=ClockKind)
    received_at = models.DateTimeField()
    started_at = models.DateTimeField(help_text="May lie ahead: the clock waits for the office.")
    waits_for_call = models.BooleanField(default=False)
    promises = models.JSONField()
    due_at = models.DateTimeField()
    warning_percentages = ArrayField(models.PositiveSmallIntegerField())
    warnings_due_at = ArrayField(models.DateTimeField())
    warned_at = ArrayField(models.DateTimeField(null=True))
    responded_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    breach_set_aside_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["incident", "id"]
        indexes = [
            models.Index(
                fields=["responded_at"],
                name="clock_answered_in_time",
                condition=Q(breached_at__isnull=True),
            ),
            models.Index(
                fields=["breached_at"], name="clock_missed", condition=Q(breached_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "kind"],
                name="clock_runs_once",
                condition=Q(ended_at__isnull=True),
            ),
        ]

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def can_move(self) -> bool:
        """Whether its due time may still change: not after an end or a breach (SPEC 7.6)."""
        return self.ended_at is None and self.breached_at is None

    def is_waiting(self, at: datetime) -> bool:
        return self.is_running and self.waits_for_call and at < self.started_at

    def value(self) -> RunningClock:
        """Return the clock as the rules reckon with it."""
        return RunningClock(
            received_at=self.received_at,
            started_at=self.started_at,
            waits_for_call=self.waits_for_call,
            promises=tuple(Promise.from_data(data) for data in self.promises),
            due_at=self.due_at,
            warnings=tuple(
                WarningPoint(percentage, due_at, fired_at)
                for percentage, due_at, fired_at in zip(
                    self.warning_percentages, self.warnings_due_at, self.warned_at, strict=True
                )
            ),
        )

    def take(self, value: RunningClock) -> None:
        """Take over what the rules reckoned."""
        self.started_at = value.started_at
        self.waits_for_call = value.waits_for_call
        self.promises = [promise.to_data() for promise in value.promises]
        self.due_at = value.due_at
        self.warnings_due_at = [warning.due_at for warning in value.warnings]
        self.warned_at = [warning.fired_at for warning in value.warnings]

    def summary(self) -> dict[str, Any]:
        """Return what the journal keeps of the clock at an event."""
        return {
            "kind": self.kind,
            "started_at": self.started_at.isoformat(),
            "due_at": self.due_at.isoformat(),
            "waits_for_call": self.waits_for_call,
        }


class DeadlineKind(models.IntegerChoices):
    """What falls due; the number is the order at one and the same instant."""

    WARNING = 10, _("Warning")
    REMINDER = 20, _("Reminder")
    BREACH = 30, _("Breach")
    EXPIRY = 40, _("Closing without a reply")


class Deadline(models.Model):
    """An instant that matters; swept when past, fired once, dated when it was due."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="deadlines")
    kind = models.PositiveSmallIntegerField(choices=DeadlineKind)
    step = models.PositiveSmallIntegerField(
        default=0, help_text="Which warning (percentage) or reminder (days before)."
    )
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "kind", "step"], name="deadline_once"),
        ]
        indexes = [models.Index(fields=["due_at", "kind", "incident"], name="deadline_next")]
