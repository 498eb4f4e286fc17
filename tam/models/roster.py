"""Who works when: absences, swaps of shifts, and what became of the plan (SPEC 10)."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition


class Absence(models.Model):
    """A time during which a person does not work: holidays, illness, travel."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="absences", verbose_name=_("person")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["person", "ends_at"], name="absence_by_person")]
        constraints = [
            models.CheckConstraint(
                name="absence_has_length", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return str(self.person)


class ShiftSwap(FSMModelMixin, models.Model):
    """One duty manager asks another to take a shift, perhaps for one of theirs in return."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    shift = models.ForeignKey("accounts.DutyShift", models.CASCADE, related_name="swaps")
    in_return = models.ForeignKey(
        "accounts.DutyShift", models.CASCADE, null=True, blank=True, related_name="swaps_in_return"
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.CharField(_("note"), max_length=500, blank=True)
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    state = FSMField(
        _("state"), max_length=10, choices=State, default=State.PROPOSED, protected=True
    )

    class Meta:
        verbose_name = _("swap of shifts")
        verbose_name_plural = _("swaps of shifts")
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="shift_swap_decided",
                condition=Q(state="proposed", decided_at=None)
                | ~Q(state="proposed") & Q(decided_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="shift_swap_one_proposed", fields=["shift"], condition=Q(state="proposed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift} → {self.asked_of}"

    # Transitions: legality and their own columns, nothing else. Only actions call them.

    @transition(state, State.PROPOSED, State.ACCEPTED)
    def accept(self, *, at: datetime) -> None:
        self.decided_at = at

    @transition(state, State.PROPOSED, State.DECLINED)
    def decline(self, *, at: datetime) -> None:
        self.decided_at = at

    @transition(state, State.PROPOSED, State.WITHDRAWN)
    def withdraw(self, *, at: datetime) -> None:
        self.decided_at = at


class RosterChange(models.Model):
    """What somebody changed in the plan: shifts, patterns, swaps, absences. Only added to.

    `data` holds instants and keys, so that it reads the same whatever becomes of the rows.
    """

    class Kind(models.TextChoices):
        SHIFT_PLANNED = "shift_planned", _("Shift planned")
        SHIFT_CHANGED = "shift_changed", _("Shift changed")
        SHIFT_REMOVED = "shift_removed", _("Shift removed")
        PATTERN_MADE = "pattern_made", _("Pattern made")
        PATTERN_ENDED = "pattern_ended", _("Pattern ended")
        SHIFTS_SWAPPED = "shifts_swapped", _("Shifts swapped")
        ABSENCE_ENTERED = "absence_entered", _("Absence entered")
        ABSENCE_CHANGED = "absence_changed", _("Absence changed")
        ABSENCE_REMOVED = "absence_removed", _("Absence removed")

    office = models.ForeignKey("accounts.Office", models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(_("change"), max_length=20, choices=Kind)
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("change of the roster")
        verbose_name_plural = _("changes of the roster")
        ordering = ["-changed_at", "-id"]
        indexes = [models.Index(fields=["office", "-changed_at"], name="roster_change_by_office")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.person or self.office}"


class CoverageAlarm(models.Model):
    """That the heads of an office's team were told of a time with nobody responsible."""

    class Stage(models.TextChoices):
        WEEKS_AHEAD = "weeks_ahead", _("Weeks ahead")
        DAYS_AHEAD = "days_ahead", _("Days ahead")
        NOW = "now", _("Now")

    office = models.ForeignKey("accounts.Office", models.CASCADE, related_name="coverage_alarms")
    stage = models.CharField(max_length=12, choices=Stage)
    gap_starts_at = models.DateTimeField(_("nobody from"))
    gap_ends_at = models.DateTimeField(_("until"))
    raised_at = models.DateTimeField(_("told at"))

    class Meta:
        verbose_name = _("alarm of an uncovered time")
        verbose_name_plural = _("alarms of uncovered times")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "stage", "gap_starts_at"], name="coverage_alarm_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.office} · {self.gap_starts_at.isoformat()}"
