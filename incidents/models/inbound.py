"""Mail that came to the desk (SPEC 17)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def raw_path(mail: "InboundMail", _name: str) -> str:
    """Return where the mail is kept as it came."""
    return f"inbound/{mail.received_at:%Y/%m}/{mail.digest}"


class InboundMail(models.Model):
    """A mail as it came, and what became of it; nothing that arrives is lost.

    Outside the tenant wall: who wrote it, and to whom it belongs, is known only when it is judged.
    Administrators alone read it. `digest` is of the whole mail, so that one that is delivered twice
    is taken once.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        FILED = "filed", _("Filed an incident")
        JOINED = "joined", _("Joined an incident")
        NOTED = "noted", _("Kept as an internal note")
        ANSWERED = "answered", _("Answered with how to proceed")
        BOUNCE = "bounce", _("A bounce, recorded")
        AUTOMATIC = "automatic", _("An automatic reply, kept only")
        QUARANTINED = "quarantined", _("In quarantine")
        REPEATED = "repeated", _("Taken before")

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    received_at = models.DateTimeField(_("received at"))
    file = models.FileField(_("mail"), upload_to=raw_path)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    message_id = models.CharField(_("message ID"), max_length=300, blank=True)
    from_address = models.CharField(_("from"), max_length=320, blank=True)
    to_address = models.CharField(_("to"), max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=Outcome, default=Outcome.WAITING
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    reference = models.CharField(_("incident"), max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail that came in")
        verbose_name_plural = _("mails that came in")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(outcome="waiting"), name="inbound_waiting"
            ),
            models.Index(fields=["message_id"], name="inbound_by_message_id"),
        ]

    def __str__(self) -> str:
        return f"{self.from_address}: {self.subject}"


class AutomaticAnswer(models.Model):
    """When an address was last answered by itself: never more than once a day (SPEC 17)."""

    address = models.CharField(_("address"), max_length=320, unique=True)
    answered_at = models.DateTimeField(_("answered at"))

    def __str__(self) -> str:
        return self.address
