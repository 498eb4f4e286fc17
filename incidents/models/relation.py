"""Incidents of one customer that have to do with each other."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from incidents.models.incident import Incident


class Relation(models.Model):
    """Two incidents of one customer that belong together; kept once, the earlier one first."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="relations")
    other = models.ForeignKey(Incident, models.PROTECT, related_name="relations_of_others")
    related_at = models.DateTimeField()
    related_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "other"], name="relation_once"),
            models.CheckConstraint(
                name="relation_earlier_first", condition=Q(incident__lt=F("other"))
            ),
        ]
