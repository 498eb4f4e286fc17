"""Incidents of one customer whose titles look like the one being typed (SPEC 5)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, IntegerField, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from incidents.models import Incident, Message, MessageKind
from incidents.models.incident import OPEN_STATES
from incidents.states import Closure

WORDS_MOST: Final = 12  # of a title: one sentence; more only make the question slower
ROWS_MOST: Final = 5  # what somebody in a hurry reads
SEARCHED_MOST: Final = 2_000  # of a customer's incidents, the latest: years of them
SHORTEST_WORD: Final = 4  # letters; below are articles and the like, but for capitals
LINES_SHOWN: Final = 3  # of a solution
CHARACTERS_SHOWN: Final = 300  # of them, where a line is a paragraph

_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An incident that may be the same; `solution` is how it began to be told, empty while open."""

    incident: Incident
    solution: str


def look_alikes(
    *, user: User, customer_id: int | None, title: str, at: datetime
) -> list[LookAlike]:
    """Return a customer's open and solved incidents with at least half of a title's words.

    Those that look most alike come first, then the latest. A person is shown only what they may
    see, and never two customers' at once. One query, however many there are.
    """
    stems = list(dict.fromkeys(_stems(title)))[:WORDS_MOST]
    if customer_id is None or not stems:
        return []
    theirs = Incident.objects.visible_to(user, at).filter(customer=customer_id)
    latest = theirs.order_by("-changed_at").values("pk")[:SEARCHED_MOST]
    found = (
        Incident.objects.filter(
            Q(state__in=OPEN_STATES) | Q(closure=Closure.SOLVED),
            customer=customer_id,
            pk__in=latest,
        )
        .annotate(
            alike=_count_of(stems),
            solution=Coalesce(_solution(), Value(""), output_field=TextField()),
        )
        .filter(alike__gte=(len(stems) + 1) // 2)
        .order_by("-alike", "-changed_at", "-pk")
    )
    rows: list[Any] = list(found[:ROWS_MOST])  # incidents, with what is annotated
    return [LookAlike(row, "" if row.is_open else _beginning(row.solution)) for row in rows]


def _stems(title: str) -> Iterator[str]:
    """Cut a title into what its inflected relatives also contain; Chinese into pairs of signs."""
    for run in _HAN.findall(title):
        yield from (run[place : place + 2] for place in range(max(1, len(run) - 1)))
    for word in _WORD.findall(_HAN.sub(" ", title)):
        if len(word) > 1 and word.isupper():
            yield word.lower()
        elif len(word) >= SHORTEST_WORD:
            yield word.lower()[: max(SHORTEST_WORD, len(word) - 2)]


def _count_of(stems: Sequence[str]) -> Case:
    counted = [
        Case(
            When(title__icontains=stem, then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        )
        for stem in stems
    ]
    return sum(counted[1:], start=counted[0])


def _solution() -> Coalesce:
    solutions = Message.objects.filter(incident=OuterRef("pk"), kind=MessageKind.SOLUTION)
    last = Subquery(solutions.order_by("-pk").values("text")[:1])
    return Coalesce(last, Value(""), output_field=TextField())


def _beginning(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shown = "\n".join(lines[:LINES_SHOWN])
    is_whole = len(lines) <= LINES_SHOWN and len(shown) <= CHARACTERS_SHOWN
    return shown if is_whole else f"{shown[:CHARACTERS_SHOWN].rstrip()} …"
