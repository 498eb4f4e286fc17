"""Who has the incidents of a certificate at an instant, and which are a person's own (SPEC 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from accounts.models import Certificate, Role, User
from incidents.models import Handling
from tam.coverage import Roster, Turn
from tam.models import Absence
from tam.queries.queue_version import LOOKED_AFTER


@dataclass(frozen=True, slots=True)
class Now:
    """Some certificates, by key, and whose turn each of them is.

    `edges` are the instants at which that may next change, as far as a version looks ahead.
    """

    certificates: Mapping[int, Certificate]
    turns: Mapping[int, Turn]
    edges: Sequence[datetime]


def whose_turn(certificates: QuerySet[Certificate], at: datetime) -> Now:
    """Return who is responsible for certificates at an instant. Three queries."""
    found = certificates.select_related("office", "tam", "deputy").in_bulk()
    until = at + LOOKED_AFTER
    offices = {certificate.office for certificate in found.values()}
    roster = Roster.read(offices, at, until)
    turns = {key: roster.turns(certificate)[0] for key, certificate in found.items()}
    edges = {turn.until for turn in turns.values()}
    for absences in roster.absences.values():
        edges |= {edge for absence in absences for edge in absence}
    return Now(found, turns, sorted(edge for edge in edges if at < edge < until))


@dataclass(frozen=True)
class Charge:
    """What is one person's own at an instant.

    A duty manager's line is read from the roster, once, when it is asked for: three queries.
    """

    person: User
    at: datetime

    @cached_property
    def own(self) -> Q:
        """Match what is a person's own: the one meaning of “Mine”.

        What lies on their desk or in their team's inbox, what belongs to the certificates that they
        manage, and what to those for which they stand in now: as the deputy of a manager who is
        absent, or as the duty manager whose turn it is.
        """
        handed = Handling.held_by(self.person).values("incident")
        theirs = Q(tam=self.person) | Q(deputy=self.person) & is_stood_in_for(self.at)
        certificates = Certificate.objects.filter(theirs).values("pk")
        own = Q(pk__in=handed) | Q(certificate__in=certificates)
        if stands_in := self._stands_in_for:
            own |= Q(certificate__in=stands_in)
        return own

    @property
    def edges(self) -> Sequence[datetime]:
        """Return when it may next change for whom a duty manager stands in."""
        return self._line.edges if self._line else ()

    @property
    def _stands_in_for(self) -> list[int]:
        turns = self._line.turns if self._line else {}
        return [key for key, turn in turns.items() if turn.person == self.person]

    @cached_property
    def _line(self) -> Now | None:
        if self.person.role != Role.DUTY_MANAGER:
            return None
        on_shift = self.person.shifts.filter(starts_at__lte=self.at, ends_at__gt=self.at)
        on_line = Certificate.objects.filter(office__in=on_shift.values("office"))
        return whose_turn(on_line, self.at)


def is_stood_in_for(at: datetime) -> Q:
    """Match certificates whose deputy has taken over: the manager is absent or has left."""
    absent = Absence.objects.filter(starts_at__lte=at, ends_at__gt=at).values("person")
    is_away = Q(tam__in=absent) | Q(tam__is_active=False)
    return Q(deputy__isnull=False) & is_away
