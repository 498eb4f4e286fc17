"""What staff write again and again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReplyTemplate(models.Model):
    """A text with placeholders, in the customers' languages; without an owner it is shared.

    `texts` maps a language's code to the text in that language.
    """

    class Kind(models.TextChoices):
        RESPONSE = "response", _("Reply")
        QUESTION = "question", _("Question")
        SOLUTION = "solution", _("Solution")
        NOTE = "note", _("Internal note")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("for"), max_length=10, choices=Kind)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="reply_templates",
        verbose_name=_("only for"),
    )
    office = models.ForeignKey(
        "accounts.Office",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="reply_templates",
        verbose_name=_("office"),
        help_text=_("Empty: for every office."),
    )
    texts = models.JSONField(_("texts"), default=dict)
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
