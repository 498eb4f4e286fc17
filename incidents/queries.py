"""What the portal reads: lists by whose turn it is, and what an agreement allows now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import worktime
from accounts.models import Certificate, Programme, User
from accounts.terms import PhoneLine
from accounts.worktime import Calendar, NeverOpensAgain
from incidents.models import Clock, Incident, most_pressing
from incidents.states import FACTS, SEVERITY_LABELS, Closure, Side, State

# How far ahead the end of the present opening is looked for: a longer one is "always open".
OPENING_WITHIN = timedelta(days=8)


class Turn(StrEnum):
    """Whose turn it is, as the customer reads it (SPEC 6)."""

    YOURS = "yours"
    OURS = "ours"
    CLOSED = "closed"


_STATES = MappingProxyType(
    {
        Turn.YOURS: [state for state in State if FACTS[state].side is Side.CUSTOMER],
        Turn.OURS: [state for state in State if FACTS[state].side is Side.VENDOR],
        Turn.CLOSED: [State.CLOSED],
    }
)
_ORDER: Mapping[Turn, Sequence[str]] = MappingProxyType(
    {
        Turn.YOURS: ("customer_side_until", "id"),
        Turn.OURS: ("queue_tier", "queue_severity", "queue_at", "id"),  # as in the TAM's queue
        Turn.CLOSED: ("-closed_at", "-id"),
    }
)


def incidents_by_turn(user: User, turn: Turn, at: datetime) -> QuerySet[Incident]:
    """Return what a contact sees of one turn, the most pressing first, with its clocks."""
    return (
        Incident.objects.visible_to(user, at)
        .filter(state__in=_STATES[turn])
        .select_related("author", "product", "certificate__office")
        .prefetch_related(Prefetch("clocks", latest_clocks()))
        .order_by(*_ORDER[turn])
    )


def latest_clocks() -> QuerySet[Clock]:
    """Return the latest clock of each kind, incident by incident."""
    return Clock.objects.order_by("incident_id", "kind", "-received_at", "-id").distinct(
        "incident_id", "kind"
    )


def count_by_turn(user: User, at: datetime) -> dict[Turn, int]:
    counts = {
        turn.name: Count("pk", filter=Q(state__in=states)) for turn, states in _STATES.items()
    }
    found = Incident.objects.visible_to(user, at).aggregate(**counts)
    return {turn: found[turn.name] for turn in _STATES}


@dataclass(frozen=True, slots=True)
class Row:
    """One incident of a list, with the clock that the vendor's staff see (SPEC 19.7)."""

    incident: Incident
    clock: Clock | None
    clock_waits: bool
    may_act: bool


def rows(
    incidents: Iterable[Incident], certificates: Iterable[Certificate], at: datetime
) -> list[Row]:
    """Return incidents with their latest clocks; `certificates` are those that name the reader."""
    named = {certificate.pk for certificate in certificates}
    found = []
    for incident in incidents:
        clock = most_pressing(incident.clocks.all())
        waits = clock is not None and clock.is_waiting(at)
        found.append(Row(incident, clock, waits, may_act=incident.certificate_id in named))
    return found


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether an office is open, and until when that holds; None: no end in sight."""

    is_open: bool
    until: datetime | None


def opening(calendar: Calendar, at: datetime) -> Opening:
    if worktime.is_open(calendar, at):
        horizon = at + OPENING_WITHIN
        closes = worktime.intervals(calendar, at, horizon)[0][1]
        return Opening(is_open=True, until=None if closes == horizon else closes)
    try:
        return Opening(is_open=False, until=worktime.next_opening(calendar, at))
    except NeverOpensAgain:
        return Opening(is_open=False, until=None)


@dataclass(frozen=True, slots=True)
class Hours:
    """Days in a row that keep the same hours, in words: `Mon–Fri`, `09:00–18:00`."""

    days: str
    windows: str


def weekly_hours(week: Mapping[str, Sequence[Sequence[str]]]) -> list[Hours]:
    """Return the weekly hours in words, days in a row together, closed days left out."""
    runs: list[tuple[list[int], str]] = []
    for number, day in enumerate(worktime.WEEKDAYS):
        windows = ", ".join("–".join(window) for window in week.get(day, ()))
        if not windows:
            continue
        if runs and runs[-1][0][-1] == number - 1 and runs[-1][1] == windows:
            runs[-1][0].append(number)
        else:
            runs.append(([number], windows))
    return [Hours(_days(numbers), windows) for numbers, windows in runs]


def _days(numbers: Sequence[int]) -> str:
    names = [str(WEEKDAYS_ABBR[number]) for number in numbers]
    return names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"


def tam_week(certificate: Certificate) -> Mapping[str, Any]:
    """Return when the TAM is there: the certificate's own hours come first (SPEC 3)."""
    if certificate.week is not None:
        week: Mapping[str, Any] = certificate.week
        return week
    return certificate.programme.tam_week(certificate.office.calendar["week"])


def line_hours(programme: Programme) -> dict[str, str]:
    """Return when the priority line is answered, by the severities in words (SPEC 2, 17)."""
    severities: dict[str, list[str]] = {}
    for terms in programme.severities.all():
        if terms.phone_line != PhoneLine.NONE:
            label = str(SEVERITY_LABELS[terms.severity])
            severities.setdefault(terms.get_phone_line_display(), []).append(label)
    return {", ".join(labels): hours for hours, labels in severities.items()}


def filing_refusals(
    certificates: Sequence[Certificate], left: Mapping[int, int], at: datetime
) -> dict[int, str]:
    """Return why nothing can be filed now, by key of the certificates where nothing can (SPEC 3).

    `left` is what `filings_left` answers. No query.
    """
    reasons = {
        certificate.pk: _refusal(certificate, left.get(certificate.pk), at)
        for certificate in certificates
    }
    return {key: reason for key, reason in reasons.items() if reason}


def filings_left(certificates: Sequence[Certificate], at: datetime) -> dict[int, int]:
    """Return what is left of the contract year's quota, by key of the certificates that have one.

    Duplicates do not count (SPEC 3). One query at the most.
    """
    limited = {
        certificate.pk: certificate.programme.incidents_per_year
        for certificate in certificates
        if certificate.programme.incidents_per_year is not None
    }
    if not limited:
        return {}
    this_year = reduce(
        or_,
        (
            Q(certificate=certificate, received_at__gte=contract_year_start(certificate, at))
            for certificate in certificates
            if certificate.pk in limited
        ),
    )
    counted = Incident.objects.filter(this_year).exclude(closure=Closure.DUPLICATE)
    used = dict(counted.order_by().values_list("certificate").annotate(Count("pk")))
    return {key: max(0, limit - used.get(key, 0)) for key, limit in limited.items()}


def contract_year_start(certificate: Certificate, at: datetime) -> datetime:
    """Return the anniversary of the first day that began the contract year of an instant."""
    zone = certificate.office.timezone
    first = datetime.combine(certificate.valid_from, time(), ZoneInfo(zone)).astimezone(UTC)
    years = max(0, certificate.local_date(at).year - certificate.valid_from.year)
    anniversary = worktime.month_after(first, zone, months=12 * years)
    if anniversary > at and years:
        anniversary = worktime.month_after(first, zone, months=12 * (years - 1))
    return anniversary


def _refusal(certificate: Certificate, left: int | None, at: datetime) -> str:
    number, today = certificate.number, certificate.local_date(at)
    if certificate.revoked_at is not None:
        return _("Certificate %(number)s was revoked.") % {"number": number}
    if today < certificate.valid_from:
        return _("Certificate %(number)s is not valid before %(date)s.") % {
            "number": number,
            "date": date_format(certificate.valid_from, "DATE_FORMAT"),
        }
    if today > certificate.valid_until:
        return _("Certificate %(number)s ended on %(date)s.") % {
            "number": number,
            "date": date_format(certificate.valid_until, "DATE_FORMAT"),
        }
    if left == 0:
        return _("Certificate %(number)s has no incident left in this contract year.") % {
            "number": number
        }
    return ""
