from datetime import UTC, datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_roster_teams_and_obligations"),
        ("tam", "0005_wall_around_the_workspace"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="handover",
            name="made_at",
            field=models.DateTimeField(
                default=datetime(2026, 1, 1, tzinfo=UTC), verbose_name="made at"
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="handoveritem",
            name="facts",
            field=models.JSONField(
                default=dict, help_text="State, side, severity, level, due time, what was done."
            ),
        ),
        migrations.AddField(
            model_name="officewatch",
            name="standing",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="HandoverNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(verbose_name="note")),
                ("noted_at", models.DateTimeField(verbose_name="noted at")),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.office",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("office", "giver"), name="handover_note_once")
                ],
            },
        ),
    ]
