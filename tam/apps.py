"""The technical account manager's workspace."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TamConfig(AppConfig):
    name = "tam"
    verbose_name = _("Account management")
