"""System checks that explain what is wrong with the way the product is run."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

_ROLE = """
    select r.rolname, r.rolsuper, r.rolbypassrls, exists (
        select from pg_class c where c.relowner = r.oid and c.relkind = 'r'
            and c.relnamespace = 'public'::regnamespace
    )
    from pg_roles r where r.rolname = current_user
"""


@register(Tags.database)
def check_database_role(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a role that the tenants' wall does not hold back (docs/architecture.md)."""
    return [problem for alias in databases or () for problem in _problems(alias)]


def _problems(alias: str) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute(_ROLE)
        name, superuser, bypasses, owns = cursor.fetchone()
    faults = {
        "is a superuser": superuser,
        "bypasses row-level security": bypasses,
        "owns tables": owns,
    }
    return [
        Error(
            f"The application works as database role “{name}”, which {fault}: "
            "customers would not be walled off from each other.",
            hint="Set DATABASE_ROLE to a role of the application's own, such as msa_app.",
            id="msa.E001",
        )
        for fault, found in faults.items()
        if found
    ]
