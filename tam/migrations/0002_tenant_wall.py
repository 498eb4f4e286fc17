"""Row-level security on escalations."""

from accounts.tenancy import tenant_table
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tam", "0001_initial"), ("incidents", "0002_tenant_wall")]

    operations = tenant_table("tam_escalation", parents={"incident_id": "incidents_incident"})
