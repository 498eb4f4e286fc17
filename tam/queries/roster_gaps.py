"""Where the plan leaves certificates without anybody, and how it shares out their time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from accounts.models import Certificate, Office
from tam.coverage import Roster, Span, Standing, Turn, turn_key, valid_span

A_DAY = timedelta(days=1)


class Gap(NamedTuple):
    """A time in which some valid certificate of an office has nobody at every instant."""

    since: datetime
    until: datetime
    certificates: tuple[Certificate, ...]

    @property
    def length(self) -> timedelta:
        return self.until - self.since


def certificates_valid(
    offices: Iterable[Office], since: datetime, until: datetime
) -> dict[int, list[Certificate]]:
    """Return by office the certificates that are valid at some time of a span. One query.

    They bear the given offices, in whose zones their days are.
    """
    known = {office.pk: office for office in offices}
    by_office: dict[int, list[Certificate]] = {key: [] for key in known}
    for certificate in _certificates(since, until).filter(office__in=known):
        certificate.office = known[certificate.office_id]
        valid = valid_span(certificate)
        if valid.since < until and valid.until > since:
            by_office[certificate.office_id].append(certificate)
    return by_office


def gaps(roster: Roster, certificates: Iterable[Certificate]) -> list[Gap]:
    """Return the gaps of one office's certificates, in order; those that touch are one."""
    uncovered = [
        (span.since, span.until, certificate)
        for certificate in certificates
        for span in _uncovered(roster, certificate)
    ]
    found: list[tuple[datetime, datetime, dict[int, Certificate]]] = []
    for since, until, certificate in sorted(uncovered, key=lambda row: row[0]):
        if found and since <= found[-1][1]:
            first, last, concerned = found[-1]
            concerned[certificate.pk] = certificate
            found[-1] = (first, max(last, until), concerned)
        else:
            found.append((since, until, {certificate.pk: certificate}))
    return [
        Gap(since, until, tuple(sorted(concerned.values(), key=lambda row: row.number)))
        for since, until, concerned in found
    ]


def totals(roster: Roster, certificates: Iterable[Certificate]) -> Mapping[Standing, timedelta]:
    """Return how much of the certificates' valid time each standing has, added up over them."""
    shares: dict[Standing, timedelta] = dict.fromkeys(Standing, timedelta())
    known: dict[object, Mapping[Standing, timedelta]] = {}
    for certificate in certificates:
        valid = _within(roster, certificate)
        key = (turn_key(certificate), valid)
        if key not in known:
            known[key] = _shares(roster.turns(certificate), valid)
        for standing, amount in known[key].items():
            shares[standing] += amount
    return shares


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return what of some spans no other one covers; both in order, each without overlaps."""
    taken = list(others)
    left = []
    for since, until in spans:
        start = since
        for other in taken:
            if other.until <= start or other.since >= until:
                continue
            if other.since > start:
                left.append(Span(start, other.since))
            start = other.until
        if start < until:
            left.append(Span(start, until))
    return left


def spans_of(found: Iterable[Gap]) -> list[Span]:
    return [Span(gap.since, gap.until) for gap in found]


def _certificates(since: datetime, until: datetime) -> QuerySet[Certificate]:
    """Match a day more at both ends: which day it is depends on the office's zone."""
    return (
        Certificate.objects.select_related("tam", "deputy")
        .filter(Q(revoked_at=None) | Q(revoked_at__gt=since))
        .filter(valid_from__lte=(until + A_DAY).date(), valid_until__gte=(since - A_DAY).date())
        .order_by("number")
    )


def _uncovered(roster: Roster, certificate: Certificate) -> list[Span]:
    valid = _within(roster, certificate)
    found = roster.uncovered(certificate)
    if valid == roster.span:
        return found
    return [
        Span(max(span.since, valid.since), min(span.until, valid.until))
        for span in found
        if span.since < valid.until and span.until > valid.since
    ]


def _within(roster: Roster, certificate: Certificate) -> Span:
    """Return what of a roster's span a certificate is valid in; without length: nothing of it."""
    valid = valid_span(certificate)
    since = max(valid.since, roster.span.since)
    return Span(since, max(since, min(valid.until, roster.span.until)))


def _shares(turns: Iterable[Turn], valid: Span) -> Mapping[Standing, timedelta]:
    shares: defaultdict[Standing, timedelta] = defaultdict(timedelta)
    since, until = valid
    for turn in turns:
        if turn.since < until and turn.until > since:
            shares[turn.standing] += min(turn.until, until) - max(turn.since, since)
    return shares
