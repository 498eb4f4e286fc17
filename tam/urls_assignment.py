"""Addresses of whose an incident is, and the panel beside it."""

from django.urls import path, re_path

from tam.views import assignment, desk, relations

_REFERENCE = r"incidents/(?P<reference>INC-\d{4}-\d{6,})/"
_OTHER = r"(?P<other>INC-\d{4}-\d{6,})/"

urlpatterns = [
    path("inbox/", assignment.inbox, name="inbox"),
    path("customers/<int:pk>/handling-notes/", desk.handling_notes, name="handling-notes"),
    re_path(rf"^{_REFERENCE}desk/$", desk.desk, name="incident-desk"),
    re_path(rf"^{_REFERENCE}assignment/$", assignment.assignment, name="incident-assignment"),
    re_path(rf"^{_REFERENCE}assignment/take/$", assignment.taking, name="incident-take"),
    re_path(rf"^{_REFERENCE}assignment/return/$", assignment.giving_back, name="incident-return"),
    re_path(rf"^{_REFERENCE}relations/$", relations.relations, name="incident-relations"),
    re_path(
        rf"^{_REFERENCE}relations/{_OTHER}removal/$", relations.removal, name="incident-unrelate"
    ),
]
