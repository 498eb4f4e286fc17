"""A period of the past as a scenario: what people did, to be played again (docs/what-if.md).

Who acted, on what and when stays; texts are left out, and people, customers and offices bear
neutral keys, so that nothing personal leaves the database. Incidents keep their references.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.models import Certificate, Office, User
from incidents.models import Category, Incident, JournalEntry
from msa.scenarios.cast import Agreement, Cast, written

Fields: TypeAlias = dict[str, Any]

TEXT = "…"  # in place of every text by a person

# What the journal calls an act of a person, and what a scenario calls it.
ACTS: Mapping[str, str] = {
    "filed": "file",
    "responded": "respond",
    "replied": "reply",
    "asked": "ask",
    "solution_offered": "offer_solution",
    "taken_back": "take_back",
    "noted": "note",
    "workaround_recorded": "record_workaround",
    "severity_changed": "change_severity",
    "call_logged": "log_call",
    "answered": "answer",
    "accepted": "accept",
    "declined": "decline",
    "withdrawn": "withdraw",
    "reopened": "reopen",
    "escalated": "escalate",
    "escalation_acknowledged": "acknowledge",
    "escalation_answered": "answer_escalation",
}

# What is not played: what follows by itself, from an act or from time; and who worked on it and
# what was no longer asked, which move no clock and no side.
CONSEQUENCES = frozenset(
    {
        "assigned",
        "handed_back",
        "handed_to_team",
        "point_dropped",
        "related",
        "unrelated",
        "clock_started",
        "clock_moved",
        "clock_paused",
        "clock_stopped",
        "clock_ended",
        "clock_warned",
        "clock_breached",
        "breach_set_aside",
        "expired",
        "expiry_set_aside",
        "reminded",
    }
)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both inclusive, by the clock of each office."""

    first: date
    last: date

    def starts_at(self, timezone: str) -> datetime:
        return _midnight(self.first, timezone)

    def ends_at(self, timezone: str) -> datetime:
        return _midnight(self.last + timedelta(days=1), timezone)


@dataclass(frozen=True, slots=True)
class History:
    """The lines of a scenario, in order, and the instant of the last.

    `unknown` names acts that no scenario knows, each with the incident's reference and the kind of
    its entry; they are left out.
    """

    lines: Sequence[Fields]
    ended_at: datetime
    unknown: Sequence[tuple[str, str]]


def incidents_in(
    period: Period, *, offices: Iterable[Office], certificates: Iterable[Certificate] | None = None
) -> QuerySet[Incident]:
    """Return what was filed in a period at some offices, or only on some certificates of theirs."""
    days = [
        Q(
            certificate__office=office,
            received_at__gte=period.starts_at(office.timezone),
            received_at__lt=period.ends_at(office.timezone),
        )
        for office in offices
    ]
    found = Incident.objects.filter(reduce(or_, days, Q(pk__in=[])))
    if certificates is not None:
        found = found.filter(certificate__in=certificates)
    return found.order_by("received_at", "pk")


def history_of(incidents: QuerySet[Incident], *, period: Period, at: datetime) -> History:
    """Return the incidents' lives up to the end of the period, or to `at` if that comes first.

    An act stands at the instant at which it counts, so a call that was logged afterwards at the
    call's.
    """
    filed = list(
        incidents.select_related(
            "author",
            "category",
            "certificate__deputy",
            "certificate__office",
            "certificate__programme",
            "certificate__tam",
        )
    )
    offices = {incident.certificate.office for incident in filed}
    zones = [office.timezone for office in offices]
    ended_at = min(at, max((period.ends_at(zone) for zone in zones), default=at))
    cast = Cast(
        offices=offices,
        since=min([at, *(period.starts_at(zone) for zone in zones)]),
        until=ended_at,
    )
    script = _Script(cast, _entries(filed, ended_at))
    for incident in filed:
        script.tell(incident)
    lines = [*cast.lines(), *script.lines(), {"do": "end", "at": written(ended_at)}]
    return History(lines, ended_at, script.unknown)


class _Script:
    """The acts of a history, told incident by incident."""

    def __init__(self, cast: Cast, entries: Mapping[int, Sequence[JournalEntry]]) -> None:
        self.cast = cast
        self.entries = entries
        self.unknown: list[tuple[str, str]] = []
        self._acts: list[tuple[datetime, int, Fields]] = []
        self._callers = User.objects.in_bulk(
            {
                entry.data["caller"]
                for theirs in entries.values()
                for entry in theirs
                if entry.kind == "call_logged"
            }
        )
        self._categories = dict(
            Category.objects.order_by("-position", "-key").values_list("severity", "key")
        )

    def tell(self, incident: Incident) -> None:
        entries = self.entries.get(incident.pk, [])
        agreement = self.cast.agreement(incident, self._contacts(incident, entries))
        for entry in entries:
            if entry.kind not in ACTS:
                self.unknown.append((incident.reference, entry.kind))
            elif entry.actor:
                line = self._line(entry, entry.actor, incident, agreement)
                self._acts.append((entry.at, entry.pk, line))

    def lines(self) -> list[Fields]:
        """Return the acts in order; hours that change at an act's instant change before it."""
        revisions = [
            (at, 0, {"do": line["do"], "at": written(at), **line})
            for at, line in self.cast.revisions()
        ]
        dated = sorted([*revisions, *self._acts], key=lambda act: act[:2])
        return [line for _at, _number, line in dated]

    def _contacts(self, incident: Incident, entries: Iterable[JournalEntry]) -> list[User]:
        """Return the contacts who took part, the author first."""
        people = [incident.author, *(entry.actor for entry in entries if entry.actor)]
        callers = [self._callers[entry.data["caller"]] for entry in entries if _is_call(entry)]
        return list(dict.fromkeys(user for user in [*people, *callers] if user.is_contact))

    def _line(
        self, entry: JournalEntry, actor: User, incident: Incident, agreement: Agreement
    ) -> Fields:
        def player(person: User) -> str:
            return self.cast.player(person, agreement, incident, entry.at)

        line: Fields = {"do": ACTS[entry.kind], "at": written(entry.at), "by": player(actor)}
        if entry.kind == "filed":
            line |= {
                "key": incident.reference,
                "certificate": agreement.key,
                "category": self._category(entry, incident),
                "channel": str(incident.channel),
                "title": TEXT,
                "text": TEXT,
            }
            return line if actor == incident.author else line | {"contact": player(incident.author)}
        line |= {"incident": incident.reference, "text": TEXT}
        match entry.kind:
            case "severity_changed":
                line["severity"] = entry.data["to"]
            case "call_logged":
                line["caller"] = player(self._callers[entry.data["caller"]])
                line["qualified"] = entry.data["qualified"]
        return line

    def _category(self, entry: JournalEntry, incident: Incident) -> str:
        """Return the category, or where it has another severity by now, one that has the old."""
        severity = entry.data["severity"]
        category = incident.category
        return (
            category.key
            if category.severity == severity
            else self._categories.get(severity, category.key)
        )


def _entries(incidents: Iterable[Incident], until: datetime) -> dict[int, list[JournalEntry]]:
    """Return what people did up to an instant, by incident.

    What an act changed by itself is left out: the severity, where a workaround was recorded.
    """
    found: dict[int, list[JournalEntry]] = {}
    for entry in (
        JournalEntry.objects.filter(incident__in=incidents, actor__isnull=False, at__lte=until)
        .exclude(kind__in=CONSEQUENCES)
        .select_related("actor")
        .order_by("at", "pk")
    ):
        if entry.data.get("reason") != "workaround":
            found.setdefault(entry.incident_id, []).append(entry)
    return found


def _is_call(entry: JournalEntry) -> bool:
    return entry.kind == "call_logged"


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)
