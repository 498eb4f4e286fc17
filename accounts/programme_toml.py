"""Writing an edition as the file that would say the same (SPEC 2).

What is written loads unchanged: `read_toml` and `check_programme` give the same terms back.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from accounts.datafile import LANGUAGES
from accounts.terms import (
    SEVERITIES,
    SEVERITY_VALUES,
    VALUE_PATHS,
    WEEKDAYS,
    FurtherTarget,
    Services,
)

# The database keeps the keys of a table in an order of its own; people expect this one.
_ORDER = (
    *LANGUAGES,
    *WEEKDAYS,
    *(service.name for service in fields(Services)),
    *FurtherTarget.values,
    "minutes",
    "unit",
    *VALUE_PATHS,
)
_PLACES = {key: place for place, key in enumerate(_ORDER)}
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_DELETE = "\x7f"  # the one character that JSON writes plainly and TOML does not


def programme_toml(data: Mapping[str, Any]) -> str:
    """Return the text of the file of an edition whose terms are `data` (`Programme.as_data`)."""
    lines = [f"{key} = {_value(value)}" for key, value in data.items() if not _is_filled(value)]
    for key in ("name", "summary", "requirements", "tam_hours", "services", "severity"):
        if _is_filled(data[key]):
            lines += _table(key, data[key])
    return "\n".join([*lines, "", "[provenance]", *_sources(data["provenance"]), ""])


def _is_filled(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _table(path: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table's own values, then the tables in it; targets stand on one line each."""
    inner = {key: value for key, value in table.items() if _is_filled(value) and not _fits(value)}
    own = {key: value for key, value in table.items() if key not in inner}
    if own:
        yield from ("", f"[{path}]", *_pairs(own))
    for key, value in inner.items():
        yield from _table(f"{path}.{_key(key)}", value)


def _fits(table: Mapping[str, Any]) -> bool:
    return set(table) == {"minutes", "unit"}


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for key in _in_order(table):
        yield f"{_key(key)} = {_value(table[key])}"


def _sources(provenance: Mapping[str, str]) -> Iterator[str]:
    """Yield where each value comes from; once for what is the same at all four severities."""
    said: set[str] = set()
    for path in _in_order(provenance):
        phrase = provenance[path]
        start, _dot, rest = path.partition(".")
        value = rest.partition(".")[2]
        if start == "severity" and value in SEVERITY_VALUES:
            sources = [provenance.get(f"severity.{number}.{value}") for number in SEVERITIES]
            if sources == [phrase] * len(SEVERITIES):
                path = f"severity.all.{value}"  # noqa: PLW2901 (one line speaks for four)
        if path not in said:
            said.add(path)
            yield f"{path} = {_value(phrase)}"


def _in_order(keys: Iterable[str]) -> list[str]:
    return sorted(keys, key=lambda key: _PLACES.get(key, len(_PLACES)))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(_pairs(value))
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace(_DELETE, "\\u007f")
