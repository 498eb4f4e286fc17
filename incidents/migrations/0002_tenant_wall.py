"""Row-level security on every table of incidents; a journal that is only ever added to."""

from django.db import migrations

from accounts.tenancy import append_only, tenant_table

INCIDENT = {"incident_id": "incidents_incident"}
MESSAGE = {"message_id": "incidents_message"}


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("accounts", "0002_tenant_wall")]

    operations = [
        *tenant_table(
            "incidents_incident",
            parents={"certificate_id": "accounts_certificate", "author_id": "accounts_user"},
        ),
        *tenant_table("incidents_sideinterval", parents=INCIDENT),
        *tenant_table("incidents_follower", parents=INCIDENT),
        *tenant_table("incidents_handling", parents=INCIDENT),
        *tenant_table("incidents_clock", parents=INCIDENT),
        *tenant_table("incidents_deadline", parents=INCIDENT),
        *tenant_table("incidents_message", parents=INCIDENT),
        *tenant_table("incidents_attachment", parents=INCIDENT | MESSAGE),
        *tenant_table("incidents_journalentry", parents=INCIDENT | MESSAGE),
        append_only("incidents_journalentry"),
    ]
