"""Addresses beside the filing page, and the page that follows it."""

from django.urls import path, re_path

from incidents.views import filed, filing, filing_drafts

urlpatterns = [
    path("incidents/new/draft/", filing_drafts.draft, name="file-draft"),
    path("incidents/new/look-alikes/", filing.alike, name="file-look-alikes"),
    re_path(
        r"^incidents/(?P<reference>INC-\d{4}-\d{6,})/filed/$", filed.page, name="incident-filed"
    ),
]
