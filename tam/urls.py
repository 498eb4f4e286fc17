"""Addresses of account management."""

from django.urls import include, path

urlpatterns = [
    path("", include("tam.urls_queue")),
    path("", include("tam.urls_roster")),
    path("", include("tam.urls_handover")),
    path("", include("tam.urls_desk")),
    path("", include("tam.urls_assignment")),
    path("", include("tam.urls_complaints")),
    path("", include("tam.urls_customers")),
]
