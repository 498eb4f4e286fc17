"""CSV as spreadsheets write and read it: any of three delimiters, UTF-8, and no formulas."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import tablib
from django.utils.translation import gettext as _

from accounts.errors import Refused

# What is imported in one transaction that others may wait for; more is a migration's job.
ROWS_MOST: Final = 5000
BYTES_MOST: Final = 2 * 1024 * 1024  # 5,000 rows of 400 letters: ten times what a row has
NUMBER = "#"  # the column of a dataset that carries each row's number, as a spreadsheet counts
DELIMITERS: Final = (",", ";", "\t")
NAMED_MOST: Final = 5  # unknown columns that a message names

_SPREADSHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how XLSX and ODS, and XLS begin
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
# Where a cell begins for whoever separates by comma, semicolon or tab (a quotation mark is none of
# the cell then), the apostrophes there, and what follows: it may be run as a formula.
_BEGINNING: Final = r"""((?:^|[;\t\n\v\f\r\x85\u2028\u2029])[ \xa0\u3000"]*'*)"""
_RUN: Final = r"(?=[=+\-@＝＋－＠\t\r])"
_TO_NEUTRALISE: Final = re.compile(_BEGINNING + _RUN)
_NEUTRALISED: Final = re.compile(_BEGINNING + "'" + _RUN)


def read_table(data: bytes, *, columns: Sequence[str], required: Sequence[str]) -> tablib.Dataset:
    """Return a file's rows under its columns, each row with its number under `NUMBER`.

    Raises `Refused` with a sentence for a file that is none of ours.
    """
    text = _text(data)
    delimiter = max(DELIMITERS, key=lambda mark: _known(text, mark, columns))
    rows = _rows(text, delimiter)
    _number, header = next(rows, (1, []))
    header = [name.strip().lower() for name in header]
    _check_header(header, columns, required)
    dataset = tablib.Dataset(headers=[NUMBER, *header])
    for number, cells in rows:
        _check_row(number, cells, header)
        if len(dataset) == ROWS_MOST:
            raise Refused(
                _("At most %(most)d rows are imported at once: split the file.")
                % {"most": ROWS_MOST}
            )
        padded = [*cells, *[""] * (len(header) - len(cells))]
        dataset.append([str(number), *(restored(cell) for cell in padded[: len(header)])])
    if not len(dataset):
        raise Refused(_("The file has no row below its headings."))
    return dataset


def written(dataset: tablib.Dataset) -> bytes:
    """Return rows as CSV that a spreadsheet reads as UTF-8 and runs nothing of."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(dataset.headers or [])
    writer.writerows([neutral(cell) for cell in row] for row in dataset)
    return file.getvalue().encode("utf-8-sig")


def neutral(cell: str) -> str:
    """Return a cell of which no spreadsheet takes any part for a formula.

    One apostrophe more stands before what would be run; `restored` takes it away.
    """
    return _TO_NEUTRALISE.sub(r"\1'", cell)


def restored(cell: str) -> str:
    """Return a cell as it was before `neutral`, without white space around it."""
    return _NEUTRALISED.sub(r"\1", cell.strip())


def _text(data: bytes) -> str:
    if len(data) > BYTES_MOST:
        raise Refused(
            _("The file is larger than %(most)d MB: split it.") % {"most": BYTES_MOST // 1024**2}
        )
    if data.startswith(_SPREADSHEETS):
        raise Refused(_("This is a spreadsheet's own file: save it as “CSV UTF-8” first."))
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            _("The file is not in UTF-8, so its letters cannot be told: save it as “CSV UTF-8”.")
        ) from error
    if "\0" in text:
        raise Refused(_("This is no text file: save the table as “CSV UTF-8”."))
    if not text.strip():
        raise Refused(_("The file is empty."))
    return text


def _known(text: str, delimiter: str, columns: Sequence[str]) -> int:
    """Return how many of our columns the first line names under a delimiter."""
    line = next(iter(text.splitlines()), "")
    names = {name.strip().strip('"').lower() for name in line.split(delimiter)}
    return len(names & set(columns))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Return rows that are not empty, each with its number as a spreadsheet counts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise Refused(
            _("Row %(row)d cannot be read: a quotation mark is missing, or a cell has no end.")
            % {"row": number + 1}
        ) from error


def _check_header(header: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> None:
    unknown = [name for name in header if name not in columns]
    missing = [name for name in required if name not in header]
    twice = sorted(name for name, count in Counter(header).items() if count > 1)
    if missing:
        raise Refused(
            _("The first row must name the columns %(columns)s; there is no %(missing)s.")
            % {"columns": _listed(columns), "missing": _listed(missing)}
        )
    if unknown:
        raise Refused(
            _("No column is called %(unknown)s; known are %(columns)s.")
            % {"unknown": _listed(unknown[:NAMED_MOST]), "columns": _listed(columns)}
        )
    if twice:
        raise Refused(_("The first row names %(twice)s twice.") % {"twice": _listed(twice)})


def _check_row(number: int, cells: Sequence[str], header: Sequence[str]) -> None:
    if any(cell.strip() for cell in cells[len(header) :]):
        raise Refused(
            _("Row %(row)d has %(cells)d cells, and the first row names %(columns)d columns.")
            % {"row": number, "cells": len(cells), "columns": len(header)}
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
