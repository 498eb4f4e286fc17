"""What staff read beside an incident: whose it is, and what is known of the customer (SPEC 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.access import certificates_read_by
from accounts.endings import days_left
from accounts.models import Certificate, User
from incidents.entitlements import Quota, Standing
from incidents.models import Handling, Incident, QueueTier
from incidents.queries import Opening, opening, quota_of, validity_of
from tam.models import HandlingNote
from tam.queries.queue import ORDER

OPEN_SHOWN = 3  # of the customer's other open incidents; the queue shows them all
HISTORY_SHOWN = 50  # changes of hands; an incident with more has other troubles


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose an incident is now; `mine`: on the reader's desk, `ours`: in one of their teams."""

    holder: Handling | None
    teams: Sequence[Handling]
    mine: bool
    ours: bool

    @property
    def may_take(self) -> bool:
        """Whether it can be taken: nobody has it, or it was passed on to a team of the reader's.

        The action judges it again, under the lock.
        """
        return self.holder is None or (self.ours and not self.mine)

    @property
    def may_give_back(self) -> bool:
        return self.mine or self.ours


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is known of a certificate now; `quota` None: any number of incidents."""

    standing: Standing
    days_left: int
    opening: Opening
    quota: Quota | None
    is_readable: bool


@dataclass(frozen=True, slots=True)
class OtherIncidents:
    """The most pressing of the customer's other open incidents, and how many there are."""

    shown: Sequence[Incident]
    count: int


def hands_of(incident: Incident, reader: User) -> Hands:
    """Two queries."""
    held = incident.handlings.filter(until__isnull=True, reason=Handling.Reason.ASSIGNED)
    rows = list(held.select_related("user", "team", "by").order_by("-since", "-id"))
    holder = next((row for row in rows if row.user_id), None)
    teams = [row for row in rows if row.team_id]
    mine = holder is not None and holder.user_id == reader.pk
    readers_teams = set(reader.teams.values_list("pk", flat=True)) if teams else set()
    return Hands(holder, teams, mine, ours=any(row.team_id in readers_teams for row in teams))


def handled_so_far(incident: Incident) -> list[Handling]:
    """Return who had the incident, for which reason and from when to when, the latest first."""
    rows = incident.handlings.select_related("user", "team", "by")
    return list(rows.order_by("-since", "-id")[:HISTORY_SHOWN])


def agreement_of(certificate: Certificate, reader: User, at: datetime) -> Agreement:
    is_limited = certificate.programme.incidents_per_year is not None
    return Agreement(
        standing=validity_of(certificate, at).standing,
        days_left=days_left(certificate.valid_until, certificate.local_date(at)),
        opening=opening(certificate.hours, at),
        quota=quota_of(certificate, at) if is_limited else None,
        is_readable=certificates_read_by(reader, at).filter(pk=certificate.pk).exists(),
    )


def other_open_incidents(incident: Incident, reader: User, at: datetime) -> OtherIncidents:
    """Return the customer's other open incidents that a person sees, by the queue's order."""
    seen = Incident.objects.visible_to(reader, at).filter(
        customer=incident.customer_id, queue_tier__lt=QueueTier.CLOSED
    )
    others = seen.exclude(pk=incident.pk)
    shown = list(others.defer("targets").order_by(*ORDER)[:OPEN_SHOWN])
    return OtherIncidents(shown, others.count())


def latest_note(customer: int) -> HandlingNote | None:
    notes = HandlingNote.objects.filter(customer=customer).select_related("changed_by")
    return notes.first()
