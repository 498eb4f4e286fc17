"""Pages: what cannot wait for somebody to look at a screen (SPEC 7.4, 10)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Page(models.Model):
    """One person paged for one event of an incident; repeated until it is acknowledged.

    `times` counts the event's pages up to the last that reached this person, who may have come to
    it with a later one. `repeat_at` is when the event is paged again, and to the team's heads as
    well; None when that is over.
    """

    class Cause(models.TextChoices):
        FILED = "filed", _("New incident")
        RAISED = "raised", _("Severity raised")
        BREACHED = "breached", _("Response time missed")
        ESCALATED = "escalated", _("Escalated")
        REOPENED = "reopened", _("Reopened")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", models.PROTECT, related_name="pages")
    entry = models.ForeignKey("incidents.JournalEntry", models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="pages")
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    paged_at = models.DateTimeField(_("paged at"))
    times = models.PositiveSmallIntegerField(_("times"), default=1)
    repeat_at = models.DateTimeField(_("again at"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["-paged_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["entry", "person"], name="page_once")]
        indexes = [
            models.Index(
                fields=["repeat_at", "id"],
                name="pages_to_repeat",
                condition=Q(repeat_at__isnull=False),
            ),
            models.Index(
                fields=["person", "-paged_at"],
                name="pages_open_by_person",
                condition=Q(acknowledged_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident} → {self.person}"
