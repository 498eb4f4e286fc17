"""Specialist teams of the vendor, to whom incidents are handed (SPEC 11)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Team(models.Model):
    """People who share an inbox: each of them sees what is handed to the team."""

    class Field(models.TextChoices):
        SUPPORT = "support", _("Support")
        LAB = "lab", _("Malware lab")
        PATCHES = "patches", _("Patches")

    name = models.CharField(_("name"), max_length=80, unique=True)
    field = models.CharField(_("field"), max_length=10, choices=Field, default=Field.SUPPORT)
    office = models.ForeignKey(
        "accounts.Office",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="teams",
        verbose_name=_("office"),
        help_text=_("Empty: the team works for every office."),
    )
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Told of what is handed to the team, if given.")
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="teams", blank=True, verbose_name=_("members")
    )
    is_active = models.BooleanField(_("takes incidents"), default=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
