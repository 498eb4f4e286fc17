"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from msa import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("health/ready", views.ready, name="ready"),
    path("mailbox/", include("msa.mailbox.urls")),
]
