"""Row-level security on what people have read."""

from django.db import migrations

from accounts.tenancy import tenant_table


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0008_uploads_readings_and_inbound_mail"),
        ("accounts", "0009_wall_around_obligations"),
    ]

    operations = [
        *tenant_table("incidents_reading", parents={"incident_id": "incidents_incident"}),
    ]
