"""In whose hands a certificate is over a span of time: what a handover follows (SPEC 10)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Q

from accounts.models import Certificate, Office, User
from tam.coverage import Roster

# How far a turn is looked for before and after an instant: beyond the longest time that offices
# close over the year's end. Who has a certificate longer than that hands nothing over soon.
HORIZON: Final = timedelta(days=14)


class Hands(NamedTuple):
    """A span in which one person has a certificate, as whatever they have it; None: nobody."""

    person: User | None
    since: datetime
    until: datetime


class Passing(NamedTuple):
    """A certificate that changes hands: since when one had it, until when the next has it."""

    since: datetime
    until: datetime


class Coming(NamedTuple):
    """The next time that certificates of an office leave a person's hands.

    `at` None: not within the horizon. `receiver` None: nobody is there to take over.
    """

    office: Office
    at: datetime | None
    receiver: User | None
    passing: dict[int, Passing]


def hands(roster: Roster, certificate: Certificate) -> list[Hands]:
    """Return who has a certificate, in order; a person who goes on in another role goes on."""
    return list(_joined(roster, certificate))


def certificates_of(office: Office) -> list[Certificate]:
    """Return an office's certificates, each with the people who may have it."""
    found = Certificate.objects.filter(office=office).select_related("tam", "deputy")
    certificates = list(found.order_by("pk"))
    for certificate in certificates:
        certificate.office = office
    return certificates


def coming(user: User, at: datetime) -> list[Coming]:
    """Return when what a person has at an instant goes on to others, the soonest first."""
    certificates = list(_perhaps_in_hand(user, at))
    offices = {certificate.office_id: certificate.office for certificate in certificates}
    roster = Roster.read(offices.values(), at - HORIZON, at + HORIZON)
    found: dict[tuple[int, datetime | None, User | None], dict[int, Passing]] = {}
    for certificate in certificates:
        turns = hands(roster, certificate)
        now = next(number for number, turn in enumerate(turns) if turn.since <= at < turn.until)
        if turns[now].person != user:
            continue
        following = turns[now + 1] if now + 1 < len(turns) else None
        key = (
            certificate.office_id,
            turns[now].until if following else None,
            following.person if following else None,
        )
        until = following.until if following else turns[now].until
        found.setdefault(key, {})[certificate.pk] = Passing(turns[now].since, until)
    listed = [
        Coming(offices[office], changes_at, receiver, passing)
        for (office, changes_at, receiver), passing in found.items()
    ]
    return sorted(listed, key=lambda each: (each.at is None, each.at or at, each.office.name))


def _joined(roster: Roster, certificate: Certificate) -> Iterator[Hands]:
    held: Hands | None = None
    for turn in roster.turns(certificate):
        if held is not None and held.person == turn.person:
            held = held._replace(until=turn.until)
            continue
        if held is not None:
            yield held
        held = Hands(turn.person, turn.since, turn.until)
    if held is not None:
        yield held


def _perhaps_in_hand(user: User, at: datetime) -> Iterable[Certificate]:
    on_shift = user.shifts.filter(starts_at__lte=at, ends_at__gt=at).values("office")
    theirs = Q(tam=user) | Q(deputy=user) | Q(office__in=on_shift)
    found = Certificate.objects.filter(theirs).select_related("office", "tam", "deputy")
    return found.order_by("number")
