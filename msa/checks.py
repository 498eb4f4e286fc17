"""System checks that explain what is wrong with the way the product is run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
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


@register(Tags.security, deploy=True)
def check_second_factor(**_: Any) -> list[CheckMessage]:
    """Warn where staff may sign in by a password alone (SPEC 4)."""
    if settings.STAFF_SECOND_FACTOR:
        return []
    return [
        checks.Warning(
            "Staff sign in without a second factor, and see every customer's incidents.",
            hint="Unset STAFF_SECOND_FACTOR, or set it to 1.",
            id="msa.W001",
        )
    ]


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


@register(Tags.files)
def check_storage(**_: Any) -> list[CheckMessage]:
    """Explain what is wrong with where people's files are kept (docs/files.md)."""
    problems: list[CheckMessage] = [
        Error(
            f"{name} is set, but STORAGE_BUCKET is not: files would stay on this machine.",
            hint="Set STORAGE_BUCKET, or leave all of STORAGE_… out.",
            id="msa.E002",
        )
        for name in ("STORAGE_ENDPOINT", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")
        if getattr(settings, name) and not settings.STORAGE_BUCKET
    ]
    if bool(settings.STORAGE_ACCESS_KEY) != bool(settings.STORAGE_SECRET_KEY):
        problems.append(
            Error(
                "Of STORAGE_ACCESS_KEY and STORAGE_SECRET_KEY only one is set.",
                hint="Set both, or neither where the machine itself is let in.",
                id="msa.E003",
            )
        )
    if settings.STORAGE_ENDPOINT and not _is_web_address(settings.STORAGE_ENDPOINT):
        problems.append(
            Error(
                f"STORAGE_ENDPOINT is “{settings.STORAGE_ENDPOINT}”, which is no address.",
                hint="Write it with its scheme, such as https://s3.example.com.",
                id="msa.E004",
            )
        )
    folders = [Path(settings.STATIC_ROOT), *map(Path, settings.STATICFILES_DIRS)]
    problems += [
        Error(
            f"MEDIA_ROOT lies in {folder}, which anybody can fetch: files would be public.",
            hint="Set MEDIA_ROOT to a folder that no web server serves.",
            id="msa.E005",
        )
        for folder in folders
        if Path(settings.MEDIA_ROOT).resolve().is_relative_to(folder.resolve())
    ]
    return problems


def _is_web_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
