"""The text of a PDF as a reader selects it: by its fonts' own tables from glyphs to letters.

It knows what Typst writes, and no more of the format than that.
"""

import re
import zlib
from collections.abc import Iterator

UNKNOWN = "\N{REPLACEMENT CHARACTER}"  # a box: no font has the letter

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_PAGE = re.compile(rb"/Type\s*/Page\b")
_FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
_LETTERS = re.compile(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>\n")
_TOKEN = re.compile(rb"\b(BT|ET)\b|/(f\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|(\()")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def runs_of(pdf: bytes) -> list[str]:
    """Return every run of text, page by page in the order in which they are drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    pages = [body for body in objects.values() if _PAGE.search(body)]
    return [run for page in pages for run in _runs(page, objects)]


def _runs(page: bytes, objects: dict[int, bytes]) -> Iterator[str]:
    fonts = {
        name: _letters(objects[int(number)], objects)
        for name, number in _FONT.findall(_referred(page, b"Resources", objects))
    }
    letters: dict[int, str] = {}
    text = ""
    for mark, value in _tokens(_stream(_referred(page, b"Contents", objects))):
        match mark:
            case "font":
                letters = fonts[value]
            case "shown":
                numbers = zip(value[::2], value[1::2], strict=True)
                text += "".join(letters.get(high * 256 + low, UNKNOWN) for high, low in numbers)
            case "end":
                yield text
                text = ""


def _tokens(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what changes the font, what is shown, and where a run ends."""
    at = 0
    while found := _TOKEN.search(content, at):
        at = found.end()
        operator, font, digits, _literal = found.groups()
        if operator:
            yield "end" if operator == b"ET" else "begin", b""
        elif font:
            yield "font", font
        elif digits:
            yield "shown", bytes.fromhex(digits.decode())
        else:
            start, at = at, _end_of_literal(content, at)
            yield "shown", _unescaped(content[start : at - 1])


def _end_of_literal(content: bytes, at: int) -> int:
    """Return where a literal ends that has begun; brackets inside it come in pairs."""
    depth = 1
    while depth:
        character = content[at : at + 1]
        depth += {b"(": 1, b")": -1}.get(character, 0)
        at += 2 if character == b"\\" else 1
    return at


def _letters(font: bytes, objects: dict[int, bytes]) -> dict[int, str]:
    table = _stream(_referred(font, b"ToUnicode", objects)) + b"\n"
    return {
        int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be")
        for glyph, text in _LETTERS.findall(table.partition(b"beginbfchar")[2])
    }


def _referred(body: bytes, key: bytes, objects: dict[int, bytes]) -> bytes:
    found = re.search(rb"/" + key + rb" (\d+) 0 R", body)
    assert found, (key, body)
    return objects[int(found[1])]


def _stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream")
    data = rest.lstrip(b"\r\n").rpartition(b"endstream")[0]
    return zlib.decompressobj().decompress(data) if b"FlateDecode" in head else data


def _unescaped(literal: bytes) -> bytes:
    def meant(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8)]) if code.isdigit() else _CONTROLS.get(code, code)

    return _ESCAPE.sub(meant, literal)
