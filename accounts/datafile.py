"""Checked reading of the product's data files (programmes and categories).

A `Table` is read key by key. What is wrong is collected, never raised, so that a person sees every
mistake of a file at once; the values returned in its place are of the right type and mean nothing.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext as _

LANGUAGES = ("en", "fr", "zh-hans", "nl", "ru")
TEXT_LENGTH_MOST = 1000  # characters; a paragraph, not a document
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH_MOST = 64

Word = TypeVar("Word", bound=TextChoices)


class DataFileError(ValueError):
    """What is wrong with data files: one line for each mistake, naming file, path and what fits."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True)
class Problem:
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; `DataFileError` where it cannot be read as one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = _("cannot be read: %(reason)s") % {"reason": error.strerror}
    except UnicodeDecodeError:
        reason = _("expected text in UTF-8")
    except tomllib.TOMLDecodeError as error:
        reason = _("expected TOML: %(reason)s") % {"reason": error}
    raise DataFileError([f"{path.name}: {reason}"])


@dataclass
class Table:
    """One table of a data file at a dotted path; `close()` it once every known key was read."""

    data: Mapping[str, Any]
    path: str
    problems: list[Problem]
    _known: set[str] = field(default_factory=set)

    def raw(self, key: str) -> Any:
        """Return the value as it stands, None where there is none."""
        self._known.add(key)
        return self.data.get(key)

    def refuse(self, key: str, expected: str) -> None:
        """Note that the value of this key is not what was expected."""
        self.note(
            key,
            _("expected %(expected)s, found %(found)s")
            % {"expected": expected, "found": shown(self.data.get(key))},
        )

    def note(self, key: str, message: str) -> None:
        self.problems.append(Problem(self.at(key), message))

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def flag(self, key: str) -> bool:
        value = self.raw(key)
        if isinstance(value, bool):
            return value
        self.refuse(key, _("true or false"))
        return False

    def whole(self, key: str, *, low: int, high: int, unit: str = "", word: str = "") -> int | None:
        """Return a whole number from `low` to `high`; None for `word`, where one is allowed."""
        value = self.raw(key)
        if word and value == word:
            return None
        if type(value) is int and low <= value <= high:
            return value
        expected = _("a whole number from %(low)s to %(high)s") % {"low": low, "high": high}
        if unit and not (type(value) is int and value > high):
            expected = _("a whole number of %(unit)s above %(low)s") % {
                "unit": unit,
                "low": low - 1,
            }
        if word:
            expected = _("%(a)s or %(b)s") % {"a": expected, "b": f'"{word}"'}
        self.refuse(key, expected)
        return low

    def word(self, key: str, words: type[Word]) -> Word:
        value = self.raw(key)
        if isinstance(value, str) and value in words.values:
            return words(value)
        self.refuse(key, alternatives(words.values))
        return next(iter(words))

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        """Return a list in which each of the words stands at most once."""
        value = self.raw(key)
        if (
            isinstance(value, list)
            and all(isinstance(item, str) and item in words.values for item in value)
            and len(set(value)) == len(value)
        ):
            return tuple(words(item) for item in value)
        self.refuse(
            key, _("a list of %(words)s, each at most once") % {"words": alternatives(words.values)}
        )
        return ()

    def text(self, key: str, *, most: int = TEXT_LENGTH_MOST) -> str:
        value = self.raw(key)
        if isinstance(value, str) and 0 < len(value.strip()) == len(value) <= most:
            return value
        self.refuse(
            key, _("a text of 1 to %(most)s characters without space around it") % {"most": most}
        )
        return ""

    def slug(self, key: str) -> str:
        value = self.raw(key)
        if is_slug(value):
            return str(value)
        self.refuse(key, slug_expected())
        return ""

    def texts(self, key: str) -> dict[str, str]:
        """Return a text in each language of the product."""
        table = self.table(key)
        texts = {language: table.text(language) for language in LANGUAGES} if table else {}
        if table:
            table.close()
        return texts

    def table(self, key: str) -> "Table | None":
        """Return the table under this key; None, with the problem noted, where there is none."""
        value = self.raw(key)
        if isinstance(value, Mapping):
            return Table(value, self.at(key), self.problems)
        self.refuse(key, _("a table"))
        return None

    def close(self) -> None:
        """Note every key of the file that nobody asked for."""
        for key in self.data:
            if key not in self._known:
                self.note(
                    key,
                    _("unknown key; expected one of %(keys)s")
                    % {"keys": ", ".join(sorted(self._known))},
                )


def text_of_each_language() -> dict[str, str]:
    """Return the form of a text that is still to be written."""
    return dict.fromkeys(LANGUAGES, "")


def is_slug(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= SLUG_LENGTH_MOST
        and SLUG.fullmatch(value) is not None
    )


def slug_expected() -> str:
    return _("at most %(most)s small letters, digits and single hyphens") % {
        "most": SLUG_LENGTH_MOST
    }


def alternatives(words: Sequence[str]) -> str:
    """Return `"a", "b" or "c"`."""
    quoted = [f'"{word}"' for word in words]
    if len(quoted) == 1:
        return quoted[0]
    return _("%(a)s or %(b)s") % {"a": ", ".join(quoted[:-1]), "b": quoted[-1]}


def shown(value: object) -> str:
    """Return a value as a person recognises it from the file; nothing for what is not there."""
    if value is None:
        return _("nothing")
    return json.dumps(value, ensure_ascii=False, default=str)


def flattened(data: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return the values of nested tables by dotted path; lists of keyed tables by their key."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        at = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and value:
            flat |= flattened(value, at)
        elif isinstance(value, list) and value and all(_is_keyed(item) for item in value):
            flat |= flattened({item["key"]: item for item in value}, at)
        else:
            flat[at] = value
    return flat


def _is_keyed(item: object) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("key"), str)


def digest(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of data, whatever the order of its keys."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def edited_lines(key: str, file: Mapping[str, Any], database: Mapping[str, Any]) -> list[str]:
    """Return why the terms under `key` are not loaded: each path whose two values differ."""
    ours, theirs = flattened(file), flattened(database)
    lines = [_("%(key)s: edited by an administrator, so nothing was loaded") % {"key": key}]
    for path in sorted(ours.keys() | theirs.keys()):
        ours_shown, theirs_shown = shown(ours.get(path)), shown(theirs.get(path))
        if ours_shown != theirs_shown:
            message = _("the file says %(file)s, the database %(database)s")
            values = {"file": ours_shown, "database": theirs_shown}
            lines.append(f"{key}: {path}: {message % values}")
    return lines
