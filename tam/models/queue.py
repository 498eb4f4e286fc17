"""How people look at the queue, and what they do to many incidents at once (SPEC 10)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 60  # what fits beside the queue on two lines
QUERY_LENGTH = 600  # every filter in use, and a search of some words in any script


class QueueView(models.Model):
    """A narrowing of the queue under a name; with an office it is shared with that office."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="queue_views")
    office = models.ForeignKey(
        "accounts.Office", models.CASCADE, null=True, blank=True, related_name="queue_views"
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    query = models.CharField(_("query"), max_length=QUERY_LENGTH, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("view of the queue")
        verbose_name_plural = _("views of the queue")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="queue_view_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class QueuePreference(models.Model):
    """How one person wants the queue's rows, and whether severity 1 may be heard."""

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Comfortable")
        COMPACT = "compact", _("Compact")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="queue_preference"
    )
    columns = ArrayField(models.CharField(max_length=20), default=list)
    density = models.CharField(max_length=12, choices=Density, default=Density.COMFORTABLE)
    sound = models.BooleanField(default=False)


class BulkAct(models.Model):
    """One act on many incidents, which can be undone once."""

    class Kind(models.TextChoices):
        ASSIGN = "assign", _("Assign")
        HAND_TO_TEAM = "hand_to_team", _("Hand to a team")
        FOLLOW = "follow", _("Follow")
        UNFOLLOW = "unfollow", _("Stop following")

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    done_at = models.DateTimeField()
    arguments = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    submission = models.UUIDField(unique=True)

    class Meta:
        verbose_name = _("act on many incidents")
        verbose_name_plural = _("acts on many incidents")
        ordering = ["-done_at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.actor}"


class BulkItem(models.Model):
    """What a bulk act did to one incident: enough to undo it, if nothing else came since."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    act = models.ForeignKey(BulkAct, models.CASCADE, related_name="items")
    incident = models.ForeignKey("incidents.Incident", models.PROTECT, related_name="+")
    before = models.JSONField(default=dict)
    refusal = models.TextField(blank=True, help_text="Why it was not done here; empty if it was.")

    class Meta:
        ordering = ["act_id", "id"]
        constraints = [models.UniqueConstraint(fields=["act", "incident"], name="bulk_item_once")]
