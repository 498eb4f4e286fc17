"""What the vendor owes a customer, and until when: one register (SPEC 19.8)."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

TITLE_LENGTH = 200  # characters: as long as that of an incident
WORDS_LENGTH = 500  # characters of a proof or a reason: some sentences, or a link


class Obligation(models.Model):
    """Something owed to a customer by an instant, with the proof that it was delivered.

    `key` names it once per customer, so that whoever owes it again changes nothing. It is open
    until it is delivered or waived; waived by nobody: by the rules. `title` tells which of its kind
    it is. `remind_at` is when people are next told of it: ahead, then once it is overdue; None
    afterwards. The other apps write this table through the actions of
    `accounts.actions.obligations`.
    """

    class Kind(models.TextChoices):
        RENEWAL = "renewal", _("Renewal of a certificate")
        QUARTERLY_REPORT = "quarterly_report", _("Quarterly report")
        REGULAR_REPORT = "regular_report", _("Report of open incidents")
        STATUS_REPORT = "status_report", _("Status report")
        HEALTH_CHECK = "health_check", _("Health check")
        ADVICE = "advice", _("Agreed action")

    class Rule(models.TextChoices):
        """Why something is waived by itself; stored as the reason."""

        REVOKED = "revoked", _("The certificate was revoked.")
        NO_LONGER = "no_longer", _("The agreement does not say so any more.")

    customer = models.ForeignKey(
        "accounts.Customer",
        models.PROTECT,
        related_name="obligations",
        verbose_name=_("customer"),
    )
    certificate = models.ForeignKey(
        "accounts.Certificate",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="obligations",
        verbose_name=_("certificate"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    key = models.CharField(max_length=120)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    owed_since = models.DateTimeField(_("owed since"))
    due_at = models.DateTimeField(_("due"))
    remind_at = models.DateTimeField(_("reminder"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    delivered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("delivered by"),
    )
    proof = models.CharField(_("proof"), max_length=WORDS_LENGTH, blank=True)
    waived_at = models.DateTimeField(_("waived at"), null=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("waived by"),
    )
    reason = models.CharField(_("reason"), max_length=WORDS_LENGTH, blank=True)

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "key"], name="obligation_once"),
            models.CheckConstraint(
                name="obligation_ends_once",
                condition=Q(delivered_at=None) | Q(waived_at=None),
            ),
            models.CheckConstraint(
                name="obligation_delivered_with_proof",
                condition=Q(delivered_at=None) | ~Q(proof=""),
            ),
            models.CheckConstraint(
                name="obligation_waived_with_reason",
                condition=Q(waived_at=None) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "due_at", "id"],
                name="obligations_open",
                condition=Q(delivered_at=None, waived_at=None),
            ),
            models.Index(
                fields=["remind_at", "id"],
                name="obligations_to_remind",
                condition=Q(remind_at__isnull=False, delivered_at=None, waived_at=None),
            ),
        ]

    def __str__(self) -> str:
        kind = str(self.get_kind_display())
        return f"{kind} · {self.title}" if self.title else kind

    @property
    def is_open(self) -> bool:
        return self.delivered_at is None and self.waived_at is None

    def is_overdue(self, at: datetime) -> bool:
        """Whether it is open past its due instant; delivered at that very instant is in time."""
        return self.is_open and self.due_at < at

    @property
    def reason_text(self) -> str:
        """Return the reason in the words of who waived it, or in the rules' translated ones."""
        if self.waived_by_id is None and self.reason in self.Rule.values:
            return str(self.Rule(self.reason).label)
        return self.reason
