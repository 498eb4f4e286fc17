"""The queue: what stands in it, in which order, and its figures (SPEC 10)."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

from accounts.models import Customer, User
from incidents.models import Clock, ClockKind, Handling, Incident, most_pressing
from incidents.queries import latest_clocks
from tam.models import Absence, Escalation
from tam.queries.narrowing import OPEN_TABS, Narrowing, Tab, under, whole_number

ROWS = 50  # on a page: what a person scrolls through
ROWS_REACHED = 5_000  # by paging; deeper pages cost ever more, and narrowing finds it sooner
CUSTOMERS_OFFERED = 500  # in the filter: more than an office has
JUDGED_WITHIN = timedelta(days=30)

ORDER = ("queue_tier", "queue_severity", "queue_at", "id")
LATEST_FIRST = tuple(f"-{column}" for column in ORDER)  # the same index, read backwards

MINUTES_AN_HOUR = 60
MINUTES_A_DAY = 24 * MINUTES_AN_HOUR

REFERENCE = re.compile(r"INC-\d{4}-\d{6,12}", re.ASCII)

# The key figures are those of everything a person sees, whatever the list is narrowed to.
KEY_TABS = (Tab.ALL, Tab.OVERDUE, Tab.SOON, Tab.CUSTOMERS)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many open incidents there are: of all that a person sees, and as narrowed, by tab."""

    seen: Mapping[Tab, int]
    narrowed: Mapping[Tab, int]
    newest: int  # the highest key among those listed; 0 for none


@dataclass(frozen=True, slots=True)
class AnsweredInTime:
    """Of the response clocks that were judged lately, how many were met."""

    met: int
    judged: int

    @property
    def percentage(self) -> float | None:
        """One decimal, rounded down: 100 is shown only when nothing was missed."""
        return self.met * 1000 // self.judged / 10 if self.judged else None


class Mark(NamedTuple):
    """What tells one row from what it was: its events and its owner."""

    pk: int
    journal_length: int
    changed_at: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Row:
    """An incident with what its row shows."""

    incident: Incident
    clock: Clock | None
    owner: str
    level: int  # of its highest escalation; 0 for none
    is_waiting: bool


@dataclass(frozen=True)
class Queue:
    """One person's queue, as narrowed, at an instant; asks the database once for each property.

    A page number that is none leads to the first page, one too high to the last.
    """

    user: User
    narrowing: Narrowing
    at: datetime
    page_number: str = "1"

    @cached_property
    def figures(self) -> Figures:
        """Everything in one query, which reads the open incidents once."""
        chosen = self.narrowing.chosen()
        figures = self._seen.filter(self._under(Tab.ALL)).aggregate(
            newest=Max("pk", filter=chosen & self._under(self.narrowing.tab)),
            **{f"seen_{tab}": Count("pk", filter=self._under(tab)) for tab in KEY_TABS},
            **{f"tab_{tab}": Count("pk", filter=chosen & self._under(tab)) for tab in OPEN_TABS},
        )
        return Figures(
            seen={tab: figures[f"seen_{tab}"] for tab in KEY_TABS},
            narrowed={tab: figures[f"tab_{tab}"] for tab in OPEN_TABS},
            newest=figures["newest"] or 0,
        )

    @cached_property
    def page(self) -> "Page[Mark]":
        listed, known = self._listed, self.figures.narrowed.get(self.narrowing.tab)
        marks = listed.annotate(owner=_owner(self.at)).values_list(*Mark._fields)
        paginator = Paginator(marks, ROWS)
        total = listed[:ROWS_REACHED].count() if known is None else known
        paginator.count = min(total, ROWS_REACHED)
        page = paginator.get_page(self.page_number)
        page.object_list = [Mark(*mark) for mark in page.object_list]
        return page

    @cached_property
    def version(self) -> str:
        """Name what the list looks like now: it changes with any figure, event, owner or age.

        Begins with the newest incident's key, from which `arrivals` knows what came since.
        """
        marks = [
            (mark.pk, mark.journal_length, mark.owner, _age(self.at, mark)) for mark in self.page
        ]
        digest = hashlib.blake2s(repr((self.figures, marks)).encode(), digest_size=12)
        return f"{self.figures.newest}-{digest.hexdigest()}"

    @cached_property
    def rows(self) -> list[Row]:
        """The page with all that it shows, in two queries."""
        keys = [mark.pk for mark in self.page]
        incidents = (
            self._seen.select_related("customer", "product")
            .defer("targets")
            .annotate(level=_level())
            .in_bulk(keys)
        )
        clocks = _most_pressing_clocks(keys)
        return [
            Row(
                incident=incident,
                clock=clock,
                owner=mark.owner,
                level=incident.level,
                is_waiting=clock is not None and clock.is_waiting(self.at),
            )
            for mark in self.page
            if (incident := incidents.get(mark.pk))
            for clock in [clocks.get(mark.pk)]
        ]

    def arrivals(self, seen: str) -> list[Row]:
        """Return the rows of incidents filed since a version of this list."""
        newest = whole_number(seen.partition("-")[0])
        if newest is None or self.narrowing.tab is Tab.CLOSED:
            return []
        return [row for row in self.rows if row.incident.pk > newest]

    @property
    def answered_in_time(self) -> AnsweredInTime:
        """The response clocks judged in the last thirty days: by the answer, or by the breach."""
        within = (self.at - JUDGED_WITHIN, self.at)
        judged = Q(breached_at__range=within) | Q(breached_at=None, met_at__range=within)
        figures = Clock.objects.filter(
            judged, kind=ClockKind.RESPONSE, incident__in=self._seen
        ).aggregate(met=Count("pk", filter=Q(breached_at=None)), judged=Count("pk"))
        return AnsweredInTime(figures["met"], figures["judged"])

    @property
    def _seen(self) -> QuerySet[Incident]:
        return Incident.objects.visible_to(self.user, self.at)

    @property
    def _listed(self) -> QuerySet[Incident]:
        tab = self.narrowing.tab
        listed = self._seen.filter(self.narrowing.chosen(), self._under(tab))
        if tab is Tab.CLOSED:
            return listed.order_by(*LATEST_FIRST)
        return listed.filter(self._under(Tab.ALL)).order_by(*ORDER)

    def _under(self, tab: Tab) -> Q:
        return under(tab, self.user, self.at)


def customers_of(user: User, at: datetime) -> dict[int, str]:
    """Return the names of the customers of whom a person sees incidents, by key."""
    seen = Incident.objects.visible_to(user, at).filter(customer=OuterRef("pk"))
    customers = Customer.objects.filter(Exists(seen)).order_by("name")
    return dict(customers.values_list("pk", "name")[:CUSTOMERS_OFFERED])


def find(user: User, text: str, at: datetime) -> Incident | None:
    """Return the incident whose whole reference somebody typed, if they may know of it."""
    reference = text.upper()
    if not REFERENCE.fullmatch(reference):
        return None
    return Incident.objects.visible_to(user, at).filter(reference=reference).first()


def _owner(at: datetime) -> Coalesce:
    """Name who has it: whom it was handed to, else the TAM, or the deputy of one who is absent."""
    handed = Handling.objects.filter(
        incident=OuterRef("pk"), reason=Handling.Reason.ASSIGNED, until__isnull=True
    )
    absent = Absence.objects.filter(
        person=OuterRef("certificate__tam"), starts_at__lte=at, ends_at__gt=at
    )
    return Coalesce(
        Subquery(handed.order_by("-since", "-id").values("user__name")[:1]),
        Case(When(Exists(absent), then=F("certificate__deputy__name"))),
        F("certificate__tam__name"),
    )


def _level() -> Coalesce:
    levels = Escalation.objects.filter(incident=OuterRef("pk")).order_by("-level")
    return Coalesce(Subquery(levels.values("level")[:1]), 0)


def _most_pressing_clocks(incidents: Iterable[int]) -> dict[int, Clock | None]:
    latest = latest_clocks().filter(incident__in=incidents).defer("promises")
    return {
        incident: most_pressing(clocks)
        for incident, clocks in groupby(latest, key=lambda clock: clock.incident_id)
    }


def _age(at: datetime, mark: Mark) -> str:
    """Return the time since the last event in the unit in which a row tells it."""
    minutes = (at - mark.changed_at) // timedelta(minutes=1)
    if minutes < MINUTES_AN_HOUR:
        return f"{minutes} minutes"
    if minutes < MINUTES_A_DAY:
        return f"{minutes // MINUTES_AN_HOUR} hours"
    return f"{minutes // MINUTES_A_DAY} days"
