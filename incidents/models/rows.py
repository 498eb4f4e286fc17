"""Reading and writing rows for what every act does, at a third of the ORM's price.

The SQL of a table is written down once. Values pass through the fields' own conversions, so that
a row read or written here is the one that the ORM would have read or written; signals, which the
house does not use, are not sent.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)
Converter = Callable[[Any], Any]


def read(model: type[Row], sql: str, parameters: Sequence[Any]) -> list[Row]:
    """Return the rows of a query that selects all columns of a model's table."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        columns = tuple(column.name for column in cursor.description or ())
        found = cursor.fetchall()
    names, converters = _reading(model, columns)
    rows = []
    for values in found:
        converted = list(values)
        for index, convert in converters:
            converted[index] = convert(converted[index])
        rows.append(model.from_db(connection.alias, names, converted))
    return rows


def insert(rows: Iterable[Model]) -> None:
    """Insert rows of one table in one statement, and give each the key that it got."""
    new = list(rows)
    if not new:
        return
    fields, begin, one = _inserting(type(new[0]))
    values = [_prepared(field, row) for row in new for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{begin} {', '.join([one] * len(new))} returning id", values)
        keys = cursor.fetchall()
    for row, (key,) in zip(new, keys, strict=True):
        row.pk = key
        row._state.adding = False  # noqa: SLF001 (Django's documented API)
        row._state.db = connection.alias  # noqa: SLF001


def update(row: Model, columns: tuple[str, ...]) -> None:
    """Write some columns of a stored row."""
    fields, sql = _updating(type(row), columns)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(_prepared(field, row) for field in fields), row.pk])


def _prepared(field: Field[Any, Any], row: Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


@lru_cache(maxsize=64)  # tables, each read in one or two ways
def _reading(
    model: type[Model], columns: tuple[str, ...]
) -> tuple[list[str], list[tuple[int, Converter]]]:
    fields = {field.column: field for field in model._meta.concrete_fields}  # noqa: SLF001
    chosen = [fields[column] for column in columns]
    converters = [
        (index, _converter(field))
        for index, field in enumerate(chosen)
        if hasattr(field, "from_db_value")
    ]
    return [field.attname for field in chosen], converters


def _converter(field: Any) -> Converter:
    return lambda value: field.from_db_value(value, None, connection)


@lru_cache(maxsize=64)
def _inserting(model: type[Model]) -> tuple[list[Field[Any, Any]], str, str]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]  # noqa: SLF001
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    one = f"({', '.join(['%s'] * len(fields))})"
    return fields, f"insert into {table} ({columns}) values", one  # noqa: S608 (names of our own)


@lru_cache(maxsize=64)
def _updating(
    model: type[Model], columns: tuple[str, ...]
) -> tuple[list[Field[Any, Any]], str]:
    fields = [model._meta.get_field(name) for name in columns]  # noqa: SLF001
    changes = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields)  # type: ignore[union-attr]
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    return fields, f"update {table} set {changes} where id = %s"  # type: ignore[return-value] # noqa: S608
