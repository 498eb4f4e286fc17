"""Reading and writing rows for what every act does, at a third of the ORM's price.

The SQL of a table is written down once, and what belongs together is sent together. Values pass
through the fields' own conversions, so that a row read or written here is the one that the ORM
would have read or written; signals, which the house does not use, are not sent.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Row = TypeVar("Row", bound=Model)
Converter = Callable[[Any], Any]
Prepare = Callable[[Model], Any]

# Fields whose values the driver takes as they are.
PLAIN = frozenset(
    {
        "BigAutoField",
        "BooleanField",
        "CharField",
        "DateTimeField",
        "ForeignKey",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "TextField",
    }
)


def read(model: type[Row], sql: str, parameters: Sequence[Any]) -> list[Row]:
    """Return the rows of a query that selects all columns of a model's table."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return _rows(model, cursor)


def read_together(
    questions: Sequence[tuple[type[Any], str]], parameters: Sequence[Any]
) -> list[Any]:
    """Ask several such queries of the same parameters in one go; return the rows of each.

    They run one after the other, so that one may wait for a lock and the next see what came of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "; ".join(sql for _model, sql in questions), list(parameters) * len(questions)
        )
        found = []
        for model, _sql in questions:
            found.append(_rows(model, cursor))
            cursor.nextset()
        return found


def insert(rows: Iterable[Model]) -> None:
    """Insert rows of one table in one statement, and give each the key that it got."""
    writes = Writes()
    writes.insert(rows)
    writes.send()


class Writes:
    """Statements that wait to be sent together, in their order."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._parameters: list[Any] = []
        self._new: list[Sequence[Model]] = []  # the rows that each statement inserts

    def insert(self, rows: Iterable[Model]) -> None:
        new = list(rows)
        if not new:
            return
        fields, begin, one = _inserting(type(new[0]))
        values = [prepare(row) for row in new for prepare in fields]
        self._add(f"{begin} {', '.join([one] * len(new))} returning id", values, new)

    def update(self, row: Model, columns: tuple[str, ...]) -> None:
        """Write some columns of a stored row."""
        fields, sql = _updating(type(row), columns)
        self._add(sql, [*(prepare(row) for prepare in fields), row.pk])

    def delete(self, rows: Sequence[Model]) -> None:
        if rows:
            sql = f"delete from {_table(type(rows[0]))} where id = any(%s)"  # noqa: S608 (our own)
            self._add(sql, [[row.pk for row in rows]])

    def send(self) -> None:
        """Run them; the rows inserted get their keys."""
        if not self._statements:
            return
        with connection.cursor() as cursor:
            cursor.execute("; ".join(self._statements), self._parameters)
            for new in self._new:
                for row, (key,) in zip(new, cursor.fetchall() if new else (), strict=True):
                    row.pk = key
                    row._state.adding = False  # noqa: SLF001 (Django's documented API)
                    row._state.db = connection.alias  # noqa: SLF001
                cursor.nextset()
        self._statements, self._parameters, self._new = [], [], []

    def _add(self, sql: str, parameters: Sequence[Any], new: Sequence[Model] = ()) -> None:
        self._statements.append(sql)
        self._parameters.extend(parameters)
        self._new.append(new)


def _rows(model: type[Row], cursor: Any) -> list[Row]:
    names, readers = _reading(model, tuple(column.name for column in cursor.description or ()))
    return [
        model.from_db(
            connection.alias,
            names,
            [convert(values[at]) if convert else values[at] for at, convert in readers],
        )
        for values in cursor.fetchall()
    ]


def _prepared(field: Any) -> Prepare:
    """Return how a field's value is taken from a row to be written."""
    plain = attrgetter(field.attname)
    if field.get_internal_type() in PLAIN:
        return plain
    return lambda row: field.get_db_prep_save(plain(row), connection)


@lru_cache(maxsize=64)  # tables, each read in one or two ways
def _reading(
    model: type[Model], columns: tuple[str, ...]
) -> tuple[list[str], list[tuple[int, Converter | None]]]:
    """Return the model's fields in its own order, and where in a row each stands."""
    fields = _fields(model)
    readers = [
        (
            columns.index(field.column),
            _converter(field) if hasattr(field, "from_db_value") else None,
        )
        for field in fields
    ]
    return [field.attname for field in fields], readers


def _converter(field: Any) -> Converter:
    return lambda value: field.from_db_value(value, None, connection)


@lru_cache(maxsize=64)
def _inserting(model: type[Model]) -> tuple[list[Prepare], str, str]:
    fields = [field for field in _fields(model) if not field.primary_key]
    columns = ", ".join(_quoted(field.column) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    return [_prepared(field) for field in fields], _insert(model, columns), one


@lru_cache(maxsize=64)
def _updating(model: type[Model], columns: tuple[str, ...]) -> tuple[list[Prepare], str]:
    fields = [field for field in _fields(model) if field.name in columns]
    changes = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    sql = f"update {_table(model)} set {changes} where id = %s"  # noqa: S608 (our own names)
    return [_prepared(field) for field in fields], sql


def _insert(model: type[Model], columns: str) -> str:
    return f"insert into {_table(model)} ({columns}) values"


def _fields(model: type[Model]) -> list[Any]:
    return list(model._meta.concrete_fields)  # noqa: SLF001 (Django's documented API)


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)  # noqa: SLF001 (the same)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
