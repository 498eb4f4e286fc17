"""What a contact asks to have changed about the contacts of a certificate (SPEC 3)."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from accounts.models.certificate import CertificateVersion
from accounts.models.user import User


class ContactRequest(FSMModelMixin, models.Model):
    """A change of contacts, asked for in the portal; an administrator decides."""

    class Kind(models.TextChoices):
        ADD = "add", _("Add somebody")
        REPLACE = "replace", _("Replace somebody")
        REMOVE = "remove", _("Remove somebody")
        CORRECT = "correct", _("Correct somebody's details")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a decision")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    certificate = models.ForeignKey(
        "accounts.Certificate",
        models.PROTECT,
        related_name="contact_requests",
        verbose_name=_("certificate"),
    )
    kind = models.CharField(_("change"), max_length=10, choices=Kind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("whom it concerns"),
        help_text=_("The contact who leaves, or whose details are wrong."),
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, blank=True
    )
    note = models.TextField(_("remark"), blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    requested_at = models.DateTimeField(_("asked at"))
    submission = models.UUIDField(
        unique=True, editable=False, help_text=_("Of the form: sent twice, it is one request.")
    )
    state = FSMField(
        _("state"), max_length=10, choices=State, default=State.WAITING, protected=True
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    version = models.ForeignKey(
        "accounts.CertificateVersion",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("version issued"),
    )

    class Meta:
        verbose_name = _("request for a change of contacts")
        verbose_name_plural = _("requests for a change of contacts")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="contact_request_person",
                condition=Q(kind="add", person=None) | ~Q(kind="add") & Q(person__isnull=False),
            ),
            models.CheckConstraint(
                name="contact_request_decided",
                condition=Q(state="waiting", decided_at=None)
                | ~Q(state="waiting") & Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="contact_request_declined_with_reason",
                condition=~Q(state="declined") | ~Q(reason=""),
            ),
            models.UniqueConstraint(
                name="contact_request_one_waiting_about_a_person",
                fields=["certificate", "person"],
                condition=Q(state="waiting", person__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="contact_requests_waiting",
                fields=["requested_at", "id"],
                condition=Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.certificate}"

    @property
    def is_waiting(self) -> bool:
        return bool(self.state == self.State.WAITING)

    # Transitions: legality and their own columns, nothing else. Only actions call them.

    @transition(state, State.WAITING, State.APPROVED)
    def approve(self, *, version: CertificateVersion | None, by: User, at: datetime) -> None:
        self.version, self.decided_by, self.decided_at = version, by, at

    @transition(state, State.WAITING, State.DECLINED)
    def decline(self, *, reason: str, by: User, at: datetime) -> None:
        self.reason, self.decided_by, self.decided_at = reason, by, at

    @transition(state, State.WAITING, State.WITHDRAWN)
    def withdraw(self, *, by: User, at: datetime) -> None:
        self.decided_by, self.decided_at = by, at
