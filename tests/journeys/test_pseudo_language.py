"""In a language that exists for this test, no page shows a plain word that is nobody's own.

The demo is walked as each kind of person. What is left of a page without the texts of the catalogue
(whose letters are all odd) and without what people wrote must hold no word.
"""

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urljoin, urlsplit
from zoneinfo import available_timezones

import pytest
from django.apps import apps
from django.conf import settings as project
from django.db import models
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import User
from msa import clock, demo
from msa.translations.pseudo import PSEUDO_LANGUAGE, pseudo_catalogue

WALKERS: Final = (
    "claire.fontanel@valmorin.example",
    "ines.duval@northlight.example",
    "hanna.lindqvist@northlight.example",
    "tomas.brandt@northlight.example",
    "ada.novak@northlight.example",
)

# Words that are the same in every language: languages by their names and codes, keys, placeholders,
# and what Django's admin calls its pictures.
SAME_EVERYWHERE: Final = {
    "English", "Pseudo", "en", "fr", "nl", "ru", "Ctrl", "Enter", "Esc", "Tab",
    "title", "reference", "severity", "phone", "due", "True", "False", "Search",
}  # fmt: skip

# Pages that show records as they are stored, and one of Django's that is put together at import.
NOT_READ: Final = {
    "admin:incidents_journalentry_change",
    "admin:outbox_message_change",
    "admin:auth_user_password_change",
}

# What is in capitals only is an abbreviation: initials, time zones, formats, countries.
_WORD: Final = re.compile(r"(?<![\w.@/-])(?![A-Z]+\b)[A-Za-z]{2,}(?![\w@])")
_MARKS: Final = re.compile(r"[\n`*]|^\s*(?:-|\d+\.)\s", re.MULTILINE)
_SHOWN_ATTRIBUTES: Final = ("aria-label", "alt", "placeholder", "title")
_SILENT: Final = {"script", "style", "code", "samp", "kbd", "svg", "textarea"}


class Page(HTMLParser):
    """The texts that a page shows or says, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.texts += [values[name] or "" for name in _SHOWN_ATTRIBUTES if name in values]
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        is_foreign = "lang" in values and tag != "html"
        if tag in _SILENT or values.get("translate") == "no" or is_foreign:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._open:
            self.texts.append(data)


@pytest.mark.django_db
def test_no_text_escapes_translation(settings: Any, tmp_path: Path, signed_in: Any) -> None:
    pseudo_catalogue(tmp_path)
    settings.LANGUAGES = [*project.LANGUAGES, (PSEUDO_LANGUAGE, "Pseudo")]
    settings.LOCALE_PATHS = [tmp_path]
    demo.load(now=clock.now())
    User.objects.update(language=PSEUDO_LANGUAGE)
    own = what_people_wrote()
    escaped = {
        (email, path): words
        for email in WALKERS
        for path, page in pages(signed_in(User.objects.get(email=email)))
        if (words := plain_words(page.texts, own))
    }
    assert escaped == {}


def pages(client: Client) -> Iterator[tuple[str, Page]]:
    """Yield one page of each kind that links lead to, from the start page on."""
    waiting, seen = deque(["/"]), set()
    while waiting:
        path = waiting.popleft()
        address = urlsplit(path)
        try:
            kind = resolve(address.path).view_name
        except Resolver404:
            continue
        is_page = not (PurePosixPath(address.path).suffix or kind == "attachment")
        if kind in seen or kind in NOT_READ or kind.endswith("_delete") or not is_page:
            continue
        seen.add(kind)
        response = client.get(path, follow=True)
        if not response.get("Content-Type", "").startswith("text/html"):
            continue
        page = Page(response.content.decode())
        waiting.extend(urljoin(path, link) for link in page.links if "//" not in link)
        yield path, page


def plain_words(texts: list[str], own: re.Pattern[str]) -> list[str]:
    shown = (own.sub(" ", " ".join(text.split())) for text in texts)
    return sorted({word for text in shown for word in _WORD.findall(text)} - SAME_EVERYWHERE)


def what_people_wrote() -> re.Pattern[str]:
    """Return what matches the texts in the database: each line of theirs, without its marks."""
    lines: set[str] = set()
    for model in apps.get_models():
        fields = [
            field.attname
            for field in model._meta.local_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
            and not field.choices
        ]
        for row in model._base_manager.values_list(*fields):
            for text in leaves(row):
                lines.update(" ".join(line.split()) for line in _MARKS.split(text))
    for zone in available_timezones():
        lines |= {zone, *zone.replace("_", " ").split("/")}
    known = sorted((line for line in lines if len(line) > 2), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known)))


def leaves(value: Any) -> Iterator[str]:
    """Yield the texts in a value of the database; words of JSON by which the product knows things
    (keys, kinds) are none.
    """
    match value:
        case str():
            yield value
        case tuple():
            for one in value:
                yield from leaves(one)
        case dict():
            for one in value.values():
                yield from leaves_of_json(one)
        case list():
            for one in value:
                yield from leaves_of_json(one)


def leaves_of_json(value: Any) -> Iterator[str]:
    return (text for text in leaves(value) if not text.isidentifier())
