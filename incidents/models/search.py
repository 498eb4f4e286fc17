"""What can be found by its words, kept by the database itself (STACK.md, docs/following.md)."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchDocument(models.Model):
    """The words of an incident, once for its customer and once, with the notes, for staff.

    Triggers write it with the incident and its messages, so that no act can forget it; the
    application never does. Erased words are gone from it in the same statement.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.OneToOneField("incidents.Incident", models.CASCADE, related_name="+")
    customer_words = SearchVectorField()
    staff_words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["customer_words", "staff_words"], name="search_by_words")]

    def __str__(self) -> str:
        return f"{self.incident_id}"


class SearchHit(models.Model):
    """The same, as a search reads it: a view with the wall's own condition, and with the index.

    Under the policy itself PostgreSQL would read every row, since `@@` is not leakproof.
    """

    incident = models.OneToOneField(
        "incidents.Incident", models.DO_NOTHING, primary_key=True, related_name="+"
    )
    customer_words = SearchVectorField()
    staff_words = SearchVectorField()

    class Meta:
        managed = False
        db_table = "incidents_searched"

    def __str__(self) -> str:
        return f"{self.incident_id}"
