from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# The first lines of an error say what went wrong; a page of SQL behind them helps nobody.
ERROR_LENGTH = 1000


def error_text(error: BaseException) -> str:
    """Return what `last_error` holds of an error. PostgreSQL's text holds no NUL."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:ERROR_LENGTH]


class Message(models.Model):
    """Something that happened, told to whoever the wiring names. Written once, never changed."""

    topic = models.CharField(_("topic"), max_length=100)
    stream = models.CharField(_("stream"), max_length=100, blank=True)
    payload = models.JSONField(_("payload"))
    occurred_at = models.DateTimeField(_("occurred at"))
    fanned_out = models.BooleanField(_("fanned out"), default=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["id"], condition=Q(fanned_out=False), name="outbox_message_new")
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


class Delivery(models.Model):
    """One message for one handler: waiting, done, or failed after its last attempt."""

    message = models.ForeignKey(
        Message,
        models.CASCADE,
        related_name="deliveries",
        db_index=False,
        verbose_name=_("message"),
    )
    handler = models.CharField(_("handler"), max_length=200)
    stream = models.CharField(_("stream"), max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    retry_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=ERROR_LENGTH, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "handler"], name="outbox_delivery_once_per_handler"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(failed_at=None), name="outbox_delivery_one_end"
            ),
        ]
        indexes = [
            models.Index(
                fields=["message", "id"],
                condition=Q(done_at=None, failed_at=None),
                name="outbox_delivery_waiting",
            ),
            models.Index(
                fields=["handler", "stream", "message"],
                condition=Q(done_at=None, failed_at=None) & ~Q(stream=""),
                name="outbox_delivery_stream",
            ),
            models.Index(
                fields=["failed_at"],
                condition=Q(failed_at__isnull=False),
                name="outbox_delivery_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handler} {self.message_id}"


class Email(models.Model):
    """A mail to one person, exactly as it will leave."""

    dedupe_key = models.CharField(_("key"), max_length=200, unique=True)
    to_address = models.EmailField(_("address"), max_length=254)
    to_name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    message_id = models.CharField(_("message ID"), max_length=300, unique=True)
    in_reply_to = models.CharField(_("in reply to"), max_length=300, blank=True)
    references = models.JSONField(_("references"), default=list, blank=True)
    reply_to = models.CharField(_("reply address"), max_length=320, blank=True)
    headers = models.JSONField(_("further headers"), default=dict, blank=True)
    urgent = models.BooleanField(_("urgent"), default=False)
    occurred_at = models.DateTimeField(_("occurred at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    tried_at = models.DateTimeField(_("first attempt at"), null=True, blank=True)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=ERROR_LENGTH, blank=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(failed_at=None), name="outbox_email_one_end"
            )
        ]
        indexes = [
            models.Index(
                fields=["-urgent", "id"],
                condition=Q(sent_at=None, failed_at=None),
                name="outbox_email_waiting",
            ),
            models.Index(
                fields=["failed_at"],
                condition=Q(failed_at__isnull=False),
                name="outbox_email_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.to_address}: {self.subject}"


class Heartbeat(models.Model):
    """The engine's last beat; there is one row at the most."""

    SINGLE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLE)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeat")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="outbox_heartbeat_single")]

    def __str__(self) -> str:
        return self.at.isoformat()


class Gap(models.Model):
    """A time in which the engine did not beat (SPEC 19.11): after `began_at`, until `ended_at`."""

    began_at = models.DateTimeField(_("began at"), unique=True)
    ended_at = models.DateTimeField(_("ended at"))

    class Meta:
        verbose_name = _("gap")
        verbose_name_plural = _("gaps")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gt=models.F("began_at")), name="outbox_gap_forwards"
            )
        ]

    def __str__(self) -> str:
        return f"{self.began_at.isoformat()}/{self.ended_at.isoformat()}"
