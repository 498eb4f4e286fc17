"""Row-level security on what account management keeps of customers; a roster's history that stays."""

from django.db import migrations

from accounts.tenancy import append_only, tenant_table

INCIDENT = {"incident_id": "incidents_incident"}
CERTIFICATE = {"certificate_id": "accounts_certificate"}


class Migration(migrations.Migration):
    dependencies = [
        ("tam", "0004_the_workspace"),
        ("incidents", "0007_wall_around_points_and_drafts"),
    ]

    operations = [
        *tenant_table(
            "tam_complaint", parents=INCIDENT | CERTIFICATE | {"author_id": "accounts_user"}
        ),
        *tenant_table("tam_complaintmessage", parents={"complaint_id": "tam_complaint"}),
        *tenant_table("tam_handoveritem", parents=INCIDENT),
        *tenant_table("tam_page", parents=INCIDENT | {"entry_id": "incidents_journalentry"}),
        *tenant_table("tam_bulkitem", parents=INCIDENT),
        *tenant_table("tam_handlingnote"),
        *tenant_table("tam_advice", parents=CERTIFICATE),
        migrations.RunSQL(
            "alter table tam_escalation add constraint tam_escalation_complaint_id_tenant"
            " foreign key (customer_id, complaint_id) references tam_complaint (customer_id, id)"
            " deferrable initially deferred",
            "alter table tam_escalation drop constraint tam_escalation_complaint_id_tenant",
        ),
        append_only("tam_rosterchange"),
    ]
