"""Who has an incident: one person, and the specialist teams it was handed to (SPEC 4, 11)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Role, Team, User
from incidents.actions.case import Case
from incidents.actions.handing import hand_over, hand_to_team, take_from
from incidents.models import Handling, Incident, MessageKind

WORKS_ON_INCIDENTS = frozenset({Role.ENGINEER, Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD})


@transaction.atomic
def assign(
    *,
    incident: Incident,
    actor: User,
    to: User | None,
    at: datetime,
    text: str = "",
    unchanged_since: int | None = None,
) -> Incident:
    """Put an open incident on one person's desk, with a note if there is one; None takes it off.

    Then it is the account manager's again, or whoever stands in. Assigning it to who has it
    already is accepted and does nothing.
    """
    if to is not None and (to.role not in WORKS_ON_INCIDENTS or not to.is_active):
        raise Refused(_("%(name)s does not work on incidents.") % {"name": to.name}, field="to")
    case = _open(incident, at, unchanged_since, actor)
    if to != assignee(case.incident):
        take_from(case.incident, at, people=True)
        if to is not None:
            hand_over(case.incident, [to], at, by=actor)
        _record(case, "assigned", actor, text, {"to": to.pk if to else None})
    return case.finish()


@transaction.atomic
def give_to_team(
    *,
    incident: Incident,
    actor: User,
    team: Team,
    at: datetime,
    text: str = "",
    unchanged_since: int | None = None,
) -> Incident:
    """Put an open incident into a specialist team's inbox: its members see it from now on."""
    if not team.is_active:
        raise Refused(_("%(team)s takes no incidents.") % {"team": team.name}, field="team")
    case = _open(incident, at, unchanged_since, actor)
    if not case.incident.handlings.filter(team=team, until__isnull=True).exists():
        hand_to_team(case.incident, team, at, by=actor)
        _record(case, "handed_to_team", actor, text, {"team": team.pk})
    return case.finish()


@transaction.atomic
def take(*, incident: Incident, actor: User, at: datetime) -> Incident:
    """Take an incident that nobody else has been assigned: one of the team's inbox, say."""
    case = _open(incident, at)
    holder = assignee(case.incident)
    if holder == actor:
        return case.finish()
    if holder is not None:
        raise Conflict(_("%(name)s has it already.") % {"name": holder.name})
    hand_over(case.incident, [actor], at, by=actor)
    _record(case, "assigned", actor, "", {"to": actor.pk})
    return case.finish()


@transaction.atomic
def hand_back(*, incident: Incident, actor: User, at: datetime, text: str = "") -> Incident:
    """Give back what is on one's own desk, or in the inbox of one's team, saying why."""
    case = _open(incident, at)
    held = Handling.held_by(actor).filter(incident=case.incident, reason=Handling.Reason.ASSIGNED)
    on_desk = held.filter(user=actor)
    if not held.exists():
        raise NotAllowed(_("This incident is not on your desk."))
    teams = [] if on_desk.exists() else [row.team_id for row in held if row.team_id]
    held.filter(user=actor).update(until=at)
    held.filter(team__in=teams).update(until=at)
    _record(case, "handed_back", actor, text, {"teams": teams})
    return case.finish()


def assignee(incident: Incident) -> User | None:
    """Return on whose desk the incident lies, if it was assigned."""
    assigned = incident.handlings.filter(
        reason=Handling.Reason.ASSIGNED, until__isnull=True, user__isnull=False
    )
    latest = assigned.select_related("user").order_by("-since", "-id").first()
    return latest.user if latest else None


def _open(
    incident: Incident, at: datetime, unchanged_since: int | None = None, actor: User | None = None
) -> Case:
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    if not case.incident.is_open:
        raise Conflict(_("This incident is closed."))
    return case


def _record(case: Case, kind: str, actor: User, text: str, data: dict[str, object]) -> None:
    message = case.write(actor, MessageKind.NOTE, text) if text else None
    case.record(kind, actor=actor, message=message, data=data)
