"""Who took what out of the house, and when (SPEC 20)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ExportFormat(models.TextChoices):
    PDF = "pdf", "PDF"
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


class Export(models.Model):
    """One download of personal data: of one incident, or of a list narrowed as `narrowed_by`."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, null=True, related_name="exports"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    format = models.CharField(max_length=10, choices=ExportFormat)
    narrowed_by = models.JSONField(default=dict)
    count = models.PositiveIntegerField(help_text=_("How many incidents it holds."))
    exported_at = models.DateTimeField()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.exported_at:%Y-%m-%d %H:%M} {self.format} {self.user_id}"
