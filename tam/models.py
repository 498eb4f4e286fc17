"""Who stands in, and what was escalated."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


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
        constraints = [
            models.CheckConstraint(
                name="absence_has_length", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return str(self.person)


class Escalation(models.Model):
    """An incident raised to one of three levels (SPEC 11)."""

    class Cause(models.TextChoices):
        CONTACT = "contact", _("By the customer")
        STAFF = "staff", _("By our staff")
        BREACH = "breach", _("By a missed response time")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", models.PROTECT, related_name="escalations")
    level = models.PositiveSmallIntegerField(_("level"))
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
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
        ordering = ["incident_id", "level"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "level"], name="escalation_level_once"),
            models.CheckConstraint(
                name="escalation_level_known", condition=Q(level__gte=1, level__lte=3)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident} · {self.level}"
