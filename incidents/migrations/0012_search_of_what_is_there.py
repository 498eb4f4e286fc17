"""The words of incidents that were filed before anything was searched."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0011_search_kept_by_triggers")]

    operations = [
        migrations.RunSQL(
            "select incidents_search_refresh(id) from incidents_incident", migrations.RunSQL.noop
        ),
    ]
