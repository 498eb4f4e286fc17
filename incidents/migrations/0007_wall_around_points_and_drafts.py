"""Row-level security on the lists of points, on drafts and on related incidents."""

from django.db import migrations

from accounts.tenancy import tenant_table

INCIDENT = {"incident_id": "incidents_incident"}


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0006_points_drafts_and_teams"),
        ("accounts", "0009_wall_around_obligations"),
    ]

    operations = [
        *tenant_table(
            "incidents_point",
            parents=INCIDENT
            | {"question_id": "incidents_message", "answered_in_id": "incidents_message"},
        ),
        *tenant_table("incidents_draft", parents=INCIDENT),
        *tenant_table("incidents_relation", parents=INCIDENT | {"other_id": "incidents_incident"}),
    ]
