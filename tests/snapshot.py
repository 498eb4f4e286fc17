"""Rows that were made once, put back by one statement for every test that begins with them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.apps import apps
from django.db import connection

Made = TypeVar("Made")

_APPS = ("accounts", "outbox")  # where everything stands that a cast consists of


@dataclass(frozen=True)
class Snapshot(Generic[Made]):
    """What a function made, and the rows that came with it, as JSON by table."""

    made: Made
    rows: dict[str, str]

    @classmethod
    def of(cls, make: Callable[[], Made]) -> "Snapshot[Made]":
        """Make it, and note the rows that are new."""
        seen = {table: _keys(table, key) for table, key in _tables()}
        made = make()
        rows = {}
        with connection.cursor() as cursor:
            for table, key in _tables():
                new = [row for row in _keys(table, key) if row not in seen[table]]
                if new:
                    cursor.execute(
                        f"select json_agg(t order by {key})::text from {table} t"
                        f" where {key}::text = any(%s)",
                        [new],
                    )
                    (rows[table],) = cursor.fetchone()
        return cls(copy.deepcopy(made), rows)

    def put_back(self) -> Made:
        """Insert the rows with the keys they had, and return what was made, as it was."""
        statements = [
            f"insert into {table} select * from json_populate_recordset(null::{table}, %s)"
            " on conflict do nothing"
            for table in self.rows
        ]
        with connection.cursor() as cursor:
            cursor.execute("; ".join(statements), list(self.rows.values()))
        return copy.deepcopy(self.made)


def _tables() -> list[tuple[str, str]]:
    """Return the tables and the column of their key; references are checked at the very end."""
    models = [
        model
        for name in _APPS
        for model in apps.get_app_config(name).get_models(include_auto_created=True)
    ]
    return [(model._meta.db_table, str(model._meta.pk.column)) for model in models]


def _keys(table: str, key: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {key}::text from {table}")
        return [row[0] for row in cursor.fetchall()]
