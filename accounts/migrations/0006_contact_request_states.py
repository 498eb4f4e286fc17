import django_fsm
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_agreements_renewed_and_changed")]

    operations = [
        migrations.AlterField(
            model_name="contactrequest",
            name="state",
            field=django_fsm.FSMField(
                choices=[
                    ("waiting", "Waiting for a decision"),
                    ("approved", "Approved"),
                    ("declined", "Declined"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="waiting",
                max_length=10,
                protected=True,
                verbose_name="state",
            ),
        ),
    ]
