"""Escalating an incident over the levels (SPEC 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.errors import Changed, Conflict, NotAllowed
from accounts.models import Role, User
from incidents.actions.case import Case
from incidents.actions.handing import hand_over
from incidents.models import Handling, Incident, MessageKind
from incidents.states import Side
from tam.models import Escalation
from tam.responsible import people_at_level, top_level

BREACH_LEVEL = 2  # SPEC 7.8


@transaction.atomic
def escalate(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    from_level: int | None = None,
) -> Escalation:
    """Raise an open incident one level, while it is on the vendor's side.

    `from_level` is the level that the person saw; raises `Changed` when it is another by now.
    """
    case = Case.open(incident, at=at)
    if case.incident.side is not Side.VENDOR:
        raise Conflict(_("An incident can be escalated only while the next move is ours."))
    missed = [clock.breached_at for clock in case.clocks.latest.values() if clock.breached_at]
    reached = _open_for_breach(case, min(missed)) if missed else level_of(case.incident)
    level = reached + 1
    if from_level is not None and level != from_level + 1:
        raise Changed(
            _("This incident has reached level %(level)d meanwhile. Send again to go above it.")
            % {"level": level - 1}
        )
    if level > top_level(case.incident.agreement()):
        raise Conflict(_("This incident is at the highest level already."))
    cause = Escalation.Cause.CONTACT if actor.is_contact else Escalation.Cause.STAFF
    escalation = _open(case, level, cause, actor, at=at)
    message = case.write(actor, MessageKind.REASON, text)
    case.record("escalated", actor=actor, message=message, data={"level": level, "cause": cause})
    case.finish()
    return escalation


@transaction.atomic
def escalate_breach(*, incident_id: int, at: datetime) -> None:
    """Open level 2 for a breach, dated at it, unless it was set aside meanwhile."""
    case = Case.lock(incident_id, at, at)
    stands = any(clock.breached_at == at for clock in case.clocks.latest.values())
    if stands or case.incident.clocks.filter(breached_at=at).exists():
        _open_for_breach(case, at)
        case.finish()


@transaction.atomic
def acknowledge(*, incident: Incident, actor: User, text: str, at: datetime) -> Escalation:
    """Acknowledge the highest escalation: the person it is addressed to has taken note."""
    case = Case.open(incident, at=at)
    escalation = _addressed_to(case.incident, actor)
    if escalation.acknowledged_at is not None:
        raise Conflict(_("This escalation is acknowledged already."))
    escalation.acknowledged_at, escalation.acknowledged_by = at, actor
    escalation.save(update_fields=["acknowledged_at", "acknowledged_by"])
    message = case.write(actor, MessageKind.REPLY, text) if text else None
    data = {"level": escalation.level}
    case.record("escalation_acknowledged", actor=actor, message=message, data=data)
    case.finish()
    return escalation


@transaction.atomic
def answer_escalation(*, incident: Incident, actor: User, text: str, at: datetime) -> Escalation:
    """Answer the highest escalation, which the customer reads; answering acknowledges too."""
    case = Case.open(incident, at=at)
    escalation = _addressed_to(case.incident, actor)
    if escalation.acknowledged_at is None:
        escalation.acknowledged_at, escalation.acknowledged_by = at, actor
    escalation.answered_at, escalation.answered_by = at, actor
    escalation.save()
    message = case.write(actor, MessageKind.REPLY, text)
    data = {"level": escalation.level}
    case.record("escalation_answered", actor=actor, message=message, data=data)
    case.finish()
    return escalation


def level_of(incident: Incident) -> int:
    """Return the highest level that the incident has reached, 0 for none."""
    return incident.escalations.aggregate(level=Max("level"))["level"] or 0


def _addressed_to(incident: Incident, actor: User) -> Escalation:
    """Return the highest escalation if it is this person's to take up.

    For the account manager the deputy stands in, and a duty manager.
    """
    escalation = incident.escalations.order_by("-level").first()
    if escalation is None or escalation.answered_at is not None:
        raise Conflict(_("There is no escalation to answer."))
    certificate = incident.certificate
    people = people_at_level(certificate, escalation.level)
    stands_in = certificate.tam in people and (
        actor == certificate.deputy or actor.role == Role.DUTY_MANAGER
    )
    if actor not in people and not stands_in:
        raise NotAllowed(_("This escalation is addressed to somebody else."))
    return escalation


def _open_for_breach(case: Case, at: datetime) -> int:
    """Open level 2 at the instant of a breach, if it is not reached; return the level reached."""
    reached = level_of(case.incident)
    if reached >= BREACH_LEVEL:
        return reached
    _open(case, BREACH_LEVEL, Escalation.Cause.BREACH, None, at=at)
    data = {"level": BREACH_LEVEL, "cause": str(Escalation.Cause.BREACH)}
    case.record("escalated", at=at, data=data)
    return BREACH_LEVEL


def _open(
    case: Case, level: int, cause: Escalation.Cause, actor: User | None, *, at: datetime
) -> Escalation:
    """Hand the incident to the level's people; the escalation gets its key with `finish`."""
    people = people_at_level(case.incident.agreement(), level)
    hand_over(case.incident, people, at, reason=Handling.Reason.ESCALATED)
    escalation = Escalation(
        customer_id=case.incident.customer_id,
        incident=case.incident,
        level=level,
        cause=cause,
        opened_at=at,
        opened_by=actor,
    )
    case.writes.insert([escalation])
    return escalation
