"""Row-level security on what is owed to a customer."""

from django.db import migrations

from accounts.tenancy import tenant_table


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_roster_teams_and_obligations")]

    operations = tenant_table(
        "accounts_obligation", parents={"certificate_id": "accounts_certificate"}
    )
