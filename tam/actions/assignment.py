"""Who has an incident: one person, and the specialist teams it was handed to (SPEC 4, 11)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Team, User
from incidents.actions.case import Case
from incidents.actions.handing import end, hand_over, hand_to_team, take_from
from incidents.models import Handling, Incident, Message, MessageKind
from tam.queries.people import WORKS_ON_INCIDENTS


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
    already does nothing but keep the note. The teams that have it keep it.
    """
    if to is not None and (to.role not in WORKS_ON_INCIDENTS or not to.is_active):
        raise Refused(_("%(name)s does not work on incidents.") % {"name": to.name}, field="to")
    case = _open(incident, at, unchanged_since, actor)
    holder = assignee(case.incident)
    if to != holder:
        _move(case, holder, to, actor, text)
    elif text:
        case.record("noted", actor=actor, message=_noted(case, actor, text))
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
    """Put an open incident into a specialist team's inbox: its members see it from now on.

    `text` tells the team what is asked of it. Where it lies with them already, nothing happens but
    that the text is kept as a note.
    """
    if not team.is_active:
        raise Refused(_("%(team)s takes no incidents.") % {"team": team.name}, field="to")
    case = _open(incident, at, unchanged_since, actor)
    if not case.incident.handlings.filter(team=team, until__isnull=True).exists():
        hand_to_team(case.incident, team, at, by=actor)
        message = _noted(case, actor, text)
        case.record("handed_to_team", actor=actor, message=message, data={"team": team.pk})
    elif text:
        case.record("noted", actor=actor, message=_noted(case, actor, text))
    return case.finish()


@transaction.atomic
def take(*, incident: Incident, actor: User, at: datetime) -> Incident:
    """Take an incident that nobody else has been assigned: one of the team's inbox, say.

    What was handed to a team, its members may take over from somebody who is none of them.
    """
    if actor.role not in WORKS_ON_INCIDENTS:
        raise NotAllowed(_("You do not work on incidents."))
    case = _open(incident, at)
    holder = assignee(case.incident)
    if holder == actor:
        return case.finish()
    if holder is not None and not _passed_on(case.incident, holder, actor):
        raise Conflict(_("%(name)s has it already.") % {"name": holder.name})
    _move(case, holder, actor, actor, "")
    return case.finish()


@transaction.atomic
def hand_back(*, incident: Incident, actor: User, at: datetime, text: str = "") -> Incident:
    """Give back what is on one's own desk, else what is in the inbox of one's teams, saying why."""
    case = _open(incident, at)
    held = Handling.held_by(actor).filter(incident=case.incident, reason=Handling.Reason.ASSIGNED)
    on_desk = [row.pk for row in held if row.user_id == actor.pk]
    with_teams = {row.pk: row.team_id for row in held if row.user_id is None}
    if not on_desk and not with_teams:
        raise NotAllowed(_("This incident is not on your desk."))
    teams = [] if on_desk else sorted(team for team in with_teams.values() if team)
    end(Handling.objects.filter(pk__in=on_desk or list(with_teams)), at)
    message = _noted(case, actor, text)
    case.record("handed_back", actor=actor, message=message, data={"teams": teams})
    return case.finish()


def assignee(incident: Incident) -> User | None:
    """Return on whose desk the incident lies, if it was assigned."""
    assigned = incident.handlings.filter(
        reason=Handling.Reason.ASSIGNED, until__isnull=True, user__isnull=False
    )
    latest = assigned.select_related("user").order_by("-since", "-id").first()
    return latest.user if latest else None


def _move(case: Case, holder: User | None, to: User | None, actor: User, text: str) -> None:
    take_from(case.incident, case.at, people=True)
    if to is not None:
        hand_over(case.incident, [to], case.at, by=actor)
    data = {"from": holder.pk if holder else None, "to": to.pk if to else None}
    case.record("assigned", actor=actor, message=_noted(case, actor, text), data=data)


def _passed_on(incident: Incident, holder: User, actor: User) -> bool:
    """Whether it lies with a team of the actor's, and the holder is in none that has it."""
    teams = incident.handlings.filter(until__isnull=True, team__isnull=False)
    holders_teams = teams.filter(team__members=holder)
    return teams.filter(team__members=actor).exists() and not holders_teams.exists()


def _open(
    incident: Incident, at: datetime, unchanged_since: int | None = None, actor: User | None = None
) -> Case:
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    if not case.incident.is_open:
        raise Conflict(_("This incident is closed."))
    return case


def _noted(case: Case, actor: User, text: str) -> Message | None:
    return case.write(actor, MessageKind.NOTE, text) if text else None
