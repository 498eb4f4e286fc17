"""What one responsible person hands to the next (SPEC 10, 19.6)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Handover(models.Model):
    """The summary that the next responsible person gets; it counts when it is accepted.

    It covers the giver's turn, from `since` to `at`. `giver` is None where nobody was responsible.
    `made_at` is when the change was noticed: after an outage, later than `at`.
    """

    office = models.ForeignKey("accounts.Office", models.PROTECT, related_name="handovers")
    giver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="handovers_given"
    )
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="handovers_received"
    )
    since = models.DateTimeField(_("since"))
    at = models.DateTimeField(_("at"))
    made_at = models.DateTimeField(_("made at"))
    note = models.TextField(_("note"), blank=True)
    noted_at = models.DateTimeField(_("noted at"), null=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reminded_at = models.DateTimeField(_("reminded at"), null=True)

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "at", "giver", "receiver"],
                name="handover_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["receiver", "-at"], name="handover_by_receiver"),
            models.Index(
                fields=["at"],
                name="handovers_not_accepted",
                condition=models.Q(accepted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver or '–'} → {self.receiver}"


class HandoverItem(models.Model):
    """One incident of a summary, with the facts as they were at the handover."""

    class Section(models.TextChoices):
        DUE = "due", _("Due next")
        OPEN = "open", _("Open")
        DONE = "done", _("Done")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    handover = models.ForeignKey(Handover, models.PROTECT, related_name="items")
    incident = models.ForeignKey("incidents.Incident", models.PROTECT, related_name="+")
    section = models.CharField(max_length=10, choices=Section)
    position = models.PositiveIntegerField()
    facts = models.JSONField(
        default=dict, help_text="State, side, severity, level, due time, what was done."
    )

    class Meta:
        ordering = ["handover_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["handover", "incident", "section"], name="handover_item_once"
            )
        ]


class HandoverNote(models.Model):
    """What a giver has written for their next handover, until it is made and takes it along."""

    office = models.ForeignKey("accounts.Office", models.PROTECT, related_name="+")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(_("note"))
    noted_at = models.DateTimeField(_("noted at"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "giver"], name="handover_note_once")
        ]


class OfficeWatch(models.Model):
    """Up to which instant an office's changes of responsibility were handed over.

    `standing` maps each certificate's key to who was responsible then and since when, so that a
    change that was entered afterwards is noticed too.
    """

    office = models.OneToOneField("accounts.Office", models.CASCADE, related_name="watch")
    watched_until = models.DateTimeField()
    standing = models.JSONField(default=dict)
