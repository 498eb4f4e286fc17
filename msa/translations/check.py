"""What is wrong with the catalogues."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import polib

from msa.translations.catalogue import key_of, plural_of, read, translations_of
from msa.translations.extract import extract
from msa.translations.layout import LANGUAGES, Language, Tree
from msa.translations.messages import Key, Message
from msa.translations.texts import faults


def check(tree: Tree) -> list[str]:
    """Return one sentence per fault, each naming language and text; none if all is well."""
    messages = extract(tree)
    return [
        f"{language.code}: {fault}"
        for language in LANGUAGES.values()
        for fault in _faults(tree, language, messages)
    ]


def entry_faults(entry: polib.POEntry, language: Language) -> list[str]:
    """Return what keeps this entry from being a finished translation."""
    found = ["is fuzzy"] if entry.fuzzy else []
    return found + faults(entry.msgid, plural_of(entry), translations_of(entry), language)


def named(key: Key) -> str:
    """Return a text as it is named to people, with its context if it has one."""
    context, msgid = key
    place = f" (context {json.dumps(context, ensure_ascii=False)})" if context else ""
    return json.dumps(msgid, ensure_ascii=False) + place


def _faults(tree: Tree, language: Language, messages: Iterable[Message]) -> Iterator[str]:
    path = tree.catalogue(language)
    if not path.exists():
        yield f"{tree.name(path)} is missing; run extract"
        return
    catalogue = read(path)
    if catalogue.metadata.get("Plural-Forms") != language.plural_header:
        yield f"the header's Plural-Forms are not {language.plural_header!r}; run extract"
    entries = [entry for entry in catalogue if not entry.obsolete]
    yield from _differences(entries, messages)
    for entry in entries:
        for fault in entry_faults(entry, language):
            yield f"{named(key_of(entry))} {fault}"


def _differences(entries: Iterable[polib.POEntry], messages: Iterable[Message]) -> Iterator[str]:
    asked = {message.key: message.plural for message in messages}
    held = {key_of(entry): plural_of(entry) for entry in entries}
    for key, plural in asked.items():
        if key not in held:
            yield f"{named(key)} is not in the catalogue; run extract"
        elif held[key] != plural:
            yield f"{named(key)} has another plural in the catalogue; run extract"
    for key in held:
        if key not in asked:
            yield f"{named(key)} is in the catalogue but not in the code; run extract"
    for key, count in Counter(key_of(entry) for entry in entries).items():
        if count > 1:
            yield f"{named(key)} is in the catalogue {count} times"
