"""A filing that somebody has begun."""

from django.conf import settings
from django.db import models


class FilingDraft(models.Model):
    """What a person has filled in and not filed, one each; seen by nobody else (SPEC 5).

    `typed` holds the form's fields as they were typed, by name; `uploads` are the files that have
    arrived for it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="filing_draft"
    )
    typed = models.JSONField(default=dict)
    uploads = models.ManyToManyField("incidents.Upload", related_name="+", blank=True)
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.typed.get("title", ""))
