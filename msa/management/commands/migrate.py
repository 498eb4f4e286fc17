"""`migrate` as the schema's owner, after making the role that the application assumes."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql


class Command(migrate.Command):
    def get_check_kwargs(self, options: Any) -> Any:  # noqa: ARG002
        """Leave out the check of the application's role: the owner's may do what it forbids."""
        return {}

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        become_owner(connection)
        prepare_role(connection, settings.DATABASE_ROLE)
        super().handle(*args, **options)
        if not options.get("plan") and not options.get("check_unapplied"):
            become_application(connection)


def become_owner(connection: BaseDatabaseWrapper) -> None:
    """Let the connection log in as the schema's owner, keeping the name of the database."""
    connection.close()
    name = connection.settings_dict["NAME"]
    connection.settings_dict.update(settings.DATABASE_OWNER, NAME=name)


def become_application(connection: BaseDatabaseWrapper) -> None:
    """Let the connection log in as the application again, keeping the name of the database."""
    connection.close()
    name = connection.settings_dict["NAME"]
    connection.settings_dict.update(settings.DATABASE_APPLICATION, NAME=name)


def prepare_role(connection: BaseDatabaseWrapper, role: str) -> None:
    """Make the application's role if it is missing, with rights to rows and none to the schema."""
    if not role:
        raise CommandError("DATABASE_ROLE is empty; the application needs a role of its own.")
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        # Roles are the whole server's: another database's migration may make it this very moment.
        cursor.execute(
            sql.SQL(
                "do $$ begin create role {} nologin;"
                " exception when duplicate_object or unique_violation then null; end $$"
            ).format(name)
        )
        cursor.execute("select pg_has_role(current_user, %s, 'member')", [role])
        if not cursor.fetchone()[0]:
            cursor.execute(sql.SQL("grant {} to current_user").format(name))
        for statement in (
            "grant usage on schema public to {}",
            (
                "alter default privileges in schema public"
                " grant select, insert, update, delete on tables to {}"
            ),
            "alter default privileges in schema public grant usage, select on sequences to {}",
        ):
            cursor.execute(sql.SQL(statement).format(name))
