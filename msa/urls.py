"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from msa import views

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("accounts.urls_versions")),
    path("", include("accounts.urls_contacts")),
    path("", include("accounts.urls_notices")),
    path("", include("incidents.urls_portal")),
    path("", include("incidents.urls_following")),
    path("", include("incidents.urls")),
    path("", include("incidents.urls_uploads")),
    path("", include("incidents.urls_filing")),
    path("", include("tam.urls")),
    path("", include("tam.urls_responsible")),
    path("", include("accounts.urls_security")),
    path("mailbox/", include("msa.mailbox.urls")),
    path("health/ready", views.ready, name="ready"),
    path("admin/", admin.site.urls),
]
