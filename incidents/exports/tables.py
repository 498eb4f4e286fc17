"""A list of incidents as a table: CSV for programs, XLSX for people."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from accounts.exchange.files import neutral
from incidents.models import ClockKind, Incident
from incidents.states import FACTS, SEVERITY_LABELS, Side, State

# A person's own list of years; made in one request and held in memory while it is.
ROWS_MOST: Final = 5_000

_INSTANT_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"
_WIDTH_LEAST, _WIDTH_MOST = 10, 60  # characters of a column
_WIDTH_INSTANT: Final = 19

Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str | LazyText
    of: Callable[[Incident], Cell]


def as_csv(incidents: Iterable[Incident]) -> bytes:
    """Return a list as CSV, in UTF-8 as spreadsheets expect it, of which none runs anything.

    Times carry their distance from UTC.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([str(column.heading) for column in _COLUMNS])
    for cells in _rows(incidents):
        writer.writerow([_written(cell) for cell in cells])
    return file.getvalue().encode("utf-8-sig")


def as_xlsx(incidents: Iterable[Incident], *, title: str) -> bytes:
    """Return a list as a workbook; its times are the reader's own, whose zone the headings name."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    rows = list(_rows(incidents))
    headings = list(_headings_with_zone())
    for number, width in enumerate(_widths(headings, rows), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_bold(sheet, heading) for heading in headings])
    for cells in rows:
        sheet.append([_typed(sheet, cell) for cell in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _rows(incidents: Iterable[Incident]) -> Iterator[list[Cell]]:
    for incident in incidents:
        yield [column.of(incident) for column in _COLUMNS]


def _written(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return timezone.localtime(cell).isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else neutral(str(cell))


def _typed(sheet: Any, cell: Cell) -> Any:
    """Return a cell that is what it says: a text never is a formula, whatever it begins with."""
    if isinstance(cell, datetime):
        written = WriteOnlyCell(sheet, timezone.make_naive(timezone.localtime(cell)))
        written.number_format = _INSTANT_FORMAT
        return written
    if isinstance(cell, str):
        written = WriteOnlyCell(sheet, neutral(ILLEGAL_CHARACTERS_RE.sub(" ", cell)))
        written.data_type = "s"
        return written
    return cell


def _bold(sheet: Any, heading: str) -> Any:
    cell = WriteOnlyCell(sheet, heading)
    cell.font = Font(bold=True)
    return cell


def _headings_with_zone() -> Iterator[str]:
    zone = timezone.get_current_timezone_name()
    for column in _COLUMNS:
        yield f"{column.heading} ({zone})" if column in _INSTANTS else str(column.heading)


def _widths(headings: list[str], rows: list[list[Cell]]) -> Iterator[int]:
    for heading, *cells in zip(headings, *rows, strict=True):
        lengths = [_WIDTH_INSTANT if isinstance(c, datetime) else len(str(c or "")) for c in cells]
        yield min(max(_WIDTH_LEAST, len(heading), *lengths, 0), _WIDTH_MOST)


def _turn(incident: Incident) -> str:
    match incident.side:
        case Side.CUSTOMER:
            return str(_("Waiting for you"))
        case Side.VENDOR:
            return str(_("Waiting for us"))
    return str(_("Closed"))


def _response_due(incident: Incident) -> datetime | None:
    due = [clock.due_at for clock in incident.clocks.all() if clock.kind == ClockKind.RESPONSE]
    return due[0] if due else None


_INSTANTS: Final = (
    _Column(pgettext_lazy("column", "Received"), lambda incident: incident.received_at),
    _Column(pgettext_lazy("column", "Response due"), _response_due),
    _Column(pgettext_lazy("column", "First response"), lambda incident: incident.responded_at),
    _Column(pgettext_lazy("column", "Last event"), lambda incident: incident.changed_at),
    _Column(
        pgettext_lazy("column", "Closes without a reply"),
        lambda incident: incident.customer_side_until,
    ),
    _Column(pgettext_lazy("column", "Closed"), lambda incident: incident.closed_at),
)
_COLUMNS: Final = (
    _Column(pgettext_lazy("column", "Reference"), lambda incident: incident.reference),
    _Column(pgettext_lazy("column", "Title"), lambda incident: incident.title),
    _Column(pgettext_lazy("column", "Whose move"), _turn),
    _Column(
        pgettext_lazy("column", "State"),
        lambda incident: str(FACTS[State(incident.state)].portal_label),
    ),
    _Column(
        pgettext_lazy("column", "Why it is closed"), lambda incident: incident.get_closure_display()
    ),
    _Column(
        pgettext_lazy("column", "Severity"),
        lambda incident: f"{incident.severity} {SEVERITY_LABELS[incident.severity]}",
    ),
    _Column(pgettext_lazy("column", "Category"), lambda incident: incident.category.name),
    _Column(
        pgettext_lazy("column", "Product"),
        lambda incident: incident.product.name if incident.product else "",
    ),
    _Column(pgettext_lazy("column", "Version"), lambda incident: incident.product_version),
    _Column(pgettext_lazy("column", "Certificate"), lambda incident: incident.certificate.number),
    _Column(pgettext_lazy("column", "Filed by"), lambda incident: incident.author.name),
    _Column(
        pgettext_lazy("column", "Channel"), lambda incident: str(incident.get_channel_display())
    ),
    *_INSTANTS,
)
