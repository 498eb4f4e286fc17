"""A language that exists for tests: whatever a page shows in plain letters escaped translation."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import allauth
import django
import polib

from msa.translations.catalogue import key_of, plural_of, read, replace_file
from msa.translations.extract import extract
from msa.translations.layout import PROJECT, Tree
from msa.translations.messages import Message
from msa.translations.texts import PROTECTED

# A variant of English: Django knows its name and its formats, and falls back to no other language.
PSEUDO_LANGUAGE: Final = "en-xa"
_FOLDER: Final = "en_XA"

_PLAIN: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ODD: Final = "áƀçđéƒĝĥíĵķĺḿñóþɋŕšŧúṽŵẋýžÁƁÇĐÉƑĜĤÍĴĶĹḾÑÓÞɊŔŠŦÚṼŴẊÝŽ"
_LETTERS: Final = str.maketrans(_PLAIN, _ODD)

_WORDS: Final = re.compile(r"\S(?:.*\S)?", re.DOTALL)


def pseudo_catalogue(folder: Path, tree: Tree = PROJECT) -> Path:
    """Write the pseudo-language's catalogue below `folder` and return the `.mo` file.

    `folder` is meant for LOCALE_PATHS and PSEUDO_LANGUAGE for LANGUAGES. The catalogue holds every
    text of the tree, of Django's own apps and of allauth.
    """
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    messages = {message.key: message for message in chain(_of_libraries(), extract(tree))}
    catalogue.extend(_entry(message) for message in messages.values())
    target = folder / _FOLDER / "LC_MESSAGES" / "django.mo"
    replace_file(target, catalogue.to_binary())
    return target


def pseudo(text: str) -> str:
    """Return the text in brackets with no ASCII letter left outside placeholders, tags, entities.

    White space around the text stays around the brackets.
    """
    return _WORDS.sub(lambda found: f"[{_odd(found.group())}]", text, count=1)


def _odd(text: str) -> str:
    pieces = []
    end = 0
    for kept in PROTECTED.finditer(text):
        pieces += [text[end : kept.start()].translate(_LETTERS), kept.group()]
        end = kept.end()
    return "".join([*pieces, text[end:].translate(_LETTERS)])


def _entry(message: Message) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.msgid, msgctxt=message.context)
    if message.plural is None:
        entry.msgstr = pseudo(message.msgid)
    else:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = {0: pseudo(message.msgid), 1: pseudo(message.plural)}
    return entry


def _of_libraries() -> Iterator[Message]:
    home, signing_in = Path(django.__file__).parent, Path(allauth.__file__).parent
    english = "locale/en/LC_MESSAGES/django.po"
    paths = [home / "conf" / english, *home.glob(f"contrib/*/{english}"), signing_in / english]
    for path in sorted(paths):
        for entry in read(path):
            context, msgid = key_of(entry)
            yield Message(msgid, plural_of(entry), context)
