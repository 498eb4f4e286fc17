"""What the customer's contacts do on an incident (SPEC 6)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, NotAllowed
from accounts.models import User
from incidents.actions.attachments import Files, attach
from incidents.actions.case import Case
from incidents.actions.points import answerable, drop_open, tick, with_answers
from incidents.models import Incident, MessageKind, SideInterval
from incidents.states import Channel, Closure, Side, State

REOPEN_WITHIN = timedelta(hours=14 * 24)  # SPEC 6; later on, a follow-up is filed


@transaction.atomic
def answer(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    points: Mapping[int, str] | None = None,
    files: Files = (),
    channel: Channel = Channel.PORTAL,
) -> Incident:
    """Take a contact's message: the answer if one was awaited, else an addition.

    `points` answers, by key, what was asked for; whatever is answered returns the side, and what is
    not stays listed. Raises `Conflict` for a point that is not open any more.

    A message that arrived before the month's end keeps the incident open, even if the end was
    noticed first (SPEC 8). On a closed incident it is refused; the portal reopens instead.
    """
    case = Case.open(incident, at=at)
    if _expired_meanwhile(case):
        _undo_expiry(case)
    elif case.incident.side is Side.CUSTOMER:
        case.move(case.incident.answer)
    elif not case.incident.is_open:
        raise Conflict(_("This incident was closed. You can reopen it with your message."))
    answers = points or {}
    answered = answerable(case, answers)
    said = with_answers(text, answered, answers)
    message = case.write(actor, MessageKind.REPLY, said, channel=channel)
    tick(answered, answers, message)
    attach(message, files)
    case.incident.customer_wrote_at = at
    data = {"points": len(answered)} if answered else {}
    case.record("answered", actor=actor, message=message, data=data)
    case.clocks.customer_wrote()
    return case.finish()


@transaction.atomic
def accept(*, incident: Incident, actor: User, text: str, at: datetime) -> Incident:
    """Accept the solution: the incident is solved, and nothing is asked for any more."""
    case = Case.open(incident, at=at)
    case.move(case.incident.accept, at=at)
    drop_open(case)
    message = case.write(actor, MessageKind.REPLY, text) if text else None
    case.record("accepted", actor=actor, message=message)
    return case.finish()


@transaction.atomic
def decline(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    files: Files = (),
) -> Incident:
    """Decline the solution, saying what is still wrong; in time is in time, as for an answer."""
    case = Case.open(incident, at=at)
    if _expired_meanwhile(case):
        _undo_expiry(case)
    else:
        case.move(case.incident.decline)
    message = case.write(actor, MessageKind.REPLY, text)
    attach(message, files)
    case.incident.customer_wrote_at = at
    case.record("declined", actor=actor, message=message)
    case.clocks.customer_wrote()
    return case.finish()


@transaction.atomic
def withdraw(*, incident: Incident, actor: User, text: str, at: datetime) -> Incident:
    """Withdraw the incident, with a reason if one was given."""
    case = Case.open(incident, at=at)
    case.move(case.incident.withdraw, at=at)
    drop_open(case)
    message = case.write(actor, MessageKind.REASON, text) if text else None
    case.record("withdrawn", actor=actor, message=message)
    return case.finish()


@transaction.atomic
def reopen(
    *,
    incident: Incident,
    actor: User,
    at: datetime,
    text: str = "",
    files: Files = (),
    channel: Channel = Channel.PORTAL,
) -> Incident:
    """Reopen a closed incident: contacts within 14 days, staff at any time (SPEC 6, 7.12).

    One that never had a qualified response gets a new response clock, as if received now; reopened
    by staff, it counts as reported by phone. Files need a text to go with.
    """
    case = Case.open(incident, at=at)
    _check_reopening(case, actor)
    answered = case.incident.responded_at is not None
    case.move(case.incident.reopen if answered else case.incident.reopen_unanswered)
    message = case.write(actor, MessageKind.REPLY, text, channel=channel) if text else None
    if message is not None:
        attach(message, files)
    if actor.is_contact:
        case.incident.customer_wrote_at = at
    case.record("reopened", actor=actor, message=message)
    case.clocks.reopened(by_contact=actor.is_contact)
    return case.finish()


def may_reopen(incident: Incident, actor: User, at: datetime) -> bool:
    """Whether the rules let this person reopen the incident at an instant."""
    if incident.closed_at is None:
        return False
    if not actor.is_contact:
        return True
    return incident.closure != Closure.OUT_OF_SCOPE and at <= incident.closed_at + REOPEN_WITHIN


def _check_reopening(case: Case, actor: User) -> None:
    if case.incident.state != State.CLOSED:
        raise Conflict(_("This incident is open already."))
    if may_reopen(case.incident, actor, case.at):
        return
    if case.incident.closure == Closure.OUT_OF_SCOPE:
        raise NotAllowed(_("This incident is out of scope; only our staff can reopen it."))
    raise NotAllowed(_("An incident can be reopened for 14 days. Please file a follow-up instead."))


def _expired_meanwhile(case: Case) -> bool:
    """Whether the clock closed the incident at or after the instant the message arrived."""
    incident = case.incident
    return (
        incident.closure == Closure.NO_REPLY
        and incident.closed_at is not None
        and case.at <= incident.closed_at
    )


def _undo_expiry(case: Case) -> None:
    last = SideInterval.objects.filter(incident=case.incident).latest("id")
    if case.incident.closed_at:
        case.clocks.expiry_undone(case.incident.closed_at)
    case.move(case.incident.undo_expiry)
    last.ended_at = case.at
    last.save(update_fields=["ended_at"])
    case.record("expiry_set_aside")
