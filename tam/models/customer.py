"""What account managers know of a customer, and what was advised and agreed (SPEC 10)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class HandlingNote(models.Model):
    """How a customer is handled, for staff only. Each change is a row; the latest one counts."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="handling_notes")
    text = models.TextField(_("text"), blank=True)
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("note for handling")
        verbose_name_plural = _("notes for handling")
        ordering = ["-changed_at", "-id"]

    def __str__(self) -> str:
        return f"{self.customer} · {self.changed_at.date().isoformat()}"


class Advice(models.Model):
    """What was advised to a customer, and what was agreed to be done; shown to both sides."""

    class Whose(models.TextChoices):
        VENDOR = "vendor", _("Ours")
        CUSTOMER = "customer", _("The customer's")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="advice")
    certificate = models.ForeignKey(
        "accounts.Certificate", models.PROTECT, null=True, blank=True, related_name="+"
    )
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given_at = models.DateTimeField(_("given at"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("advice"))
    action = models.TextField(_("agreed action"), blank=True)
    whose = models.CharField(_("whose action"), max_length=10, choices=Whose, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    outcome = models.TextField(_("outcome"), blank=True)

    class Meta:
        verbose_name = _("advice")
        verbose_name_plural = _("advice")
        ordering = ["-given_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="advice_action_is_somebodys",
                condition=Q(action="", whose="", due_on=None) | ~Q(action="") & ~Q(whose=""),
            )
        ]

    def __str__(self) -> str:
        return self.title
