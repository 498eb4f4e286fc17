"""What people say to each other about an incident."""

import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.incident import Incident
from incidents.states import Channel


class MessageKind(models.TextChoices):
    REPORT = "report", _("Report")
    REPLY = "reply", _("Reply")
    QUESTION = "question", _("Question")
    SOLUTION = "solution", _("Solution")
    WORKAROUND = "workaround", _("Workaround")
    REASON = "reason", _("Reason")
    CALL = "call", _("Call")
    NOTE = "note", _("Internal note")


def new_digest_key() -> bytes:
    return secrets.token_bytes(32)


class Message(models.Model):
    """A text by a person, apart from the journal, so that it can be erased (SPEC 19.2, 20).

    The journal keeps a keyed hash of the text; erasing text and key leaves a hash that tells
    nothing and a chain that still verifies.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=MessageKind)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PORTAL)
    written_at = models.DateTimeField()
    text = models.TextField()
    qualified = models.BooleanField(default=False, help_text="A qualified response (SPEC 1).")
    file_hashes = ArrayField(models.CharField(max_length=64), default=list)
    digest_key = models.BinaryField(default=new_digest_key)

    class Meta:
        ordering = ["incident_id", "id"]

    @property
    def is_internal(self) -> bool:
        return self.kind == MessageKind.NOTE


def attachment_path(attachment: "Attachment", name: str) -> str:
    """Return where a file is stored: by the month of its message, under a name of our own."""
    return f"attachments/{attachment.message.written_at:%Y/%m}/{name}"


def preview_path(attachment: "Attachment", name: str) -> str:
    """Return where the redrawn image of a file is stored, apart from the files themselves."""
    return f"previews/{attachment.message.written_at:%Y/%m}/{name}"


class Attachment(models.Model):
    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="attachments")
    message = models.ForeignKey(Message, models.PROTECT, related_name="attachments")
    file = models.FileField(upload_to=attachment_path)
    name = models.CharField(max_length=200)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(
        max_length=100, blank=True, help_text="As its bytes say; the sender's word counts nothing."
    )
    preview = models.FileField(
        upload_to=preview_path, blank=True, help_text="An image drawn anew, small and harmless."
    )

    class Meta:
        ordering = ["message_id", "id"]

    def __str__(self) -> str:
        return self.name


class Point(models.Model):
    """One thing that a question asks for, answered or not (SPEC 6, 19.9).

    The question's message holds the points' words too, and the answer's message the answers', so
    that letters, evidence and the journal's hashes cover them; this is the list that is ticked off.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="points")
    question = models.ForeignKey(Message, models.PROTECT, related_name="points")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    answer = models.TextField(blank=True)
    answered_in = models.ForeignKey(
        Message, models.PROTECT, null=True, related_name="answered_points"
    )
    dropped_at = models.DateTimeField(
        null=True, help_text="Taken back, or no longer wanted: not asked for any more."
    )

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="point_once"),
            models.CheckConstraint(
                name="point_answered_with_words",
                condition=Q(answered_in=None, answer="")
                | Q(answered_in__isnull=False) & ~Q(answer=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.text}"


class Draft(models.Model):
    """What a person has typed into an incident and not sent; seen by nobody else."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)
    points = models.JSONField(default=list, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="draft_once")]
