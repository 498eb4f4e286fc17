"""Escalating an incident over the levels, and taking it up there (SPEC 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.errors import Changed, Conflict, NotAllowed
from accounts.models import User
from incidents.actions.case import Case
from incidents.models import Incident, MessageKind
from incidents.states import Side
from tam.actions.climbing import Levels, entry_data
from tam.models import Escalation
from tam.queries.escalations import may_take_up
from tam.responsible import top_level


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
    levels = Levels(case)
    levels.settle(before=at)
    level = levels.level + 1
    if from_level is not None and level != from_level + 1:
        raise Changed(
            _("This incident has reached level %(level)d meanwhile. Send again to go above it.")
            % {"level": level - 1}
        )
    if level > top_level(case.incident.agreement()):
        raise Conflict(_("This incident is at the highest level already."))
    cause = Escalation.Cause.CONTACT if actor.is_contact else Escalation.Cause.STAFF
    escalation = levels.open(level, cause, at=at, actor=actor)
    message = case.write(actor, MessageKind.REASON, text)
    case.record("escalated", actor=actor, message=message, data=entry_data(escalation))
    case.finish()
    return escalation


@transaction.atomic
def escalate_breach(*, incident_id: int, at: datetime, recorded_at: datetime | None = None) -> None:
    """Open level 2 for a breach, dated at it, unless it was set aside meanwhile.

    `recorded_at` is when the breach was recorded; without it, at once, as if somebody stood by.
    """
    case = Case.lock(incident_id, at, recorded_at or at)
    stands = any(clock.breached_at == at for clock in case.clocks.latest.values())
    if stands or case.incident.clocks.filter(breached_at=at).exists():
        levels = Levels(case)
        if levels.settle(before=at) + levels.breached(at):
            case.finish()


@transaction.atomic
def acknowledge(
    *, incident: Incident, actor: User, text: str, at: datetime, level: int | None = None
) -> Escalation:
    """Acknowledge the highest escalation: the person it is addressed to has taken note.

    `level` is the one that the person saw; raises `Changed` when it has gone up since. At the very
    instant by which it was to be acknowledged is in time.
    """
    case = Case.open(incident, at=at)
    escalation = _addressed_to(case, actor, level, at)
    if escalation.acknowledged_at is not None:
        raise Conflict(_("This escalation is acknowledged already."))
    _take_note(case, escalation, actor, at)
    message = case.write(actor, MessageKind.REPLY, text) if text else None
    data = {"level": escalation.level}
    case.record("escalation_acknowledged", actor=actor, message=message, data=data)
    case.finish()
    return escalation


@transaction.atomic
def answer_escalation(
    *, incident: Incident, actor: User, text: str, at: datetime, level: int | None = None
) -> Escalation:
    """Answer the highest escalation, which the customer reads; answering acknowledges too."""
    case = Case.open(incident, at=at)
    escalation = _addressed_to(case, actor, level, at)
    _take_note(case, escalation, actor, at)
    escalation.answered_at, escalation.answered_by = at, actor
    case.writes.update(escalation, ("answered_at", "answered_by"))
    message = case.write(actor, MessageKind.REPLY, text)
    data = {"level": escalation.level}
    case.record("escalation_answered", actor=actor, message=message, data=data)
    case.finish()
    return escalation


def level_of(incident: Incident) -> int:
    """Return the highest level that the incident has reached, 0 for none."""
    return incident.escalations.aggregate(level=Max("level"))["level"] or 0


def _addressed_to(case: Case, actor: User, level: int | None, at: datetime) -> Escalation:
    """Return the highest escalation if it is this person's to take up, settled up to now."""
    levels = Levels(case)
    if levels.settle(before=at):
        case.writes.send()
    escalation = levels.highest
    if escalation is None or escalation.answered_at is not None:
        raise Conflict(_("There is no escalation to answer."))
    if level is not None and escalation.level != level:
        raise Changed(
            _("This has gone up to level %(level)d meanwhile.") % {"level": escalation.level}
        )
    if not may_take_up(actor, escalation, at):
        raise NotAllowed(_("This escalation is addressed to somebody else."))
    return escalation


def _take_note(case: Case, escalation: Escalation, actor: User, at: datetime) -> None:
    if escalation.acknowledged_at is None:
        escalation.acknowledged_at, escalation.acknowledged_by = at, actor
        escalation.climbs_at = None
        case.writes.update(escalation, ("acknowledged_at", "acknowledged_by", "climbs_at"))
