"""Escalating an incident over the levels (SPEC 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.models import User
from incidents.actions.case import Case
from incidents.models import Incident, MessageKind
from incidents.states import Side
from tam.models import Escalation

TOP_LEVEL = 3  # the business manager
BREACH_LEVEL = 2  # SPEC 7.8


@transaction.atomic
def escalate(*, incident: Incident, actor: User, text: str, at: datetime) -> Escalation:
    """Raise an open incident one level, while it is on the vendor's side."""
    case = Case.open(incident, at=at)
    if case.incident.side is not Side.VENDOR:
        raise Conflict(_("An incident can be escalated only while the next move is ours."))
    level = level_of(case.incident) + 1
    if level > TOP_LEVEL:
        raise Conflict(_("This incident is at the highest level already."))
    cause = Escalation.Cause.CONTACT if actor.is_contact else Escalation.Cause.STAFF
    escalation = _open(case, level, cause, actor)
    message = case.write(actor, MessageKind.REASON, text)
    case.record("escalated", actor=actor, message=message, data={"level": level, "cause": cause})
    case.finish()
    return escalation


@transaction.atomic
def escalate_breach(*, incident: Incident, at: datetime) -> Escalation | None:
    """Open level 2 for a breach, dated at it, unless the incident stands there already."""
    case = Case.lock(incident, at, at)
    if level_of(case.incident) >= BREACH_LEVEL:
        return None
    escalation = _open(case, BREACH_LEVEL, Escalation.Cause.BREACH, None)
    case.record("escalated", data={"level": BREACH_LEVEL, "cause": str(Escalation.Cause.BREACH)})
    case.finish()
    return escalation


def level_of(incident: Incident) -> int:
    """Return the highest level that the incident has reached, 0 for none."""
    return incident.escalations.aggregate(level=Max("level"))["level"] or 0


def _open(case: Case, level: int, cause: Escalation.Cause, actor: User | None) -> Escalation:
    return Escalation.objects.create(
        customer_id=case.incident.customer_id,
        incident=case.incident,
        level=level,
        cause=cause,
        opened_at=case.at,
        opened_by=actor,
    )
