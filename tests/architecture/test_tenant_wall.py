"""Every table with a customer's data stands behind the wall, and the wall holds."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Certificate, Contact, Customer, User
from accounts.tenancy import set_scope
from incidents.models import Follower, Incident, JournalEntry, Message
from msa.checks import check_database_role
from msa.management.commands.migrate import become_application, become_owner

pytestmark = pytest.mark.django_db

# Sign-in must find a person before any scope is known (accounts/models/user.py).
OUTSIDE_THE_WALL = {"accounts_user"}


def tenant_models():
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model is Customer or any(field.name == "customer" for field in model._meta.local_fields)
    ]


def test_every_table_with_a_customer_has_a_policy():
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_policy p on p.polrelid = c.oid"
            " where c.relrowsecurity and p.polname = 'tenant'"
        )
        walled = {row[0] for row in cursor.fetchall()}
    assert walled == {model._meta.db_table for model in tenant_models()} - OUTSIDE_THE_WALL


def test_every_reference_between_tenant_tables_is_composite():
    tables = {model._meta.db_table for model in tenant_models()}
    expected = {
        (model._meta.db_table, field.column)
        for model in tenant_models()
        for field in model._meta.local_fields
        if field.is_relation
        and field.name != "customer"
        and field.related_model._meta.db_table in tables - OUTSIDE_THE_WALL
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "select conrelid::regclass::text, a.attname from pg_constraint c"
            " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[2]"
            " where c.contype = 'f' and array_length(c.conkey, 1) = 2"
            " and c.conname like '%%_tenant'"
        )
        composite = {(table, column) for table, column in cursor.fetchall()}
    assert expected - composite == set()


def test_without_a_scope_there_are_no_rows(cast):
    cast.file()
    set_scope()
    counted = {model: model.objects.count() for model in (Customer, Certificate, Incident, Message)}
    assert counted == {Customer: 0, Certificate: 0, Incident: 0, Message: 0}


def test_a_scope_shows_its_own_customer_only(cast):
    cast.file()
    cast.file(by=cast.olga)
    set_scope(customers=[cast.acme.pk])
    assert list(Customer.objects.values_list("name", flat=True)) == ["Acme"]
    assert set(Incident.objects.values_list("author__name", flat=True)) == {"Alice"}
    assert set(Contact.objects.values_list("user__name", flat=True)) == {"Alice", "Bob"}


def test_a_scope_cannot_write_into_another_customer(cast):
    incident = cast.file(by=cast.olga)
    set_scope(customers=[cast.acme.pk])
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Follower.objects.create(customer=cast.globex, incident=incident, user=cast.alice)


def test_a_row_cannot_hang_on_another_customers_row(cast):
    incident = cast.file(by=cast.olga)
    Follower.objects.create(customer=cast.acme, incident=incident, user=cast.alice)
    with pytest.raises(IntegrityError):
        connection.check_constraints()


def test_a_scope_needs_a_transaction():
    # Inside a test there is always one; the message is what a caller without one would read.
    connection.in_atomic_block, outer = False, connection.in_atomic_block
    try:
        with pytest.raises(transaction.TransactionManagementError, match="belongs to a trans"):
            set_scope(staff=True)
    finally:
        connection.in_atomic_block = outer


@pytest.mark.parametrize("statement", ["update {} set kind = 'x'", "delete from {}"])
def test_the_application_cannot_change_the_journal(cast, statement):
    cast.file()
    sql = statement.format(JournalEntry._meta.db_table)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_applications_role_passes_the_check():
    assert check_database_role(databases=["default"]) == []
    assert settings.DATABASE_ROLE == "msa_app"


@pytest.mark.django_db(transaction=True)
def test_the_owners_role_is_refused():
    become_owner(connection)
    try:
        problems = [error.msg for error in check_database_role(databases=["default"])]
    finally:
        become_application(connection)
    assert [problem.split(", which ")[1].split(":")[0] for problem in problems] == [
        "is a superuser",
        "bypasses row-level security",
        "owns tables",
    ]


def test_people_are_the_only_table_outside(cast):
    set_scope()
    assert User.objects.filter(pk=cast.alice.pk).exists()
