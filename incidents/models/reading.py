"""Who has read what, and how far (SPEC 18)."""

from django.conf import settings
from django.db import models


class Reading(models.Model):
    """How far a person has read an incident: the journal's length when they last looked.

    A contact sees from it that the vendor has read a message, and the portal what is new to them.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="readings")
    journal_length = models.PositiveIntegerField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="reading_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.incident_id}: {self.journal_length}"
