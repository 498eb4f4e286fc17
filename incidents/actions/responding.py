"""What the vendor's staff do on an incident (SPEC 6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Refused
from accounts.models import User
from incidents.actions import hindsight
from incidents.actions.attachments import Files, attach
from incidents.actions.case import Case
from incidents.actions.mentions import mentioned_in
from incidents.actions.points import ask_for, check_points, drop_open, next_number, with_points
from incidents.models import Incident, Message, MessageKind
from incidents.states import Channel, Side, State

CALL_LOGGED_WITHIN = timedelta(hours=24)  # SPEC 7.9: how far back a call may be entered


@transaction.atomic
def respond(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    qualified: bool = True,
    points: Sequence[str] = (),
    files: Files = (),
    unchanged_since: int | None = None,
) -> Incident:
    """Answer the customer; a qualified answer stops the response clock (SPEC 7.5).

    An unqualified one is a message and moves nothing, whoever has the next move; on a closed
    incident it is refused. With `points` the customer is asked as well: on the vendor's side that
    is `ask_customer`; on the customer's side the points are added and prolong nothing (SPEC 6).
    """
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    if points and case.incident.side is Side.VENDOR:
        return _ask(case, actor, text, points, files)
    qualified = qualified and not points
    if qualified:
        case.move(case.incident.respond)
    _require_open(case)
    message = _write(case, actor, MessageKind.REPLY, text, points, qualified=qualified)
    attach(message, files)
    case.record(
        "responded" if qualified else "replied",
        actor=actor,
        message=message,
        data=_counted(points),
    )
    case.clocks.customer_was_told(qualified=qualified)
    return case.finish()


@transaction.atomic
def ask_customer(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    points: Sequence[str] = (),
    files: Files = (),
    unchanged_since: int | None = None,
) -> Incident:
    """Ask for what is missing: a qualified response that starts the month (SPEC 8).

    `points` are listed below the words, numbered on from those asked before, which stay as they
    are: open ones are still asked for.
    """
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    return _ask(case, actor, text, points, files)


@transaction.atomic
def offer_solution(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    workaround: bool = False,
    files: Files = (),
    unchanged_since: int | None = None,
) -> Incident:
    """Offer a fix or a workaround; the month starts if the side changes, and else runs on.

    Offered as a `workaround`, it is recorded as one too: severity 1 becomes 2 by itself (SPEC 5).
    """
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    case.move(case.incident.offer_solution, until=case.month_end())
    message = case.write(actor, MessageKind.SOLUTION, text, qualified=True)
    attach(message, files)
    case.record("solution_offered", actor=actor, message=message, data=_until(case))
    if workaround:
        case.record("workaround_recorded", actor=actor, data={"with": "solution"})
        case.clocks.workaround_recorded()
    case.clocks.customer_was_told(qualified=True)
    if workaround:
        _lower_for_workaround(case, actor)
    return case.finish()


@transaction.atomic
def take_back(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    unchanged_since: int | None = None,
) -> Incident:
    """Take a question or an offer back: it no longer stands, the move is ours again.

    No point is asked for any more.
    """
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    case.move(case.incident.take_back)
    drop_open(case)
    message = case.write(actor, MessageKind.REASON, text) if text else None
    case.record("taken_back", actor=actor, message=message)
    return case.finish()


@transaction.atomic
def add_note(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    files: Files = (),
    channel: Channel = Channel.PORTAL,
) -> Incident:
    """Write an internal note, which no customer ever sees; colleagues named after an @ are told.

    Raises `Refused` for a mention of somebody who cannot see the incident.
    """
    case = Case.open(incident, at=at)
    called = mentioned_in(text, case.incident, actor=actor, at=at)
    message = case.write(actor, MessageKind.NOTE, text, channel=channel)
    attach(message, files)
    data = {"mentions": [person.pk for person in called]} if called else {}
    case.record("noted", actor=actor, message=message, data=data)
    return case.finish()


@transaction.atomic
def record_workaround(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    unchanged_since: int | None = None,
) -> Incident:
    """Record a workaround and send it to the author; severity 1 becomes 2 by itself (SPEC 5)."""
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    _require_open(case)
    message = case.write(actor, MessageKind.WORKAROUND, text)
    case.record("workaround_recorded", actor=actor, message=message)
    case.clocks.workaround_recorded()
    case.clocks.customer_was_told(qualified=False)
    _lower_for_workaround(case, actor)
    return case.finish()


@transaction.atomic
def change_severity(
    *,
    incident: Incident,
    actor: User,
    severity: int,
    text: str,
    at: datetime,
    unchanged_since: int | None = None,
) -> Incident:
    """Change the severity with a reason that the customer reads (SPEC 5, 7.6).

    Setting the severity that it has already does nothing.
    """
    if severity not in {1, 2, 3, 4}:
        raise Refused(_("A severity is a number from 1 to 4."), field="severity")
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    _require_open(case)
    if severity == case.incident.severity:
        return case.finish()
    message = case.write(actor, MessageKind.REASON, text)
    _set_severity(case, severity, actor=actor, reason="staff", message=message)
    return case.finish()


@transaction.atomic
def log_call(
    *,
    incident: Incident,
    actor: User,
    caller: User,
    qualified: bool,
    text: str,
    at: datetime,
    logged_at: datetime | None = None,
    details: Mapping[str, object] | None = None,
) -> Incident:
    """Log a phone call at its instant, up to 24 hours back (SPEC 7.4, 7.5, 7.9, 17).

    A call starts a clock that waits for one. A qualified call is a response when the next move was
    the vendor's at that instant, whatever has happened since. `details` go into the journal too.
    """
    logged_at = logged_at or at
    if not timedelta(0) <= logged_at - at <= CALL_LOGGED_WITHIN:
        raise Refused(_("A call is logged within 24 hours of its time."), field="called_at")
    if at < incident.received_at:
        raise Refused(_("The call lies before the incident was received."), field="called_at")
    if not incident.certificate.contacts.filter(user=caller).exists():
        raise Refused(_("Only a contact of the certificate can call."), field="caller")
    case = Case.open(incident, at=at, recorded_at=logged_at)
    if at == logged_at:
        _require_open(case)
    side = case.side_at(at)
    answers = qualified and side is Side.VENDOR
    message = case.write(actor, MessageKind.CALL, text, qualified=answers, channel=Channel.PHONE)
    case.record(
        "call_logged",
        actor=actor,
        message=message,
        data={**(details or {}), "caller": caller.pk, "qualified": answers},
    )
    case.clocks.called()
    if answers and case.incident.side is Side.VENDOR:
        case.move(case.incident.respond)
    if at == logged_at:
        case.clocks.customer_was_told(qualified=answers)
    elif side is not None:
        hindsight.customer_was_told(case.clocks, qualified=answers)
    return case.finish()


def _ask(case: Case, actor: User, text: str, points: Sequence[str], files: Files) -> Incident:
    case.move(case.incident.ask, until=case.month_end())
    message = _write(case, actor, MessageKind.QUESTION, text, points, qualified=True)
    attach(message, files)
    case.record("asked", actor=actor, message=message, data=_until(case) | _counted(points))
    case.clocks.customer_was_told(qualified=True)
    return case.finish()


def _write(
    case: Case, actor: User, kind: MessageKind, text: str, points: Sequence[str], *, qualified: bool
) -> Message:
    """Write a message, with its points in it and on the list of what is asked for."""
    if not points:
        return case.write(actor, kind, text, qualified=qualified)
    check_points(points)
    first = next_number(case)
    message = case.write(actor, kind, with_points(text, points, first), qualified=qualified)
    ask_for(case, message, points, first)
    return message


def _counted(points: Sequence[str]) -> dict[str, Any]:
    return {"points": len(points)} if points else {}


def _lower_for_workaround(case: Case, actor: User) -> None:
    if case.incident.severity == 1:
        _set_severity(case, 2, actor=actor, reason="workaround")


def _require_open(case: Case) -> None:
    if case.incident.state == State.CLOSED:
        raise Conflict(_("This incident is closed."))


def _until(case: Case) -> dict[str, Any]:
    until = case.incident.customer_side_until
    return {"until": until.isoformat()} if until else {}


def _set_severity(
    case: Case, severity: int, *, actor: User, reason: str, message: Message | None = None
) -> None:
    before, case.incident.severity = case.incident.severity, severity
    case.record(
        "severity_changed",
        actor=actor,
        message=message,
        data={"from": before, "to": severity, "reason": reason},
    )
    case.clocks.severity_changed(before=before)
