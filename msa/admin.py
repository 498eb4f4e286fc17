"""The administrators' site."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class MsaAdminSite(AdminSite):
    site_title = _("Administration")
    site_header = _("Administration")
    index_title = _("Agreements, people and offices")
