"""Making PDF and pictures by Typst: the same bytes whenever they are made of the same data."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import typst

# For the archive (PDF/A) and for screen readers (PDF/UA).
STANDARDS: "Sequence[typst.PDFStandard]" = ("a-2a", "ua-1")


def pdf(source: Path, content: Mapping[str, Any], at: datetime) -> bytes:
    """Return a PDF dated `at`. `content` reaches the source as JSON and is never markup.

    The standards want a glyph for each letter. Somebody whose name our fonts cannot write gets
    a PDF without them, with boxes in it, rather than none.
    """
    try:
        return _compiled(source, content, at, "pdf", STANDARDS)[0]
    except typst.TypstError:
        return _compiled(source, content, at, "pdf")[0]


def pages(source: Path, content: Mapping[str, Any], at: datetime) -> list[bytes]:
    """Return the same as pictures, one PNG a page."""
    return _compiled(source, content, at, "png")


def _compiled(
    source: Path,
    content: Mapping[str, Any],
    at: datetime,
    kind: Literal["pdf", "png"],
    standards: "Sequence[typst.PDFStandard]" = (),
) -> list[bytes]:
    made: bytes | list[bytes] = typst.compile(
        str(source),
        format=kind,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=at,
        pdf_standards=list(standards),
    )
    return [made] if isinstance(made, bytes) else made  # a PDF, or a picture of each page


@cache
def _fonts() -> typst.Fonts:
    """Return the fonts that a reader in any of our languages needs; loaded once a process."""
    folder = Path(str(files("rendercv_fonts"))) / "Noto Sans"
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])
