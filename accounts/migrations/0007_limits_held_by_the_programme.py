"""A certificate's number of contacts is its programme's, in the database itself; plausible days."""

from datetime import date

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_contact_request_states")]

    operations = [
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__gte", date(2000, 1, 1)), ("valid_until__lte", date(2199, 12, 31))
                ),
                name="certificate_days_plausible",
                violation_error_message="An agreement lies between the years 2000 and 2199.",
            ),
        ),
        # Else whoever may write certificates could give one a ninth slot.
        migrations.RunSQL(
            [
                (
                    "update accounts_certificate set contact_limit = programme.contact_limit"
                    " from accounts_programme programme"
                    " where programme.id = accounts_certificate.programme_id"
                    " and programme.contact_limit <> accounts_certificate.contact_limit"
                ),
                (
                    "alter table accounts_programme add constraint accounts_programme_limit"
                    " unique (id, contact_limit)"
                ),
                (
                    "alter table accounts_certificate"
                    " add constraint accounts_certificate_programmes_limit"
                    " foreign key (programme_id, contact_limit)"
                    " references accounts_programme (id, contact_limit) on update cascade"
                ),
            ],
            [
                (
                    "alter table accounts_certificate"
                    " drop constraint accounts_certificate_programmes_limit"
                ),
                "alter table accounts_programme drop constraint accounts_programme_limit",
            ],
        ),
    ]
