"""Row-level security on every table with a customer's data, and the contacts' limit."""

from django.db import migrations

from accounts.tenancy import append_only, tenant_table


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        *tenant_table("accounts_customer", column="id"),
        *tenant_table("accounts_certificate"),
        *tenant_table(
            "accounts_coveredproduct", parents={"certificate_id": "accounts_certificate"}
        ),
        *tenant_table("accounts_contact", parents={"certificate_id": "accounts_certificate"}),
        *tenant_table(
            "accounts_certificateversion", parents={"certificate_id": "accounts_certificate"}
        ),
        # A contact is one of the customer's own people.
        migrations.RunSQL(
            [
                (
                    "alter table accounts_user add constraint accounts_user_tenant"
                    " unique (customer_id, id)"
                ),
                (
                    "alter table accounts_contact add constraint accounts_contact_user_id_tenant"
                    " foreign key (customer_id, user_id) references accounts_user (customer_id, id)"
                    " deferrable initially deferred"
                ),
            ],
            [
                "alter table accounts_contact drop constraint accounts_contact_user_id_tenant",
                "alter table accounts_user drop constraint accounts_user_tenant",
            ],
        ),
        # The limit in a contact's row is the certificate's, always: so no slot lies above it.
        migrations.RunSQL(
            [
                (
                    "alter table accounts_certificate add constraint accounts_certificate_limit"
                    " unique (id, contact_limit)"
                ),
                (
                    "alter table accounts_contact add constraint accounts_contact_limit"
                    " foreign key (certificate_id, contact_limit)"
                    " references accounts_certificate (id, contact_limit) on update cascade"
                ),
            ],
            [
                "alter table accounts_contact drop constraint accounts_contact_limit",
                "alter table accounts_certificate drop constraint accounts_certificate_limit",
            ],
        ),
        append_only("accounts_certificateversion"),
        append_only("accounts_calendarrevision"),
    ]
