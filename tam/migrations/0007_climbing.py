"""Until when an escalation may still go up by itself, apart from until when it was to be taken up."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tam", "0006_handover")]

    operations = [
        migrations.AddField(
            "escalation",
            "climbs_at",
            models.DateTimeField(null=True, verbose_name="goes up by itself at"),
        ),
        migrations.RemoveIndex("escalation", "escalations_to_climb"),
        migrations.AddIndex(
            "escalation",
            models.Index(
                condition=Q(climbs_at__isnull=False),
                fields=["climbs_at", "id"],
                name="escalations_to_climb",
            ),
        ),
    ]
