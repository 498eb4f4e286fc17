"""Versions of certificates: as PDF, compared, and verified by anybody."""

from django.urls import path

from accounts.views import verification, versions

urlpatterns = [
    path(
        "certificates/<str:number>/versions/<int:version>.pdf",
        versions.pdf,
        name="certificate-version-pdf",
    ),
    path(
        "certificates/<str:number>/versions/<int:before>/<int:after>/",
        versions.comparison,
        name="certificate-comparison",
    ),
    path("verify/", verification.form, name="verify-form"),
    path("verify/<str:code>/", verification.verdict, name="verify"),
]
