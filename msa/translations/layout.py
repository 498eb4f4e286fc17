"""What is translated, into which languages, and where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from gettext import c2py
from pathlib import Path
from typing import Final

# Every plural rule below depends on n modulo 100 and on single numbers up to 2.
_NUMBERS: Final = range(201)


class TranslationsError(Exception):
    """The texts or a catalogue cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Language:
    """A language with its catalogue's folder and its plural rule in gettext's notation."""

    code: str
    name: str
    folder: str
    form_count: int
    plural_rule: str

    @property
    def plural_header(self) -> str:
        return f"nplurals={self.form_count}; plural={self.plural_rule};"

    @cached_property
    def numbers(self) -> tuple[tuple[int, ...], ...]:
        """Which of the numbers from 0 to 200 each plural form stands for."""
        form_of = c2py(self.plural_rule)
        return tuple(
            tuple(number for number in _NUMBERS if form_of(number) == form)
            for form in range(self.form_count)
        )


# English is what the code is written in. The fourth Russian form is for fractions, never asked.
LANGUAGES: Final = {
    language.code: language
    for language in (
        Language("fr", "French", "fr", 2, "(n > 1)"),
        Language("zh-hans", "Simplified Chinese", "zh_Hans", 1, "0"),
        Language("nl", "Dutch", "nl", 2, "(n != 1)"),
        Language(
            "ru",
            "Russian",
            "ru",
            3,
            "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2)",
        ),
    )
}


@dataclass(frozen=True)
class Tree:
    """A project folder: packages and templates with texts, and `locale/` with their catalogues."""

    root: Path
    packages: tuple[str, ...] = (
        "accounts",
        "healthcheck",
        "incidents",
        "msa",
        "reports",
        "tam",
    )

    def modules(self) -> Iterator[Path]:
        for package in self.packages:
            yield from sorted((self.root / package).rglob("*.py"))

    def templates(self) -> Iterator[Path]:
        found = sorted((self.root / "templates").rglob("*"))
        return (path for path in found if path.is_file() and not path.name.startswith("."))

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def catalogue(self, language: Language) -> Path:
        return self.root / "locale" / language.folder / "LC_MESSAGES" / "django.po"


PROJECT: Final = Tree(Path(__file__).resolve().parents[2])
