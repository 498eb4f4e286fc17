"""Statements as aligned plain text, for a terminal or a letter."""

from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

from django.utils.translation import gettext as _

from incidents.explaining.statements import Line, PromiseStatement, Statement

GAP = "  "


def as_text(statement: Statement) -> Iterator[str]:
    """Return the lines of one clock's statement, without line ends."""
    words = {"label": statement.title, "text": statement.verdict}
    yield _("%(label)s: %(text)s") % words
    for hours in statement.hours:
        yield f"{hours.days} {hours.windows} ({statement.timezone})"
    for promise in (statement.governing, *statement.others):
        yield ""
        yield f"{promise.title}, {promise.outcome}"
        yield from _table(promise)


def _table(promise: PromiseStatement) -> Iterator[str]:
    seen = any(line.when_viewer for line in promise.lines)
    rows = [_cells(line, seen=seen) for line in promise.lines]
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    sums = (len(widths) - 3, len(widths) - 2)  # what counts, and the sum, end at one column
    for row in rows:
        cells = (
            _padded(cell, width, before=number in sums)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield (GAP + GAP.join(cells)).rstrip()


def _cells(line: Line, *, seen: bool) -> Sequence[str]:
    text = " ".join([line.text, *line.notes])
    if line.spare:
        text = _("%(text)s (left over)") % {"text": text}
    return [line.when, *([line.when_viewer] if seen else []), line.length, line.total, text]


def _padded(cell: str, width: int, *, before: bool) -> str:
    filling = " " * (width - _width(cell))
    return filling + cell if before else cell + filling


def _width(cell: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese signs take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in cell)
