"""Renewals, codes to verify a version by, requests for contacts, and warnings of an end."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.models.certificate
from accounts.tenancy import append_only, tenant_table


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_staff_by_role"),
    ]

    operations = [
        migrations.AddField(
            model_name="certificate",
            name="renews",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                help_text="The certificate that this one renews.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="renewal",
                to="accounts.certificate",
                verbose_name="follows",
            ),
        ),
        migrations.AddField(
            model_name="certificateversion",
            name="code",
            field=models.CharField(
                default="", editable=False, max_length=12, verbose_name="verification code"
            ),
        ),
        # Versions issued before get theirs at random: hex digits are letters of the alphabet too.
        migrations.RunSQL(
            "update accounts_certificateversion set code ="
            " upper(left(replace(gen_random_uuid()::text, '-', ''), 12))",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="certificateversion",
            name="code",
            field=models.CharField(
                default=accounts.models.certificate.new_verification_code,
                editable=False,
                help_text="Printed on the certificate; whoever has it can ask whether it is genuine.",
                max_length=12,
                unique=True,
                verbose_name="verification code",
            ),
        ),
        migrations.CreateModel(
            name="ContactRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("add", "Add somebody"),
                            ("replace", "Replace somebody"),
                            ("remove", "Remove somebody"),
                            ("correct", "Correct somebody's details"),
                        ],
                        max_length=10,
                        verbose_name="change",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                ("mobile", models.CharField(blank=True, max_length=40, verbose_name="mobile")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("en", "English"),
                            ("fr", "French"),
                            ("zh-hans", "Simplified Chinese"),
                            ("nl", "Dutch"),
                            ("ru", "Russian"),
                        ],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="remark")),
                ("requested_at", models.DateTimeField(verbose_name="asked at")),
                (
                    "submission",
                    models.UUIDField(
                        editable=False,
                        help_text="Of the form: sent twice, it is one request.",
                        unique=True,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for a decision"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contact_requests",
                        to="accounts.certificate",
                        verbose_name="certificate",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="The contact who leaves, or whose details are wrong.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="whom it concerns",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.certificateversion",
                        verbose_name="version issued",
                    ),
                ),
            ],
            options={
                "verbose_name": "request for a change of contacts",
                "verbose_name_plural": "requests for a change of contacts",
                "ordering": ["-requested_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["requested_at", "id"],
                        name="contact_requests_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "add"), ("person", None)),
                            models.Q(
                                models.Q(("kind", "add"), _negated=True), ("person__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="contact_request_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="contact_request_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "declined"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="contact_request_declined_with_reason",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("person__isnull", False), ("state", "waiting")),
                        fields=("certificate", "person"),
                        name="contact_request_one_waiting_about_a_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EndingWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_until", models.DateField(verbose_name="last day")),
                ("days", models.PositiveSmallIntegerField(verbose_name="days before")),
                ("warned_at", models.DateTimeField(verbose_name="warned at")),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ending_warnings",
                        to="accounts.certificate",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "warning of an end",
                "verbose_name_plural": "warnings of an end",
                "ordering": ["certificate_id", "-valid_until", "days"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("certificate", "valid_until", "days"), name="ending_warned_once"
                    )
                ],
            },
        ),
        *tenant_table(
            "accounts_contactrequest",
            parents={
                "certificate_id": "accounts_certificate",
                "version_id": "accounts_certificateversion",
            },
        ),
        *tenant_table("accounts_endingwarning", parents={"certificate_id": "accounts_certificate"}),
        migrations.RunSQL(
            [
                (
                    "alter table accounts_contactrequest add constraint accounts_contactrequest_person_tenant"
                    " foreign key (customer_id, person_id) references accounts_user (customer_id, id)"
                    " deferrable initially deferred"
                ),
                (
                    "alter table accounts_certificate add constraint accounts_certificate_renews_id_tenant"
                    " foreign key (customer_id, renews_id) references accounts_certificate (customer_id, id)"
                    " deferrable initially deferred"
                ),
            ],
            [
                "alter table accounts_certificate drop constraint accounts_certificate_renews_id_tenant",
                "alter table accounts_contactrequest drop constraint accounts_contactrequest_person_tenant",
            ],
        ),
        append_only("accounts_endingwarning"),
    ]
