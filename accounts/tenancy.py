"""The wall between customers, in the database itself.

Every table with a customer's data has row-level security: a statement sees a row only when the
transaction's scope names the row's customer, or when the scope is the staff's. Without a scope
there are no rows. `set_scope` makes the scope; `tenant_table` builds the wall in a migration.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython, RunSQL

SCOPED = (
    "(select current_setting('app.staff', true)) = 'on' or {column} = any("
    "(select nullif(current_setting('app.customers', true), '')::bigint[])::bigint[])"
)


def set_scope(*, staff: bool = False, customers: Iterable[int] = ()) -> None:
    """Let the rest of this transaction see all rows (staff), or those of `customers`.

    Raises `TransactionManagementError` outside a transaction: a setting for the session would leak
    through the connection pool to the next person.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A scope belongs to a transaction.")
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.staff', %s, true), set_config('app.customers', %s, true)",
            ["on" if staff else "", "{" + ",".join(str(c) for c in customers) + "}"],
        )


@contextmanager
def staff_transaction() -> Iterator[None]:
    """Run the block in one transaction that sees every customer: tasks and commands."""
    with transaction.atomic():
        set_scope(staff=True)
        yield


def tenant_table(
    table: str, *, column: str = "customer_id", parents: Mapping[str, str] | None = None
) -> list[RunSQL]:
    """Return the migration operations that make `table` a tenant table.

    `parents` maps a foreign key column to the tenant table it points to; each becomes a composite
    foreign key `(customer_id, column)`, so that a row can never hang on another customer's row.
    """
    condition = SCOPED.format(column=column)
    operations = [
        RunSQL(
            [
                f"alter table {table} enable row level security",
                f"create policy tenant on {table} using ({condition}) with check ({condition})",
            ],
            [
                f"drop policy tenant on {table}",
                f"alter table {table} disable row level security",
            ],
        )
    ]
    if column == "customer_id":
        operations.append(
            RunSQL(
                f"alter table {table} add constraint {table}_tenant unique (customer_id, id)",
                f"alter table {table} drop constraint {table}_tenant",
            )
        )
    for key, parent in (parents or {}).items():
        name = f"{table}_{key}_tenant"
        operations.append(
            RunSQL(
                f"alter table {table} add constraint {name} foreign key (customer_id, {key}) "
                f"references {parent} (customer_id, id) deferrable initially deferred",
                f"alter table {table} drop constraint {name}",
            )
        )
    return operations


def append_only(table: str) -> RunPython:
    """Return the migration operation that leaves the application's role insert and select only."""

    def revoke(_: object, editor: BaseDatabaseSchemaEditor) -> None:
        _on_table(editor, "revoke update, delete on {table} from {role}")

    def grant(_: object, editor: BaseDatabaseSchemaEditor) -> None:
        _on_table(editor, "grant update, delete on {table} to {role}")

    def _on_table(editor: BaseDatabaseSchemaEditor, statement: str) -> None:
        quote = editor.quote_name
        editor.execute(statement.format(table=quote(table), role=quote(settings.DATABASE_ROLE)))

    return RunPython(revoke, grant)
