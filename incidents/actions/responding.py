"""What the vendor's staff do on an incident (SPEC 6)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Refused
from accounts.models import User
from incidents.actions import hindsight
from incidents.actions.attachments import Files, attach
from incidents.actions.case import Case
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
    files: Files = (),
    unchanged_since: int | None = None,
) -> Incident:
    """Answer the customer; a qualified answer stops the response clock (SPEC 7.5).

    An unqualified one is a message and moves nothing, whoever has the next move; on a closed
    incident it is refused.
    """
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    if qualified:
        case.move(case.incident.respond)
    _require_open(case)
    message = case.write(actor, MessageKind.REPLY, text, qualified=qualified)
    attach(message, files)
    case.record("responded" if qualified else "replied", actor=actor, message=message)
    case.clocks.customer_was_told(qualified=qualified)
    return case.finish()


@transaction.atomic
def ask_customer(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    files: Files = (),
    unchanged_since: int | None = None,
) -> Incident:
    """Ask for what is missing: a qualified response that starts the month (SPEC 8)."""
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    case.move(case.incident.ask, until=case.month_end())
    message = case.write(actor, MessageKind.QUESTION, text, qualified=True)
    attach(message, files)
    case.record("asked", actor=actor, message=message, data=_until(case))
    case.clocks.customer_was_told(qualified=True)
    return case.finish()


@transaction.atomic
def offer_solution(
    *,
    incident: Incident,
    actor: User,
    text: str,
    at: datetime,
    files: Files = (),
    unchanged_since: int | None = None,
) -> Incident:
    """Offer a fix or a workaround; the month starts if the side changes, and else runs on."""
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    case.move(case.incident.offer_solution, until=case.month_end())
    message = case.write(actor, MessageKind.SOLUTION, text, qualified=True)
    attach(message, files)
    case.record("solution_offered", actor=actor, message=message, data=_until(case))
    case.clocks.customer_was_told(qualified=True)
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
    """Take a question or an offer back: it no longer stands, the move is ours again."""
    case = Case.open(incident, at=at, unchanged_since=unchanged_since, actor=actor)
    case.move(case.incident.take_back)
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
) -> Incident:
    """Write an internal note, which no customer ever sees."""
    case = Case.open(incident, at=at)
    message = case.write(actor, MessageKind.NOTE, text)
    attach(message, files)
    case.record("noted", actor=actor, message=message)
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
    if case.incident.severity == 1:
        _set_severity(case, 2, actor=actor, reason="workaround")
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
) -> Incident:
    """Log a phone call at its instant, up to 24 hours back (SPEC 7.4, 7.5, 7.9, 17).

    A call starts a clock that waits for one. A qualified call is a response when the next move was
    the vendor's at that instant, whatever has happened since.
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
        data={"caller": caller.pk, "qualified": answers},
    )
    case.clocks.called()
    if answers and case.incident.side is Side.VENDOR:
        case.move(case.incident.respond)
    if at == logged_at:
        case.clocks.customer_was_told(qualified=answers)
    elif side is not None:
        hindsight.customer_was_told(case.clocks, qualified=answers)
    return case.finish()


def _require_open(case: Case) -> None:
    if case.incident.state == State.CLOSED:
        raise Conflict(_("This incident is closed."))


def _until(case: Case) -> dict[str, str]:
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
