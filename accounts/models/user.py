"""People: a customer's contacts and the vendor's staff."""

import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do (SPEC 4); a contact is the customer's, all others are the vendor's."""

    CONTACT = "contact", _("Contact")
    ENGINEER = "engineer", _("Engineer")
    TAM = "tam", _("Technical account manager")
    DUTY_MANAGER = "duty_manager", _("Duty manager")
    TEAM_HEAD = "team_head", _("Team head")
    BUSINESS_MANAGER = "business_manager", _("Business manager")
    ADMINISTRATOR = "administrator", _("Administrator")


def validate_timezone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValidationError(
            _("“%(name)s” is not a time zone; expected a name such as Europe/Paris."),
            params={"name": name},
        ) from error


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "role": Role.ADMINISTRATOR})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Somebody who signs in.

    Not under row-level security: sign-in must find a person before any scope is known.
    """

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    customer = models.ForeignKey(
        "accounts.Customer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("customer"),
        help_text=_("Only for contacts: the organisation whose incidents they see."),
    )
    office = models.ForeignKey(
        "accounts.Office",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="staff",
        verbose_name=_("office"),
        help_text=_("Only for staff."),
    )
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default="en"
    )
    timezone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_timezone]
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    is_active = models.BooleanField(
        _("may sign in"), default=True, help_text=_("Clear this instead of deleting a person.")
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name"]
        indexes = [
            models.Index(fields=["role"], name="staff_by_role", condition=~Q(role="contact"))
        ]
        constraints = [
            models.CheckConstraint(
                name="user_contact_has_customer",
                condition=Q(role=Role.CONTACT, customer__isnull=False, office__isnull=True)
                | ~Q(role=Role.CONTACT) & Q(customer__isnull=True),
                violation_error_message=_(
                    "A contact belongs to a customer and to no office; staff to no customer."
                ),
            ),
            models.CheckConstraint(name="user_email_lower_case", condition=Q(email=Lower("email"))),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    @property
    def is_contact(self) -> bool:
        return self.role == Role.CONTACT

    @property
    def is_staff(self) -> bool:
        """Whether the Django admin opens: administrators only."""
        return self.role == Role.ADMINISTRATOR

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label)

    def certificates_in_charge(self) -> models.QuerySet[Any]:
        """Return the keys of the certificates that this person manages or deputises."""
        certificates = self.managed_certificates.model.objects
        return certificates.filter(Q(tam=self) | Q(deputy=self)).values("pk")

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002 (Django's signature)
        return self.is_active and self.role == Role.ADMINISTRATOR

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 (Django's signature)
        return self.is_active and self.role == Role.ADMINISTRATOR

    def get_short_name(self) -> str:
        return self.name
