"""To a translator and back: untranslated texts as JSON, one object a line."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polib

from msa.translations.catalogue import key_of, plural_of, read, translations_of, write
from msa.translations.check import entry_faults, named
from msa.translations.layout import Language, TranslationsError, Tree
from msa.translations.texts import faults

# Enough to see the rule by.
_EXAMPLES = 6


def missing(tree: Tree, language: Language) -> Iterator[str]:
    """Return a JSON line for each text without a finished translation, in the order of the files.

    An object has `msgid`, `context`, `plural` and `files`; `comment` if the code has one; `forms`
    for a plural: per form expected in `msgstr` some numbers it stands for; and `rejected` and
    `because` for a translation that exists but does not do.
    """
    entries = read(tree.catalogue(language))
    for entry in sorted(entries, key=lambda entry: [name for name, _line in entry.occurrences]):
        wrong = entry_faults(entry, language)
        if wrong and not entry.obsolete:
            yield json.dumps(_question(entry, wrong, language), ensure_ascii=False)


def fill(tree: Tree, language: Language, lines: Iterable[str]) -> list[str]:
    """Write the translations of JSON lines into the catalogue; return why some were not taken.

    A line is as `missing` gives it, with `msgstr`: a string, or for a plural a list of one string
    per form. What is not taken leaves its entry as it was.
    """
    path = tree.catalogue(language)
    catalogue = read(path)
    entries = {key_of(entry): entry for entry in catalogue if not entry.obsolete}
    refused = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                _take(json.loads(line), entries, language)
            except (TranslationsError, json.JSONDecodeError) as error:
                refused.append(f"line {number}: {error}")
    write(path, catalogue)
    return refused


def _question(entry: polib.POEntry, wrong: list[str], language: Language) -> dict[str, Any]:
    question = {
        "msgid": entry.msgid,
        "context": entry.msgctxt,
        "plural": plural_of(entry),
        "files": [name for name, _line in entry.occurrences],
    }
    if entry.comment:
        question["comment"] = entry.comment
    if entry.msgid_plural:
        question["forms"] = [_examples(numbers) for numbers in language.numbers]
    if any(translations_of(entry)):
        question["rejected"] = translations_of(entry)
        question["because"] = wrong
    return question


def _examples(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(str(number) for number in numbers[:_EXAMPLES])
    return f"{shown}, …" if len(numbers) > _EXAMPLES else shown


def _take(
    answer: Any, entries: dict[tuple[str | None, str], polib.POEntry], language: Language
) -> None:
    if not isinstance(answer, dict) or not isinstance(answer.get("msgid"), str):
        raise TranslationsError("is not an object with a msgid")
    key = answer.get("context"), answer["msgid"]
    entry = entries.get(key)
    if entry is None:
        raise TranslationsError(f"{named(key)} is not in the catalogue")
    translations = _translations(answer.get("msgstr"), is_plural=bool(entry.msgid_plural))
    if wrong := faults(entry.msgid, plural_of(entry), translations, language):
        raise TranslationsError("; ".join(f"{named(key)} {fault}" for fault in wrong))
    if entry.msgid_plural:
        entry.msgstr_plural = dict(enumerate(translations))
    else:
        [entry.msgstr] = translations
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]


def _translations(msgstr: Any, *, is_plural: bool) -> list[str]:
    if is_plural:
        if isinstance(msgstr, list) and all(isinstance(text, str) for text in msgstr):
            return msgstr
        raise TranslationsError("msgstr must be a list of strings, one per plural form")
    if isinstance(msgstr, str):
        return [msgstr]
    raise TranslationsError("msgstr must be a string")
