"""Addresses of following: the list, what is exported, what is read, and follow-ups."""

from django.urls import path, re_path

from incidents.views import exports, following, listing

_REFERENCE = r"incidents/(?P<reference>INC-\d{4}-\d{6,})/"

urlpatterns = [
    path("incidents/", listing.listing, name="incidents"),
    path("incidents/exports/", exports.of_list, name="incidents-exports"),
    re_path(rf"^{_REFERENCE}exports/$", exports.of_incident, name="incident-exports"),
    re_path(rf"^{_REFERENCE}readings/$", following.readings, name="incident-readings"),
    re_path(rf"^{_REFERENCE}follow-ups/$", following.follow_up, name="incident-follow-ups"),
]
