"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path, re_path

from msa import views
from tam import acts

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("accounts.urls_versions")),
    path("", include("accounts.urls_contacts")),
    path("", include("incidents.urls_portal")),
    path("", include("incidents.urls")),
    path("", include("tam.urls")),
    re_path(
        r"^incidents/(?P<reference>INC-\d{4}-\d{6,})/escalations/$",
        acts.escalation,
        name="incident-escalations",
    ),
    path("mailbox/", include("msa.mailbox.urls")),
    path("health/ready", views.ready, name="ready"),
    path("admin/", admin.site.urls),
]
