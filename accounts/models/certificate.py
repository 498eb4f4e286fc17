"""The certificate: which customer may ask, who for them, and what was promised."""

import secrets
from datetime import date, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.worktime import Calendar

CALL_IN_CODE_DIGITS = 6  # long enough not to be guessed on the phone, short enough to be read out

# Crockford's base 32: no letter is taken for a digit. Twelve are 60 bits, beyond any guessing.
VERIFICATION_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
VERIFICATION_LENGTH = 12

# No agreement lies outside; calendars reckon safely within.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


def new_call_in_code() -> str:
    return f"{secrets.randbelow(10**CALL_IN_CODE_DIGITS):0{CALL_IN_CODE_DIGITS}d}"


def new_verification_code() -> str:
    return "".join(secrets.choice(VERIFICATION_ALPHABET) for _ in range(VERIFICATION_LENGTH))


class Certificate(models.Model):
    """A customer's agreement (SPEC 3)."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    customer = models.ForeignKey(
        "accounts.Customer", models.PROTECT, related_name="certificates", verbose_name=_("customer")
    )
    programme = models.ForeignKey(
        "accounts.Programme",
        models.PROTECT,
        related_name="certificates",
        verbose_name=_("programme"),
        help_text=_(
            "Incidents take its targets over when they are filed; those filed keep theirs."
        ),
    )
    office = models.ForeignKey(
        "accounts.Office",
        models.PROTECT,
        related_name="certificates",
        verbose_name=_("office"),
        help_text=_("Its time zone, hours and holidays govern every promise."),
    )
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(_("last day"), help_text=_("Inclusive, in the office's zone."))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    tam = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="managed_certificates",
        verbose_name=_("technical account manager"),
    )
    deputy = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deputised_certificates",
        verbose_name=_("deputy"),
    )
    team_head = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("head of the support team"),
        help_text=_("For escalations. Empty: the heads of the office's team."),
    )
    business_manager = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("business manager"),
        help_text=_("For escalations. Empty: those of the office."),
    )
    week = models.JSONField(
        _("own hours"),
        null=True,
        blank=True,
        help_text=_("Replace the office's weekly hours; its zone and closed days stay."),
    )
    products = models.ManyToManyField(
        "accounts.Product", through="accounts.CoveredProduct", verbose_name=_("products")
    )
    contact_limit = models.PositiveSmallIntegerField(
        _("number of contacts"), editable=False, help_text=_("Taken over from the programme.")
    )
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    renews = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="renewal",
        verbose_name=_("follows"),
        help_text=_("The certificate that this one renews."),
    )

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                name="certificate_has_length",
                condition=Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The last day lies before the first."),
            ),
            models.CheckConstraint(
                name="certificate_days_plausible",
                condition=Q(valid_from__gte=FIRST_DAY, valid_until__lte=LAST_DAY),
                violation_error_message=_("An agreement lies between the years 2000 and 2199."),
            ),
            models.CheckConstraint(
                name="certificate_deputy_is_another", condition=~Q(deputy=F("tam"))
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def hours(self) -> Calendar:
        """The working time of this agreement: its own week or the office's (SPEC 3)."""
        return self.office.hours(self.week)

    def local_date(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.office.timezone)).date()

    def hours_changed_at(self) -> datetime:
        """Return since when its hours are what they are: its own week's, and the office's days."""
        changed_at = self.office.revisions.latest("number").changed_at
        printed = self.versions.order_by("-number").values_list(
            "issued_at", "printed__week", "printed__office"
        )
        issued = list(printed)
        since = [at for at, *_terms in takewhile(lambda row: row[1:] == issued[0][1:], issued)]
        return max([changed_at, *since[-1:]])


class CoveredProduct(models.Model):
    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="covered")
    product = models.ForeignKey("accounts.Product", models.PROTECT, verbose_name=_("product"))

    class Meta:
        verbose_name = _("covered product")
        verbose_name_plural = _("covered products")
        constraints = [
            models.UniqueConstraint(fields=["certificate", "product"], name="covered_product_once")
        ]

    def __str__(self) -> str:
        return str(self.product)


class Contact(models.Model):
    """A person in one of the certificate's slots.

    The slot makes the limit a fact of the database: slots are numbered, each is held once, and
    none is numbered above `contact_limit`, which a composite key keeps equal to the certificate's.
    """

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="contacts")
    contact_limit = models.PositiveSmallIntegerField(editable=False)
    slot = models.PositiveSmallIntegerField(_("slot"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="contact_slots",
        verbose_name=_("person"),
    )
    call_in_code = models.CharField(
        _("call-in code"),
        max_length=12,
        default=new_call_in_code,
        help_text=_("Asked for on the phone; printed nowhere."),
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["certificate_id", "slot"]
        constraints = [
            models.UniqueConstraint(fields=["certificate", "slot"], name="contact_slot_once"),
            models.UniqueConstraint(fields=["certificate", "user"], name="contact_person_once"),
            models.CheckConstraint(
                name="contact_within_limit", condition=Q(slot__gte=1, slot__lte=F("contact_limit"))
            ),
        ]

    def __str__(self) -> str:
        return self.user.name


class CertificateVersion(models.Model):
    """What the certificate printed from one instant on; never changed, only added (SPEC 3)."""

    customer = models.ForeignKey(
        "accounts.Customer", models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    certificate = models.ForeignKey(
        Certificate, models.PROTECT, related_name="versions", verbose_name=_("certificate")
    )
    number = models.PositiveIntegerField(_("version"))
    issued_at = models.DateTimeField(_("issued at"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    printed = models.JSONField(_("printed"))
    code = models.CharField(
        _("verification code"),
        max_length=VERIFICATION_LENGTH,
        unique=True,
        default=new_verification_code,
        editable=False,
        help_text=_("Printed on the certificate; whoever has it can ask whether it is genuine."),
    )

    class Meta:
        verbose_name = _("certificate version")
        verbose_name_plural = _("certificate versions")
        ordering = ["certificate_id", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "number"], name="certificate_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.certificate} · {self.number}"


class EndingWarning(models.Model):
    """That contacts and TAM were told how soon a certificate ends (SPEC 3); told once each."""

    customer = models.ForeignKey("accounts.Customer", models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="ending_warnings")
    valid_until = models.DateField(_("last day"))
    days = models.PositiveSmallIntegerField(_("days before"))
    warned_at = models.DateTimeField(_("warned at"))

    class Meta:
        verbose_name = _("warning of an end")
        verbose_name_plural = _("warnings of an end")
        ordering = ["certificate_id", "-valid_until", "days"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "valid_until", "days"], name="ending_warned_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.certificate} · {self.days}"
