"""The glossary tells what the catalogues say."""

from pathlib import Path

import polib

PROJECT = Path(__file__).parents[2]
LANGUAGES = ("fr", "zh_Hans", "nl", "ru")


def test_the_glossary_is_what_the_catalogues_say() -> None:
    said = {language: catalogue(language) for language in LANGUAGES}
    rows = glossary()
    assert len(rows) == 42
    for english, *words in rows:
        assert [said[language].get(english) for language in LANGUAGES] == words[:4], english


def glossary() -> list[list[str]]:
    text = (PROJECT / "docs" / "glossary.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def catalogue(language: str) -> dict[str, str]:
    path = PROJECT / "locale" / language / "LC_MESSAGES" / "django.po"
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)) if not entry.msgctxt}
