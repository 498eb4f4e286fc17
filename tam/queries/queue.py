"""The queue: what stands in it, in which order, and its figures (SPEC 10)."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import (
    Aggregate,
    Count,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from accounts.models import Certificate, Role, User
from incidents.models import (
    Clock,
    ClockKind,
    Handling,
    Incident,
    JournalEntry,
    QueueTier,
    most_pressing,
)
from incidents.queries import latest_clocks
from tam.models import Escalation
from tam.queries.in_charge import Charge, Now, whose_turn
from tam.queries.narrowing import DUE_WITHIN, OPEN_TABS, Narrowing, Tab
from tam.queries.queue_filters import SOON, chosen, under
from tam.queries.queue_version import SECOND, Stamp, Version, holds_until
from tam.queries.queue_views import CountedView, counted_views

ROWS = 50  # on a page: what a person scrolls through
ROWS_REACHED = 5_000  # by paging; deeper pages cost ever more, and narrowing finds it sooner
JUDGED_WITHIN = timedelta(days=30)

ORDER = ("queue_tier", "queue_severity", "queue_at", "id")
LATEST_FIRST = tuple(f"-{column}" for column in ORDER)  # the same index, read backwards

REFERENCE = re.compile(r"INC-\d{4}-\d{6,12}", re.ASCII)

# The key figures are those of everything a person sees, whatever the list is narrowed to.
KEY_TABS = (Tab.ALL, Tab.OVERDUE, Tab.SOON, Tab.CUSTOMERS)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many open incidents there are: of all that a person sees, and as narrowed, by tab."""

    seen: Mapping[Tab, int]
    narrowed: Mapping[Tab, int]
    newest: int  # the highest key among those listed; 0 for none
    edges: Sequence[datetime]  # when the next ones fall due, or come within what is called soon


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
    """What tells one row from what it was: its events, and on whose desk it lies."""

    pk: int
    journal_length: int
    certificate: int
    assigned: str | None


class Owner(NamedTuple):
    """Whose an incident is now: on whose desk it lies, else who is responsible; empty for nobody.

    `manager` is the certificate's account manager where that is somebody else.
    """

    name: str
    manager: str


@dataclass(frozen=True, slots=True)
class Row:
    """An incident with what its row shows."""

    incident: Incident
    clock: Clock | None
    owner: Owner
    level: int  # of its highest escalation; 0 for none
    is_waiting: bool


@dataclass(frozen=True)
class Queue:
    """One person's queue, as narrowed, at an instant; asks the database once for each property.

    A page number that is none leads to the first page, one too high to the last. The stamp is read
    before everything else: what is written meanwhile is news to the next poll.
    """

    user: User
    narrowing: Narrowing
    at: datetime
    page_number: str = "1"
    stamp: Stamp = field(default_factory=Stamp.read)

    @cached_property
    def figures(self) -> Figures:
        """Read the open incidents once, and where filters are in use what these leave once more."""
        is_narrowed = bool(self.narrowing.filters)
        of_all = self._counts("seen", KEY_TABS) | self._next_due
        seen = self._open.aggregate(**of_all, **({} if is_narrowed else self._of_listed))
        if is_narrowed:
            left = self._open.filter(chosen(self.narrowing, self._charge))
            seen |= left.aggregate(**self._of_listed)
        return Figures(
            seen={tab: seen[f"seen_{tab}"] for tab in KEY_TABS},
            narrowed={tab: seen[f"tab_{tab}"] for tab in OPEN_TABS},
            newest=seen["newest"] or 0,
            edges=self._edges(seen),
        )

    @cached_property
    def page(self) -> "Page[Mark]":
        listed, known = self._listed, self.figures.narrowed.get(self.narrowing.tab)
        marks = listed.annotate(assigned=_assigned()).values_list(*Mark._fields)
        paginator = Paginator(marks, ROWS)
        total = listed[:ROWS_REACHED].count() if known is None else known
        paginator.count = min(total, ROWS_REACHED)
        page = paginator.get_page(self.page_number)
        page.object_list = [Mark(*mark) for mark in page.object_list]
        return page

    @cached_property
    def version(self) -> Version:
        """Name what the list looks like now: it changes with any figure, event or owner.

        How long ago the last event was, the browser tells by itself.
        """
        figures = self.figures
        views = [(counted.view.pk, counted.count) for counted in self.views]
        rows = (list(self.page), self.owners)
        shown = (figures.seen, figures.narrowed, figures.newest, rows, views)
        digest = hashlib.blake2s(repr(shown).encode(), digest_size=12)
        edges = [*figures.edges, *self._now.edges, *self._charge.edges]
        until = holds_until(self.user, self.stamp, edges, self.at)
        return Version(
            figures.newest, self.stamp.journal, self.stamp.roster, until, digest.hexdigest()
        )

    @cached_property
    def views(self) -> list[CountedView]:
        return counted_views(self._charge)

    @cached_property
    def owners(self) -> list[Owner]:
        """Return whose each row of the page is; a closed one stays its manager's."""
        return [self._owner(mark) for mark in self.page]

    @cached_property
    def rows(self) -> list[Row]:
        """The page with all that it shows, in two queries."""
        keys = [mark.pk for mark in self.page]
        incidents = (
            self._seen.select_related("customer", "product", "certificate", "category")
            .defer("targets")
            .annotate(level=_level())
            .in_bulk(keys)
        )
        clocks = _most_pressing_clocks(keys)
        return [
            Row(
                incident=incident,
                clock=clock,
                owner=owner,
                level=incident.level,
                is_waiting=clock is not None and clock.is_waiting(self.at),
            )
            for mark, owner in zip(self.page, self.owners, strict=True)
            if (incident := incidents.get(mark.pk))
            for clock in [clocks.get(mark.pk)]
        ]

    def arrivals(self, seen: str) -> list[Row]:
        """Return the rows of incidents filed since a version of this list."""
        version = Version.parse(seen)
        if version is None or self.narrowing.tab is Tab.CLOSED:
            return []
        return [row for row in self.rows if row.incident.pk > version.newest]

    def answered(self, seen: str) -> list[Row]:
        """Return the rows in which a customer has written since a version of this list."""
        version = Version.parse(seen)
        if version is None or self.narrowing.tab is Tab.CLOSED:
            return []
        known = [mark.pk for mark in self.page if mark.pk <= version.newest]
        written = JournalEntry.objects.filter(
            pk__gt=version.journal,
            incident__in=known,
            actor__role=Role.CONTACT,
            message__isnull=False,
        )
        answered = set(written.values_list("incident", flat=True))
        return [row for row in self.rows if row.incident.pk in answered]

    @property
    def answered_in_time(self) -> AnsweredInTime:
        """The response clocks judged in the last thirty days: by the answer, or by the breach."""
        within = (self.at - JUDGED_WITHIN, self.at)
        judged = Q(breached_at__range=within) | Q(breached_at=None, met_at__range=within)
        figures = Clock.objects.filter(
            judged, kind=ClockKind.RESPONSE, incident__in=self._seen
        ).aggregate(met=Count("pk", filter=Q(breached_at=None)), judged=Count("pk"))
        return AnsweredInTime(figures["met"], figures["judged"])

    @cached_property
    def _charge(self) -> Charge:
        return Charge(self.user, self.at)

    @cached_property
    def _now(self) -> Now:
        keys = {mark.certificate for mark in self.page}
        return whose_turn(Certificate.objects.filter(pk__in=keys), self.at)

    def _owner(self, mark: Mark) -> Owner:
        manager = self._now.certificates[mark.certificate].tam.name
        responsible = self._now.turns[mark.certificate].person
        if mark.assigned:
            name = mark.assigned
        elif self.narrowing.tab is Tab.CLOSED:
            name = manager
        else:
            name = responsible.name if responsible else ""
        return Owner(name, "" if name == manager else manager)

    @property
    def _seen(self) -> QuerySet[Incident]:
        return Incident.objects.visible_to(self.user, self.at)

    @property
    def _open(self) -> QuerySet[Incident]:
        return self._seen.filter(self._under(Tab.ALL))

    def _counts(self, name: str, tabs: Iterable[Tab]) -> dict[str, Aggregate]:
        return {f"{name}_{tab}": Count("pk", filter=self._under(tab)) for tab in tabs}

    @property
    def _of_listed(self) -> dict[str, Aggregate]:
        newest = Max("pk", filter=self._under(self.narrowing.tab))
        return {"newest": newest, **self._counts("tab", OPEN_TABS)}

    @property
    def _next_due(self) -> dict[str, Aggregate]:
        running = Q(queue_tier=QueueTier.RUNNING)
        due: dict[str, Aggregate] = {
            "due": Min("queue_at", filter=running & Q(queue_at__gte=self.at))
        }
        return due | {
            f"due_within_{number}": Min("queue_at", filter=running & Q(queue_at__gt=self.at + span))
            for number, span in enumerate(self._spans)
        }

    @property
    def _spans(self) -> list[timedelta]:
        """Return within which times before its due time an incident counts as due soon."""
        return [SOON, DUE_WITHIN[self.narrowing.due]] if self.narrowing.due else [SOON]

    def _edges(self, found: Mapping[str, Any]) -> list[datetime]:
        edges = [found["due"] + SECOND] if found["due"] else []
        for number, span in enumerate(self._spans):
            if next_due := found[f"due_within_{number}"]:
                edges.append(next_due - span)
        return edges

    @property
    def _listed(self) -> QuerySet[Incident]:
        tab = self.narrowing.tab
        left = chosen(self.narrowing, self._charge)
        listed = self._seen.filter(left, self._under(tab))
        if tab is Tab.CLOSED:
            return listed.order_by(*LATEST_FIRST)
        return listed.filter(self._under(Tab.ALL)).order_by(*ORDER)

    def _under(self, tab: Tab) -> Q:
        return under(tab, self._charge)


def next_for(user: User, at: datetime, *, after: str) -> Incident | None:
    """Return what a person should do next: first in the queue of what waits for us.

    `after` is the reference of what they have just worked on, which is left out.
    """
    waiting = Incident.objects.visible_to(user, at).filter(under(Tab.OURS, Charge(user, at)))
    return waiting.exclude(reference=after).order_by(*ORDER).first()


def find(user: User, text: str, at: datetime) -> Incident | None:
    """Return the incident whose whole reference somebody typed, if they may know of it."""
    reference = text.upper()
    if not REFERENCE.fullmatch(reference):
        return None
    return Incident.objects.visible_to(user, at).filter(reference=reference).first()


def _assigned() -> Subquery:
    """Name on whose desk it lies, if on any."""
    handed = Handling.objects.filter(
        incident=OuterRef("pk"),
        reason=Handling.Reason.ASSIGNED,
        until__isnull=True,
        user__isnull=False,
    )
    return Subquery(handed.order_by("-since", "-id").values("user__name")[:1])


def _level() -> Coalesce:
    levels = Escalation.objects.filter(incident=OuterRef("pk")).order_by("-level")
    return Coalesce(Subquery(levels.values("level")[:1]), 0)


def _most_pressing_clocks(incidents: Iterable[int]) -> dict[int, Clock | None]:
    latest = latest_clocks().filter(incident__in=incidents).defer("promises")
    return {
        incident: most_pressing(clocks)
        for incident, clocks in groupby(latest, key=lambda clock: clock.incident_id)
    }
