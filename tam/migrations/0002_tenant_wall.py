"""Row-level security on escalations."""

from django.db import migrations

from accounts.tenancy import tenant_table


class Migration(migrations.Migration):
    dependencies = [("tam", "0001_initial"), ("incidents", "0002_tenant_wall")]

    operations = tenant_table("tam_escalation", parents={"incident_id": "incidents_incident"})
