"""Bringing the catalogues up to the texts of code and templates."""

from collections.abc import Iterable
from pathlib import Path

import polib

from msa.translations.catalogue import key_of, plural_of, read, write
from msa.translations.extract import extract
from msa.translations.layout import LANGUAGES, Language, Tree
from msa.translations.messages import Message
from msa.translations.texts import DIRECTIVE, FIELD


def update(tree: Tree) -> list[Path]:
    """Bring the catalogues up to the texts of the tree; return those that changed.

    Translations of texts that stay are kept, new texts come in empty, vanished ones go out.
    """
    messages = extract(tree)
    changed = []
    for language in LANGUAGES.values():
        path = tree.catalogue(language)
        known = read(path) if path.exists() else polib.POFile()
        if write(path, merged(language, messages, known)):
            changed.append(path)
    return changed


def merged(language: Language, messages: Iterable[Message], known: polib.POFile) -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=0)
    catalogue.header = f"The texts of MSA Desk: {language.name}."
    catalogue.metadata = {
        "Project-Id-Version": "MSA Desk",
        "Language": language.folder,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": language.plural_header,
    }
    entries = {key_of(entry): entry for entry in known if not entry.obsolete}
    catalogue.extend(_entry(message, entries.get(message.key), language) for message in messages)
    return catalogue


def _entry(message: Message, known: polib.POEntry | None, language: Language) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=message.msgid,
        msgid_plural=message.plural or "",
        msgctxt=message.context,
        comment="\n".join(message.comments),
        occurrences=[(name, "") for name in message.files],
        flags=_format_flags(message),
    )
    if message.plural:
        entry.msgstr_plural = dict.fromkeys(range(language.form_count), "")
    if known is not None:
        entry.tcomment = known.tcomment
        if plural_of(known) == message.plural:
            _carry_over(known, entry)
    return entry


def _format_flags(message: Message) -> list[str]:
    texts = (message.msgid, message.plural or "")
    return [
        flag
        for flag, pattern in (("python-format", DIRECTIVE), ("python-brace-format", FIELD))
        if any(pattern.search(text) for text in texts)
    ]


def _carry_over(known: polib.POEntry, entry: polib.POEntry) -> None:
    entry.msgstr = known.msgstr
    entry.msgstr_plural |= known.msgstr_plural
    if known.fuzzy:
        entry.flags.insert(0, "fuzzy")
