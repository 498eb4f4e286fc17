"""Finding incidents by what was said in them, in any language of the product (STACK.md)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, QuerySet, TextField, Value

from accounts.models import User
from incidents.models import Incident, SearchHit

TEXT_LENGTH: Final = 200  # characters searched for: as long as a title may be
TERMS_MOST: Final = 16  # of a search; more words narrow nothing
YEARS_BACK: Final = 20  # a number without its year is looked for so far back

_HAN: Final = "\u3400-\u9fff"
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»「」『』", '"'))
_TERM: Final = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_RUN: Final = re.compile(rf"[{_HAN}]+|[^{_HAN}]+")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_REFERENCE: Final = re.compile(r"(?:inc)?[\s#-]*(?:(\d{4})[\s/-]+)?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Terms:
    """What must be said, each a word or a phrase, and what must not."""

    wanted: list[str]
    unwanted: list[str]


def search(incidents: QuerySet[Incident], text: str, reader: User, at: datetime) -> Any:
    """Return those of the incidents in which all words of a text are found, in whatever order.

    Words in quotation marks must follow each other; a word after a minus must not be there. A
    reference is found in any form people type it. A contact's search does not look into notes.
    Nothing that is typed is an error; of blanks alone, everything is found.
    """
    text = plain(text)
    if not text:
        return incidents
    found = Q(pk__in=_hits(terms_of(text), reader))
    if references := references_in(text, at):
        found |= Q(reference__in=references)
    return incidents.filter(found)


def plain(text: str) -> str:
    """Return a search in the form in which it is read: one writing of each sign, no NUL."""
    return unicodedata.normalize("NFKC", text.replace("\0", " ")).strip()[:TEXT_LENGTH]


def terms_of(text: str) -> Terms:
    """Read the words and phrases of a text; if all of it is unwanted, all of it is wanted."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _TERM.findall(text.translate(_QUOTES)):
        (unwanted if minus else wanted).extend(_parts(phrase or word))
    if not wanted:
        wanted, unwanted = unwanted, []
    return Terms(wanted[:TERMS_MOST], unwanted[:TERMS_MOST])


def references_in(text: str, at: datetime) -> list[str]:
    """Return the references that a text may stand for: “inc 123” is one of any year."""
    typed = _REFERENCE.fullmatch(text)
    if typed is None:
        return []
    year, number = typed[1], int(typed[2])
    years: Iterable[int] = [int(year)] if year else range(at.year - YEARS_BACK, at.year + 2)
    return [f"INC-{each:04d}-{number:06d}" for each in years]


def _parts(term: str) -> Iterator[str]:
    """Cut a term as the texts are cut: runs of Chinese into pairs of signs, apart from the rest."""
    for run in _RUN.findall(term):
        if not _IS_HAN.match(run):
            if run.strip():
                yield run.strip()
        elif len(run) == 1:
            yield run
        else:
            yield " ".join(run[place : place + 2] for place in range(len(run) - 1))


def _hits(terms: Terms, reader: User) -> QuerySet[SearchHit, int]:
    column = "customer_words" if reader.is_contact else "staff_words"
    customers = [reader.customer_id] if reader.is_contact else []
    query = Func(
        Value(terms.wanted, ArrayField(TextField())),
        Value(terms.unwanted, ArrayField(TextField())),
        Value(customers, ArrayField(BigIntegerField())),
        function="incidents_query",
        output_field=SearchQueryField(),
    )
    matches = Func(
        F(column),
        query,
        template="(%(expressions)s)",
        arg_joiner=" @@ ",
        output_field=BooleanField(),
    )
    return SearchHit.objects.filter(matches).values_list("incident_id", flat=True)
