"""The portal's own pages."""

from django.urls import path

from incidents.views import explanation, filing, portal

urlpatterns = [
    path("", portal.home, name="home"),
    path("incidents/new/", filing.filing, name="file"),
    path("incidents/new/promise/", filing.terms, name="file-promise"),
    path("certificates/<str:number>/promises/", explanation.of_certificate, name="promises"),
]
