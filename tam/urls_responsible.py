"""Addresses of the panel that says who is responsible now."""

from django.urls import path, re_path

from tam.views import responsible

urlpatterns = [
    path(
        "certificates/<str:number>/responsible/",
        responsible.of_certificate,
        name="certificate-responsible",
    ),
    re_path(
        r"^incidents/(?P<reference>INC-\d{4}-\d{6,})/responsible/$",
        responsible.of_incident,
        name="incident-responsible",
    ),
]
