"""Clocks and the deadlines that follow from them: a deadline is a row (HOUSE 4)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incident import Incident
from incidents.rules import Pause, Promise, RunningClock, Unit, WarningPoint


class ClockKind(models.TextChoices):
    """What is promised; the rules of each kind stand in docs/clocks.md."""

    RESPONSE = "response", _("First response")
    NEXT_RESPONSE = "next_response", _("Next response")
    UPDATE = "update", _("Update")
    WORKAROUND = "workaround", _("Workaround")
    RESOLUTION = "resolution", _("Resolution")


# They count from reception to the end; reopened, they go on where they stood.
LASTING = (ClockKind.WORKAROUND, ClockKind.RESOLUTION)
FROM_RECEPTION = (ClockKind.RESPONSE, *LASTING)


class Clock(models.Model):
    """One measurement of a promise (SPEC 7); the latest of a kind is the one shown.

    It runs until `ended_at`, but for `pauses`, and is met if `met_at` is set. `due_at` may be
    judged only together with `breached_at`, which is dated at the due instant, and
    `breach_set_aside_at`, when a later record disproved the breach. `calendar` is the digest of
    the hours that it was last reckoned by.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="clocks")
    kind = models.CharField(max_length=20, choices=ClockKind)
    received_at = models.DateTimeField()
    started_at = models.DateTimeField(help_text="May lie ahead: the clock waits for the office.")
    waits_for_call = models.BooleanField(default=False)
    promises = models.JSONField()
    pauses = models.JSONField(default=list)
    calendar = models.CharField(max_length=64)
    due_at = models.DateTimeField()
    warning_percentages = ArrayField(models.PositiveSmallIntegerField())
    warnings_due_at = ArrayField(models.DateTimeField())
    warned_at = ArrayField(models.DateTimeField(null=True))
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    breach_set_aside_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["incident_id", "received_at", "id"]
        indexes = [
            models.Index(
                fields=["met_at"],
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

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind}"

    @property
    def is_response(self) -> bool:
        return bool(self.kind == ClockKind.RESPONSE)

    @property
    def ended_unmet(self) -> bool:
        """Whether it ended with its incident, before the promise was kept."""
        return self.ended_at is not None and self.met_at is None

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def can_move(self) -> bool:
        """Whether its due time may still change: not after an end or a breach (SPEC 7.6)."""
        return self.ended_at is None and self.breached_at is None

    @property
    def is_standing(self) -> bool:
        """Whether it stands, or at its end stood, still: the next move is not the vendor's."""
        return bool(self.pauses) and self.pauses[-1][1] is None

    @property
    def uses_hours(self) -> bool:
        """Whether its due time follows from an office's hours."""
        working = any(promise["unit"] == Unit.WORKING for promise in self.promises)
        return working or self.waits_for_call

    def ran_at(self, at: datetime) -> bool:
        """Whether it had begun and not ended at an instant."""
        return self.received_at <= at and (self.ended_at is None or at < self.ended_at)

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
            pauses=tuple(_pause(*data) for data in self.pauses),
        )

    def take(self, value: RunningClock) -> None:
        """Take over what the rules reckoned."""
        self.started_at = value.started_at
        self.waits_for_call = value.waits_for_call
        self.promises = [promise.to_data() for promise in value.promises]
        self.pauses = [
            [stopped.isoformat(), resumed.isoformat() if resumed else None]
            for stopped, resumed in value.pauses
        ]
        self.due_at = value.due_at
        self.warnings_due_at = [warning.due_at for warning in value.warnings]
        self.warned_at = [warning.fired_at for warning in value.warnings]

    def summary(self) -> dict[str, Any]:
        """Return what the journal keeps of the clock at an event."""
        return {
            "kind": str(self.kind),
            "received_at": self.received_at.isoformat(),
            "started_at": self.started_at.isoformat(),
            "due_at": self.due_at.isoformat(),
            "waits_for_call": self.waits_for_call,
            "promises": self.promises,
            "pauses": self.pauses,
            "calendar": self.calendar,
        }


def _pause(stopped: str, resumed: str | None) -> Pause:
    return (
        datetime.fromisoformat(stopped),
        datetime.fromisoformat(resumed) if resumed else None,
    )


def most_pressing(clocks: Iterable[Clock]) -> Clock | None:
    """Return the clock that a list shows of an incident's latest, one of each kind.

    The missed first, then the next that is due, then what stands still; of those that ended, the
    response. None: nothing is promised.
    """
    return min(clocks, key=_pressure, default=None)


def _pressure(clock: Clock) -> tuple[bool, bool, bool, bool, datetime]:
    return (
        not clock.is_running,
        not clock.is_running and not clock.is_response,
        clock.breached_at is None,
        clock.is_standing,
        clock.due_at,
    )


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
    clock_kind = models.CharField(max_length=20, choices=ClockKind, blank=True)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "kind", "clock_kind", "step"], name="deadline_once"
            ),
        ]
        indexes = [models.Index(fields=["due_at", "kind", "incident"], name="deadline_next")]
