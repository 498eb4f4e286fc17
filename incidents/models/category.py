"""Categories: what a contact chooses when filing; they give kind and severity (SPEC 5)."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.datafile import Problem, Table, digest, text_of_each_language
from accounts.programmes import text_in
from incidents.categories import Kind, read_category


class CategoryQuerySet(models.QuerySet["Category"]):
    def on_offer(self) -> "CategoryQuerySet":
        """Return the categories that a new incident may have, in the order of the list."""
        return self.filter(active=True).order_by("position", "key")


class Category(models.Model):
    key = models.SlugField(_("key"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    shown_under = models.CharField(
        _("shown under"),
        max_length=20,
        choices=Kind,
        help_text=_("Where contacts look for it; it may be of another kind."),
    )
    severity = models.PositiveSmallIntegerField(
        _("severity"), choices=[(number, str(number)) for number in (1, 2, 3, 4)]
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    allows_signature_request = models.BooleanField(_("allows a signature request"), default=False)
    extra_fields = models.JSONField(
        _("extra fields"),
        default=list,
        blank=True,
        help_text=_("Each with key, kind (text, choice, file or date), required and label."),
    )
    names = models.JSONField(_("names by language"), default=text_of_each_language)
    descriptions = models.JSONField(_("descriptions by language"), default=text_of_each_language)
    active = models.BooleanField(
        _("on offer"), default=True, help_text=_("Incidents already filed keep it all the same.")
    )
    loaded_digest = models.CharField(  # noqa: DJ001 - null says: made in the admin
        _("digest of the file loaded"), max_length=64, null=True, editable=False
    )
    loaded_at = models.DateTimeField(_("loaded at"), null=True, editable=False)
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("loaded by"),
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "key"]
        constraints = [
            models.CheckConstraint(
                name="category_severity_known", condition=Q(severity__gte=1, severity__lte=4)
            ),
            models.CheckConstraint(name="category_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="category_shown_under_known", condition=Q(shown_under__in=Kind.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key

    @property
    def name(self) -> str:
        return text_in(self.names, get_language())

    @property
    def description(self) -> str:
        return text_in(self.descriptions, get_language())

    def as_data(self) -> dict[str, Any]:
        """Return the present terms in the form of the category file, to compare and to check."""
        return {
            "kind": str(self.kind),
            "shown_under": str(self.shown_under),
            "severity": self.severity,
            "position": self.position,
            "allows_signature_request": self.allows_signature_request,
            "extra_fields": self.extra_fields,
            "name": self.names,
            "description": self.descriptions,
        }

    def fingerprint(self) -> str:
        """Return the digest of the present terms, `loaded_digest` until they are edited."""
        return digest(self.as_data())

    def clean(self) -> None:
        super().clean()
        problems: list[Problem] = []
        read_category(Table(self.as_data(), "", problems), self.key)
        if problems:
            raise ValidationError([str(problem) for problem in problems])
