"""Addresses of escalations and complaints."""

from django.urls import path, re_path

from tam import acts
from tam.views import complaints, escalations

_REFERENCE = r"incidents/(?P<reference>INC-\d{4}-\d{6,})/"

urlpatterns = [
    re_path(rf"^{_REFERENCE}escalations/$", acts.escalation, name="incident-escalations"),
    re_path(rf"^{_REFERENCE}escalation/$", escalations.panel, name="incident-escalation"),
    path("escalations/", escalations.listing, name="escalations"),
    path(
        "escalations/<int:pk>/acknowledgement/",
        escalations.acknowledgement,
        name="escalation-acknowledgement",
    ),
    path("escalations/<int:pk>/answer/", escalations.answer, name="escalation-answer"),
    path("complaints/", complaints.listing, name="complaints"),
    path("complaints/new/", complaints.new, name="complaint-new"),
    path("complaints/<int:pk>/", complaints.page, name="complaint"),
    path("complaints/<int:pk>/escalations/", complaints.escalation, name="complaint-escalations"),
    path("complaints/<int:pk>/closing/", complaints.closing, name="complaint-closing"),
]
