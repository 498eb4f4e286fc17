"""What was escalated, and what was complained of (SPEC 11)."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition


class Complaint(FSMModelMixin, models.Model):
    """A complaint about the quality of support, or a suggestion; it need not concern an incident.

    One about the technical account manager starts at level 2 and is hidden from them.
    """

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("Complaint")
        SUGGESTION = "suggestion", _("Suggestion")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Closed")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="complaints")
    certificate = models.ForeignKey("accounts.Certificate", models.PROTECT, related_name="+")
    incident = models.ForeignKey(
        "incidents.Incident", models.PROTECT, null=True, blank=True, related_name="complaints"
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("about the technical account manager"),
        help_text="Who that was then: it stays hidden from them, whatever they become.",
    )
    title = models.CharField(_("title"), max_length=200)
    opened_at = models.DateTimeField(_("opened at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    state = FSMField(_("state"), max_length=10, choices=State, default=State.OPEN, protected=True)

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["customer", "-opened_at"], name="complaint_by_customer")]

    def __str__(self) -> str:
        return self.title

    @property
    def about_tam(self) -> bool:
        return self.about_id is not None

    # Transitions: legality and their own columns, nothing else. Only actions call them.

    @transition(state, (State.OPEN, State.ANSWERED), State.ANSWERED)
    def answer(self, *, at: datetime) -> None:
        self.answered_at = at

    @transition(state, (State.OPEN, State.ANSWERED), State.OPEN)
    def raise_further(self) -> None:
        """The answer does not do: it goes one level up."""

    @transition(state, (State.OPEN, State.ANSWERED), State.CLOSED)
    def close(self, *, at: datetime) -> None:
        self.closed_at = at


class ComplaintMessage(models.Model):
    """A text of a complaint; the first is the complaint itself."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["complaint_id", "id"]


class Escalation(models.Model):
    """An incident, or a complaint, raised to one of three levels (SPEC 11).

    `addressees` are the people whom it reached when it was opened. Where the office sets a time for
    it, `acknowledge_by` is until when one of them has to acknowledge. `climbs_at` is the same
    instant for as long as it may still go up by itself: None once it was acknowledged, left below
    a higher level, or spared because the matter was closed; None from the start at the highest.
    """

    class Cause(models.TextChoices):
        CONTACT = "contact", _("By the customer")
        STAFF = "staff", _("By our staff")
        BREACH = "breach", _("By a missed response time")
        SILENCE = "silence", _("Not acknowledged in time")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(
        "incidents.Incident", models.PROTECT, null=True, related_name="escalations"
    )
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, related_name="escalations")
    level = models.PositiveSmallIntegerField(_("level"))
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    addressees = ArrayField(models.BigIntegerField(), default=list)
    acknowledge_by = models.DateTimeField(_("acknowledge by"), null=True)
    climbs_at = models.DateTimeField(_("goes up by itself at"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        ordering = ["incident_id", "complaint_id", "level"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "level"], name="escalation_level_once"),
            models.UniqueConstraint(
                fields=["complaint", "level"], name="escalation_of_complaint_level_once"
            ),
            models.CheckConstraint(
                name="escalation_level_known", condition=Q(level__gte=1, level__lte=3)
            ),
            models.CheckConstraint(
                name="escalation_of_one_thing",
                condition=Q(incident=None, complaint__isnull=False)
                | Q(incident__isnull=False, complaint=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["climbs_at", "id"],
                name="escalations_to_climb",
                condition=Q(climbs_at__isnull=False),
            ),
            models.Index(
                fields=["incident", "level"],
                name="escalations_not_answered",
                condition=Q(answered_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident or self.complaint} · {self.level}"
