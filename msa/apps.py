"""The project's own app: the shell, its checks and commands."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class MsaConfig(AppConfig):
    name = "msa"

    def ready(self) -> None:
        from msa import checks  # noqa: F401  (registers the checks)


class MsaAdminConfig(AdminConfig):
    """Django's admin on a site of ours, so that every page of it says whose it is."""

    default_site = "msa.admin.MsaAdminSite"
