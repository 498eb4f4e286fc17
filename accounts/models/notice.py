"""What a person is told, and how they want to be told (SPEC 18)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    """What notices are about; each person chooses a way for each kind."""

    OUR_MOVE = "our_move", _("Questions and offers to me, and reminders of them")
    PROGRESS = "progress", _("Answers and progress on my incidents")
    CLOSED = "closed", _("Incidents closed or reopened")
    ESCALATION = "escalation", _("Escalations and complaints")
    AGREEMENT = "agreement", _("Certificates, contacts and advice")
    DUTY = "duty", _("New work, clocks and handovers")


class NoticeWay(models.TextChoices):
    AT_ONCE = "at_once", _("By e-mail at once")
    DIGEST = "digest", _("By e-mail once a day")
    PORTAL = "portal", _("Here only")


class Notice(models.Model):
    """Something that a person was told, as it stood in their language; read, or not yet.

    `key` names the event and the person, so that nobody is told twice. `mailed_at` empty with
    `mail_at` set: the mail waits for the digest or for the end of quiet hours.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    key = models.CharField(_("key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    reference = models.CharField(_("about"), max_length=60, blank=True)
    heading = models.CharField(_("heading"), max_length=250)
    path = models.CharField(_("leads to"), max_length=300)
    urgent = models.BooleanField(_("urgent"), default=False)
    at = models.DateTimeField(_("at"))
    read_at = models.DateTimeField(_("read at"), null=True)
    mail = models.JSONField(_("mail"), null=True, help_text="The mail that waits; null: none does.")
    mail_at = models.DateTimeField(_("to be mailed at"), null=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="notices_of_a_person"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notices_unread"),
            models.Index(
                fields=["mail_at"],
                condition=Q(mail_at__isnull=False, mailed_at=None),
                name="notices_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return self.heading


class NoticePreference(models.Model):
    """How a person wants to be told of one kind; without a row, at once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    way = models.CharField(_("way"), max_length=20, choices=NoticeWay)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notice_preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.way}"


class QuietHours(models.Model):
    """When a person gets no mail, by the clock of their time zone; over midnight as well."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="quiet_hours"
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="quiet_hours_have_a_length", condition=~Q(starts=models.F("ends"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}"


class MailTrouble(models.Model):
    """An address whose mail comes back; the latest bounce, until a mail is answered or opened."""

    address = models.EmailField(_("address"), max_length=254, unique=True)
    bounced_at = models.DateTimeField(_("bounced at"))
    bounces = models.PositiveIntegerField(_("bounces"), default=1)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("address whose mail comes back")
        verbose_name_plural = _("addresses whose mail comes back")
        ordering = ["-bounced_at"]

    def __str__(self) -> str:
        return self.address
