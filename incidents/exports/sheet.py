"""One incident on paper, as its customer may read it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from accounts.printing import press

SOURCE: Final = Path(__file__).with_name("sheet.typ")


@dataclass(frozen=True, slots=True)
class Item:
    """A line of what happened, or a message when it has a text."""

    when: str
    who: str
    what: str
    text: str = ""
    files: Sequence[str] = ()
    side: str = ""  # "customer" or "staff", of a message


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is printed, in words; `language` is that of the words."""

    language: str
    vendor: str
    title: str
    subtitle: str
    note: str
    facts: Table
    clocks: Table
    conversation: str
    omitted: str
    items: Sequence[Item] = field(default_factory=list)


def printed(sheet: Sheet, *, at: datetime) -> bytes:
    """Return the PDF, dated `at`; what people wrote is data and is never taken as markup."""
    return press.pdf(SOURCE, _content(sheet), at)


def pages(sheet: Sheet, *, at: datetime) -> list[bytes]:
    """Return the same as pictures, one PNG a page."""
    return press.pages(SOURCE, _content(sheet), at)


def _content(sheet: Sheet) -> Mapping[str, Any]:
    return asdict(sheet)
