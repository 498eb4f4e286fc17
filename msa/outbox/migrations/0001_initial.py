import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Email",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dedupe_key", models.CharField(max_length=200, unique=True, verbose_name="key")),
                ("to_address", models.EmailField(max_length=254, verbose_name="address")),
                ("to_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("subject", models.CharField(max_length=250, verbose_name="subject")),
                ("text", models.TextField(verbose_name="text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                (
                    "message_id",
                    models.CharField(max_length=300, unique=True, verbose_name="message ID"),
                ),
                (
                    "in_reply_to",
                    models.CharField(blank=True, max_length=300, verbose_name="in reply to"),
                ),
                (
                    "references",
                    models.JSONField(blank=True, default=list, verbose_name="references"),
                ),
                (
                    "reply_to",
                    models.CharField(blank=True, max_length=320, verbose_name="reply address"),
                ),
                (
                    "headers",
                    models.JSONField(blank=True, default=dict, verbose_name="further headers"),
                ),
                ("urgent", models.BooleanField(default=False, verbose_name="urgent")),
                ("occurred_at", models.DateTimeField(verbose_name="occurred at")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "tried_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="first attempt at"),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next attempt at"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "failed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="failed at"),
                ),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=1000, verbose_name="last error"),
                ),
            ],
            options={
                "verbose_name": "e-mail",
                "verbose_name_plural": "e-mails",
                "indexes": [
                    models.Index(
                        condition=models.Q(("failed_at", None), ("sent_at", None)),
                        fields=["-urgent", "id"],
                        name="outbox_email_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("failed_at__isnull", False)),
                        fields=["failed_at"],
                        name="outbox_email_failed",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sent_at", None), ("failed_at", None), _connector="OR"),
                        name="outbox_email_one_end",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("began_at", models.DateTimeField(unique=True, verbose_name="began at")),
                ("ended_at", models.DateTimeField(verbose_name="ended at")),
            ],
            options={
                "verbose_name": "gap",
                "verbose_name_plural": "gaps",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gt", models.F("began_at"))),
                        name="outbox_gap_forwards",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "heartbeat",
                "verbose_name_plural": "heartbeat",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="outbox_heartbeat_single"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=100, verbose_name="topic")),
                ("stream", models.CharField(blank=True, max_length=100, verbose_name="stream")),
                ("payload", models.JSONField(verbose_name="payload")),
                ("occurred_at", models.DateTimeField(verbose_name="occurred at")),
                ("fanned_out", models.BooleanField(default=False, verbose_name="fanned out")),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(("fanned_out", False)),
                        fields=["id"],
                        name="outbox_message_new",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("handler", models.CharField(max_length=200, verbose_name="handler")),
                ("stream", models.CharField(blank=True, max_length=100, verbose_name="stream")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "retry_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next attempt at"),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                (
                    "failed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="failed at"),
                ),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=1000, verbose_name="last error"),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="outbox.message",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None), ("failed_at", None)),
                        fields=["message", "id"],
                        name="outbox_delivery_waiting",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("done_at", None),
                            ("failed_at", None),
                            models.Q(("stream", ""), _negated=True),
                        ),
                        fields=["handler", "stream", "message"],
                        name="outbox_delivery_stream",
                    ),
                    models.Index(
                        condition=models.Q(("failed_at__isnull", False)),
                        fields=["failed_at"],
                        name="outbox_delivery_failed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "handler"), name="outbox_delivery_once_per_handler"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_at", None), ("failed_at", None), _connector="OR"),
                        name="outbox_delivery_one_end",
                    ),
                ],
            },
        ),
    ]
