"""The portal's own pages."""

from django.urls import path

from incidents.views import certificate, explanation, filing, portal

urlpatterns = [
    path("", portal.home, name="home"),
    path("incidents/new/", filing.filing, name="file"),
    path("incidents/new/promise/", filing.terms, name="file-promise"),
    path("certificates/", certificate.listing, name="certificates"),
    path("certificates/<str:number>/", certificate.page, name="certificate"),
    path("certificates/<str:number>/call-in-code/", certificate.call_in_code, name="call-in-code"),
    path("certificates/<str:number>/promises/", explanation.of_certificate, name="promises"),
]
