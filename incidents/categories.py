"""Categories as a file: TOML in, checked and frozen categories out (SPEC 5).

Nothing here touches the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.datafile import DataFileError, Problem, Table, is_slug, read_toml, slug_expected

POSITION_MOST = 10_000
EXTRA_FIELDS_MOST = 10  # a form that a stressed person still fills in
CHOICES_MOST = 20


class Kind(TextChoices):
    PRODUCT = "product", gettext_lazy("Product incident")
    MALWARE = "malware", gettext_lazy("Malware incident")
    SERVICE_REQUEST = "service_request", gettext_lazy("Service request")


class FieldKind(TextChoices):
    TEXT = "text", gettext_lazy("text")
    CHOICE = "choice", gettext_lazy("choice")
    FILE = "file", gettext_lazy("file")
    DATE = "date", gettext_lazy("date")


@dataclass(frozen=True)
class CategoryTerms:
    """One category as its file states it; the text fields hold a text for each language.

    An extra field is `{"key", "kind", "required", "label"}`, a choice also has
    `"choices": [{"key", "label"}]`.
    """

    key: str
    kind: Kind
    shown_under: Kind
    severity: int
    position: int
    allows_signature_request: bool
    extra_fields: tuple[Mapping[str, Any], ...]
    names: Mapping[str, str]
    descriptions: Mapping[str, str]


class CategoryError(DataFileError):
    """A category file that cannot be loaded as it is."""


def read_categories(path: Path) -> list[CategoryTerms]:
    """Return the categories of a file in its order; `CategoryError` names every mistake."""
    try:
        data = read_toml(path)
    except DataFileError as error:
        raise CategoryError(error.lines) from error
    return parse_categories(data, path.name)


def parse_categories(data: Mapping[str, Any], filename: str) -> list[CategoryTerms]:
    problems: list[Problem] = []
    file = Table(data, "", problems)
    categories = []
    for key in data:
        if not is_slug(key):
            file.note(key, _("expected a key of %(slug)s") % {"slug": slug_expected()})
        table = file.table(key)
        if table is not None:
            categories.append(read_category(table, key))
    if not data:
        problems.append(Problem("", _("expected categories, found nothing")))
    if problems:
        raise CategoryError([f"{filename}: {problem}" for problem in problems])
    return categories


def read_category(table: Table, key: str) -> CategoryTerms:
    """Read one category; what is wrong is noted on the table."""
    kind = table.word("kind", Kind)
    terms = CategoryTerms(
        key=key,
        kind=kind,
        shown_under=kind if table.raw("shown_under") is None else table.word("shown_under", Kind),
        severity=table.whole("severity", low=1, high=4) or 1,
        position=table.whole("position", low=0, high=POSITION_MOST) or 0,
        allows_signature_request=table.flag("allows_signature_request"),
        extra_fields=_extra_fields(table),
        names=table.texts("name"),
        descriptions=table.texts("description"),
    )
    table.close()
    return terms


def _extra_fields(table: Table) -> tuple[dict[str, Any], ...]:
    if table.raw("extra_fields") is None:
        return ()
    return tuple(_extra_field(row) for row in _keyed_rows(table, "extra_fields", EXTRA_FIELDS_MOST))


def _extra_field(row: Table) -> dict[str, Any]:
    read: dict[str, Any] = {
        "key": row.slug("key"),
        "kind": str(row.word("kind", FieldKind)),
        "required": row.flag("required"),
        "label": row.texts("label"),
    }
    if read["kind"] == FieldKind.CHOICE:
        read["choices"] = [_choice(choice) for choice in _keyed_rows(row, "choices", CHOICES_MOST)]
    row.close()
    return read


def _choice(row: Table) -> dict[str, Any]:
    read = {"key": row.slug("key"), "label": row.texts("label")}
    row.close()
    return read


def _keyed_rows(table: Table, key: str, most: int) -> list[Table]:
    """Return the rows of a list of tables, each at the path of its own key."""
    rows = table.raw(key)
    if (
        not isinstance(rows, list)
        or len(rows) > most
        or not all(isinstance(row, Mapping) and is_slug(row.get("key")) for row in rows)
        or len({row["key"] for row in rows}) < len(rows)
    ):
        table.refuse(
            key,
            _("at most %(most)s tables, each with a key of its own: %(slug)s")
            % {"most": most, "slug": slug_expected()},
        )
        return []
    return [Table(row, f"{table.at(key)}.{row['key']}", table.problems) for row in rows]
