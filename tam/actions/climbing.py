"""Escalations that nobody acknowledged in time go up by themselves (SPEC 11).

What counts is the instants, never the order in which programs ran: whatever acts on the
escalations of an incident or of a complaint settles first what lies before its own instant. At one
instant an act comes first, then a breach, then the end of the month, and a climb last.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from accounts import worktime
from accounts.models import Certificate, Office, Role, User
from accounts.tenancy import set_scope
from accounts.terms import EscalationRole, default_escalation_levels
from accounts.worktime import NeverOpensAgain
from incidents.actions.case import Case
from incidents.actions.handing import hand_over
from incidents.models import Handling, Incident, JournalEntry
from msa.outbox.actions import publish
from tam.models import Complaint, Escalation
from tam.responsible import people_at_level, top_level

BREACH_LEVEL: Final = 2  # SPEC 7.8
ABOUT_TAM_LEVEL: Final = 2  # SPEC 11
ELAPSED_SEVERITIES: Final = frozenset({1, 2})  # the others' times are working time (SPEC 11)
# A complaint interrupts nothing, and is no service request either: it waits as long as one does.
COMPLAINT_SEVERITY: Final = 3

# In one run: a second's work. What is left, the next tick finds.
CLIMB_BATCH: Final = 500

logger = logging.getLogger(__name__)


def climb_due(*, at: datetime) -> int:
    """Let go up whatever was not acknowledged before `at`; return how many levels were opened.

    Each incident and each complaint is a transaction of its own, so that one that fails holds up
    no other.
    """
    opened = 0
    for incident_id, complaint_id in _due(at):
        try:
            opened += _climb_alone(incident_id, complaint_id, at)
        except Exception:
            logger.exception(
                "Escalations of incident %s, complaint %s, could not go up.",
                incident_id,
                complaint_id,
            )
    return opened


def climb_earlier_than(at: datetime, *, among: Collection[Incident]) -> int:
    """Let what was due before `at` go up inside the caller's transaction: the scenario player.

    Each level is recorded at its instant, as the tick would have done that stood by then.
    """
    due = Escalation.objects.filter(incident__in=list(among), climbs_at__lt=at)
    concerned = dict.fromkeys(due.order_by("climbs_at", "id").values_list("incident", flat=True))
    return sum(_climb_incident(Case.lock(key, at, at), at, stood_by=True) for key in concerned)


class Levels:
    """The levels that a locked incident has reached, lowest first, settled up to an instant."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.reached = list(case.incident.escalations.order_by("level"))

    @property
    def highest(self) -> Escalation | None:
        return self.reached[-1] if self.reached else None

    @property
    def level(self) -> int:
        return self.reached[-1].level if self.reached else 0

    def settle(self, *, before: datetime, stood_by: bool = False) -> int:
        """Open what breaches and silence have opened before an instant; return how many levels.

        Whoever calls it stores what the case records.
        """
        opened = 0
        while happened := min(self._ahead(before), default=None):
            at, cause = happened
            if stood_by:
                self.case.ledger.recorded_at = at
            opened += self.breached(at) if cause == _BREACH else self._climb(at)
        return opened

    def breached(self, at: datetime) -> bool:
        """Open level 2 for a breach; tell whether it was not reached."""
        if self.level >= BREACH_LEVEL:
            return False
        self.open(BREACH_LEVEL, Escalation.Cause.BREACH, at=at)
        return True

    def open(
        self, level: int, cause: Escalation.Cause, *, at: datetime, actor: User | None = None
    ) -> Escalation:
        """Hand the incident to the level's people, who have until then to acknowledge.

        The escalation gets its key, and its entry in the journal is the caller's for one by hand.
        """
        incident, certificate = self.case.incident, self.case.incident.agreement()
        people = people_at_level(certificate, level)
        hand_over(incident, people, at, reason=Handling.Reason.ESCALATED)
        if self.highest is not None:
            self._spare(self.highest)
        opened = Escalation(
            customer_id=incident.customer_id,
            incident=incident,
            level=level,
            cause=cause,
            opened_at=at,
            opened_by=actor,
            addressees=[person.pk for person in people],
            **_times(certificate, level, self._acknowledged_by(at)),
        )
        self.case.writes.insert([opened])
        self.reached.append(opened)
        if actor is None:
            self.case.record("escalated", at=at, data=entry_data(opened))
        return opened

    def _ahead(self, before: datetime) -> Iterable[tuple[datetime, int]]:
        """Return what happens next, if it lies before an instant; a breach before a climb."""
        if self.level < BREACH_LEVEL:
            for clock in self.case.clocks.latest.values():
                if clock.breached_at is not None and clock.breached_at < before:
                    yield clock.breached_at, _BREACH
        if self.highest is not None:
            climbs_at = self.highest.climbs_at
            if climbs_at is not None and climbs_at < before:
                yield climbs_at, _CLIMB

    def _climb(self, at: datetime) -> bool:
        """Open the next level, unless the incident was closed at that instant."""
        silent = self.reached[-1]
        if self._was_open(at):
            self.open(silent.level + 1, Escalation.Cause.SILENCE, at=at)
            return True
        self._spare(silent)
        return False

    def _spare(self, escalation: Escalation) -> None:
        if escalation.climbs_at is not None:
            self.case.writes.send()  # it may be among what waits there, without a key yet
            escalation.climbs_at = None
            self.case.writes.update(escalation, ("climbs_at",))

    def _was_open(self, at: datetime) -> bool:
        runs_on = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
        return self.case.incident.sides.filter(runs_on, started_at__lte=at).exists()

    def _acknowledged_by(self, at: datetime) -> datetime | None:
        incident = self.case.incident
        changed_since = at < incident.changed_at
        severity = _severity_at(incident, at) if changed_since else incident.severity
        return acknowledge_by(incident.agreement(), severity, at)


_BREACH, _CLIMB = 0, 1  # in the order in which they count at one instant


def entry_data(escalation: Escalation) -> dict[str, object]:
    """Return what the journal keeps of a level that was opened."""
    data: dict[str, object] = {"level": escalation.level, "cause": str(escalation.cause)}
    if escalation.acknowledge_by is not None:
        data["acknowledge_by"] = escalation.acknowledge_by.isoformat()
    return data


def acknowledge_by(certificate: Certificate, severity: int, at: datetime) -> datetime | None:
    """Return until when an escalation opened at an instant is to be acknowledged.

    None where the office sets no time for the severity. Minutes are the office's and working time
    is the certificate's, as they were in force at that instant. The result stands as it was told,
    whatever becomes of severity, minutes and hours.
    """
    minutes = certificate.office.acknowledge_minutes_at(at).get(str(severity))
    if not minutes:
        return None
    allowed = timedelta(minutes=minutes)
    if severity in ELAPSED_SEVERITIES:
        return at + allowed
    try:
        return worktime.due(_hours_at(certificate, at), at, allowed)
    except NeverOpensAgain:
        return None


def open_complaint_level(
    complaint: Complaint,
    level: int,
    cause: Escalation.Cause,
    *,
    at: datetime,
    actor: User | None = None,
) -> Escalation:
    """Raise a locked complaint to a level, and publish it."""
    certificate = complaint.certificate
    complaint.escalations.filter(climbs_at__isnull=False).update(climbs_at=None)
    opened = Escalation.objects.create(
        customer_id=complaint.customer_id,
        complaint=complaint,
        level=level,
        cause=cause,
        opened_at=at,
        opened_by=actor,
        addressees=[person.pk for person in complained_to(complaint, level)],
        **_times(certificate, level, acknowledge_by(certificate, COMPLAINT_SEVERITY, at)),
    )
    payload = {"complaint": complaint.pk, "escalation": opened.pk}
    publish("complaint.escalated", payload, at=at, stream=f"complaint-{complaint.pk}")
    return opened


def settle_complaint(complaint: Complaint, *, before: datetime) -> int:
    """Let a locked complaint go up as far as silence has brought it before an instant."""
    opened = 0
    while silent := (complaint.escalations.filter(climbs_at__lt=before).order_by("level").last()):
        at = silent.climbs_at
        if at is None or (complaint.closed_at is not None and complaint.closed_at <= at):
            complaint.escalations.update(climbs_at=None)
            break
        cause = Escalation.Cause.SILENCE
        open_complaint_level(complaint, silent.level + 1, cause, at=at)
        opened += 1
    return opened


def complained_to(complaint: Complaint, level: int) -> list[User]:
    """Return to whom a complaint is addressed at a level: never to the one it is about.

    Without that person it goes to the office's others of the level's role, else to other offices';
    in the account manager's own place, or where there is nobody else, to the heads; and to
    administrators where there is no other head.
    """
    certificate = complaint.certificate
    people = people_at_level(certificate, level)
    about = complaint.about
    if about is None or about not in people:
        return people
    levels = certificate.programme.escalation_levels or default_escalation_levels()
    role = levels[min(level, len(levels)) - 1]
    named = Role.TEAM_HEAD if role == EscalationRole.TAM else Role(role)
    for asked in (named, Role.TEAM_HEAD, Role.ADMINISTRATOR):
        others = list(
            User.objects.filter(is_active=True, role=asked).exclude(pk=about.pk).order_by("pk")
        )
        if others:
            return [each for each in others if each.office_id == certificate.office_id] or others
    return []


def lock_complaint(complaint: Complaint, at: datetime) -> Complaint:
    """Return the complaint, locked and settled up to an instant."""
    locked = (
        Complaint.objects.select_related(
            "about", "certificate__office", "certificate__programme", "certificate__tam", "customer"
        )
        .select_for_update(of=("self",), no_key=True)
        .get(pk=complaint.pk)
    )
    settle_complaint(locked, before=at)
    return locked


def _due(at: datetime) -> list[tuple[int | None, int | None]]:
    with transaction.atomic():
        set_scope(staff=True)
        due = Escalation.objects.filter(climbs_at__lt=at).order_by("climbs_at", "id")
        return list(dict.fromkeys(due.values_list("incident", "complaint")[:CLIMB_BATCH]))


def _climb_alone(incident_id: int | None, complaint_id: int | None, at: datetime) -> int:
    with transaction.atomic():
        set_scope(staff=True)
        if complaint_id is not None:
            waiting = Complaint.objects.select_for_update(skip_locked=True, no_key=True)
            complaint = waiting.filter(pk=complaint_id).first()
            return settle_complaint(complaint, before=at) if complaint else 0
        unlocked = Incident.objects.select_for_update(skip_locked=True, no_key=True)
        if incident_id is None or not unlocked.filter(pk=incident_id).exists():
            return 0  # somebody acts on it now; what they leave over, the next tick finds
        case = Case.lock(incident_id, at, at)
        case.fire_due(before=at)
        return _climb_incident(case, at)


def _climb_incident(case: Case, at: datetime, *, stood_by: bool = False) -> int:
    """Settle and store; what is opened was the incident's last event, and not the tick."""
    levels = Levels(case)
    opened = levels.settle(before=at, stood_by=stood_by)
    case.ledger.at = max([case.incident.changed_at, *(row.opened_at for row in levels.reached)])
    case.finish()
    return opened


def _times(
    certificate: Certificate, level: int, until: datetime | None
) -> dict[str, datetime | None]:
    climbs = level < top_level(certificate)
    return {"acknowledge_by": until, "climbs_at": until if climbs else None}


def _severity_at(incident: Incident, at: datetime) -> int:
    """Return the severity at an instant, after what was changed at that very instant."""
    later = JournalEntry.objects.filter(incident=incident, kind="severity_changed", at__gt=at)
    changed = later.order_by("at", "number").values_list("data", flat=True).first()
    return int(changed["from"]) if changed else incident.severity


def _hours_at(certificate: Certificate, at: datetime) -> worktime.Calendar:
    """Return the hours that were in force at an instant; the first known, for one before them."""
    revisions = certificate.office.revisions.order_by("-number")
    revision = revisions.filter(changed_at__lte=at).first() or revisions.last()
    versions = certificate.versions.order_by("-number")
    version = versions.filter(issued_at__lte=at).first() or versions.last()
    if revision is None or version is None:
        return certificate.hours
    return Office(calendar=revision.calendar).hours(version.printed["week"])
