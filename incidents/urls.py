"""Addresses of incidents; the portal's own pages stand in `urls_portal`."""

from django.urls import re_path

from incidents.views import acts, composing, drafts, evidence, explanation, incident

_REFERENCE = r"incidents/(?P<reference>INC-\d{4}-\d{6,})/"

urlpatterns = [
    re_path(rf"^{_REFERENCE}$", incident.page, name="incident"),
    re_path(rf"^{_REFERENCE}explanation/$", explanation.of_incident, name="incident-explanation"),
    re_path(rf"^{_REFERENCE}evidence\.json$", evidence.file, name="incident-evidence"),
    re_path(rf"^{_REFERENCE}evidence\.pdf$", evidence.sheet, name="incident-evidence-sheet"),
    re_path(rf"^{_REFERENCE}messages/$", composing.message, name="incident-messages"),
    re_path(rf"^{_REFERENCE}draft/$", drafts.draft, name="incident-draft"),
    re_path(
        rf"^{_REFERENCE}points/(?P<pk>\d+)/withdrawal/$",
        composing.point_withdrawal,
        name="point-withdrawal",
    ),
    re_path(rf"^{_REFERENCE}acceptance/$", acts.acceptance, name="incident-acceptance"),
    *(
        re_path(rf"^{_REFERENCE}{noun}/$", acts.act, {"noun": noun}, name=f"incident-{noun}")
        for noun in acts.ACTS
    ),
]
