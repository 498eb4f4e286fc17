"""Rows of a file as acts: all are checked, then all are done, or none (SPEC 3)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final, TypeVar

import tablib
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.results import Result, RowResult

from accounts.errors import Refused
from accounts.exchange.files import NUMBER
from accounts.models import Certificate, User

T = TypeVar("T")
NEW, CHANGED, UNCHANGED, WRONG = (
    RowResult.IMPORT_TYPE_NEW,
    RowResult.IMPORT_TYPE_UPDATE,
    RowResult.IMPORT_TYPE_SKIP,
    RowResult.IMPORT_TYPE_INVALID,
)
Weigh = Callable[[QuerySet[Certificate]], AbstractContextManager[None]]

_DAY_FORMS: Final = ("%Y-%m-%d", "%d.%m.%Y")  # others are read in two ways


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, what stands below it, and whether a file must have it."""

    name: str
    help: LazyText
    required: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a row comes to; `act` does it and returns the row that the history tells of."""

    kind: str
    name: str
    act: Callable[[], models.Model | None]
    changes: Sequence[tuple[str, str, str]] = field(default_factory=tuple)  # column, before, after


class Reading:
    """One row's cells; what is wrong with them is gathered by column and raised at the end."""

    def __init__(self, row: Mapping[str, str]) -> None:
        self.row = row
        self.number = int(row[NUMBER])
        self.wrong: dict[str, list[str]] = {}

    def text(self, column: str) -> str:
        return self.row.get(column) or ""

    def has(self, column: str) -> bool:
        return column in self.row

    def refuse(self, column: str, message: str) -> None:
        self.wrong.setdefault(column, []).append(message)

    def one_of(
        self, column: str, known: Mapping[str, T], message: str, *, key: str = ""
    ) -> T | None:
        """Return what a cell names; an empty cell names nothing, and an unknown one is refused."""
        text = self.text(column)
        if not text:
            return None
        found = known.get(key or text)
        if found is None:
            self.refuse(column, message % {"text": text})
        return found

    def day(self, column: str) -> date | None:
        text = self.text(column)
        for form in _DAY_FORMS if text else ():
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 (a date has no zone)
            except ValueError:
                continue
        if text:
            self.refuse(column, _("“%(text)s” is no date such as 2027-12-31.") % {"text": text})
        return None

    def cleaned(self, column: str, field_of_model: Any) -> Any:
        """Return a cell as a column of the database takes it."""
        try:
            return field_of_model.clean(self.text(column), None)
        except ValidationError as error:
            for message in error.messages:
                self.refuse(column, message)
            return None

    def attempt(self, check: Callable[[], object], *, column: str = "") -> None:
        """Note what a rule refuses, at its column or at `column`."""
        try:
            check()
        except Refused as refusal:
            self.refuse(column or refusal.field or NON_FIELD_ERRORS, str(refusal))

    def finish(self) -> None:
        if self.wrong:
            raise ValidationError(dict(self.wrong))


class Rows(Resource):  # type: ignore[misc]  # the library has no types
    """A kind of file. Subclasses read ahead what all rows name, and plan each row."""

    columns: ClassVar[tuple[Column, ...]]
    model: ClassVar[type[models.Model]]  # whose history tells of the acts

    class Meta:
        import_id_fields = ()
        instance_loader_class = BaseInstanceLoader  # rows are read ahead instead
        use_transactions = False  # one transaction of our own around all rows
        report_skipped = True

    def __init__(self, *, actor: User | None = None, at: datetime | None = None) -> None:
        super().__init__()
        self.actor = actor
        self._at = at
        self.acting: frozenset[str] = frozenset()
        self.result: Result | None = None

    @property
    def at(self) -> datetime:
        if self._at is None:
            raise RuntimeError("Only who imports at an instant can act.")
        return self._at

    @classmethod
    def names(cls, *, required: bool = False) -> list[str]:
        return [column.name for column in cls.columns if column.required or not required]

    def import_data(
        self,
        dataset: tablib.Dataset,
        dry_run: bool = False,  # noqa: FBT001, FBT002 (the library's signature)
        weigh: Weigh | None = None,
        **_options: Any,
    ) -> Result:
        """Check all rows and, if none is wrong, do what they say; with `dry_run`, undo it.

        A dry run carries out only what changes rows that are there, so that `weigh` can tell what
        that does; what is new has been checked by then. Whatever is wrong, nothing is done.
        """
        self.result = self._pass(dataset, frozenset())
        if self.result.has_validation_errors():
            return self.result
        with transaction.atomic():
            concerned = self.concerned(self.result)
            self.lock(concerned)
            with weigh(concerned) if weigh else nullcontext():
                done = self._pass(dataset, frozenset({CHANGED} if dry_run else {NEW, CHANGED}))
                if not done.has_validation_errors():
                    self.settle()
            if dry_run or done.has_validation_errors():
                transaction.set_rollback(True)
        self.result = done
        return done

    def import_row(self, row: Any, instance_loader: Any, **_options: Any) -> RowResult:  # noqa: ARG002
        outcome = RowResult()
        outcome.row_values = dict(row)
        try:
            plan = self.plan(Reading(row))
            outcome.import_type = plan.kind
            outcome.object_repr = plan.name
            outcome.changes = plan.changes
            if plan.kind in self.acting:
                outcome.instance = plan.act()
        except Refused as refusal:
            outcome.import_type = WRONG
            message = {refusal.field or NON_FIELD_ERRORS: [str(refusal)]}
            outcome.validation_error = ValidationError(message)
        except ValidationError as error:
            outcome.import_type = WRONG
            outcome.validation_error = error
        return outcome

    def read_ahead(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Fetch, in a handful of queries, all that the rows name."""
        raise NotImplementedError

    def plan(self, reading: Reading) -> Plan:
        """Return what a row comes to; raises `ValidationError` by column, or `Refused`."""
        raise NotImplementedError

    def concerned(self, result: Result) -> QuerySet[Certificate]:  # noqa: ARG002
        """Return the certificates whose promises the rows may change."""
        return Certificate.objects.none()

    def lock(self, certificates: QuerySet[Certificate]) -> None:
        """Lock certificates in one order, so that two imports never wait for each other."""
        rows = certificates.order_by("pk").select_for_update(of=("self",), no_key=True)
        list(rows.values_list("pk"))

    def settle(self) -> None:
        """Do once what follows from all rows together."""

    def cells(self, instance: Any) -> dict[str, str]:
        """Return a row of the database as a row of the file."""
        raise NotImplementedError

    def iter_queryset(self, queryset: QuerySet[Any]) -> Iterator[Any]:
        yield from queryset  # at once: pages of the library would each sort the list anew

    def get_diff_headers(self) -> list[str]:
        return [NUMBER]  # all that the library keeps of a wrong row

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:  # noqa: ARG002
        return self.names()

    def export_resource(
        self,
        instance: Any,
        selected_fields: Any = None,  # noqa: ARG002
        **_options: Any,
    ) -> list[str]:
        cells = self.cells(instance)
        return [cells[name] for name in self.names()]

    def _pass(self, dataset: tablib.Dataset, acting: frozenset[str]) -> Result:
        self.acting = acting
        self.read_ahead(dataset.dict)
        return super().import_data(dataset, use_transactions=False)


def changed_cells(
    before: Mapping[str, str], after: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    return [(name, before[name], after[name]) for name in after if before[name] != after[name]]


def is_new(row: Any) -> bool:
    """Whether the database has no such row yet."""
    return row.pk is None


def named_in(rows: Iterable[Mapping[str, str]], column: str) -> set[str]:
    """Return what a column names in any row."""
    return {row[column] for row in rows if row.get(column)}
