"""A phone call as it was held, from its start to its end (SPEC 7.5, 17)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from incidents.actions import responding
from incidents.models import Incident

LASTS_AT_MOST = timedelta(hours=8)  # a working day on the line; beyond, an end was forgotten


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """A call's instants: `answered_at` is when a qualified response was given, None if none was.

    `is_identified`: the caller told their call-in code.
    """

    started_at: datetime
    ended_at: datetime
    answered_at: datetime | None = None
    is_identified: bool = True

    def counts_at(self, received_at: datetime) -> datetime:
        """Return the instant that the clocks are told of: the response, else the call's start.

        A call during which the incident was filed counts from its reception.
        """
        if self.answered_at is not None:
            return self.answered_at
        return max(self.started_at, received_at) if self.ended_at >= received_at else self.ended_at


@transaction.atomic
def log_phone_call(
    *,
    incident: Incident,
    actor: User,
    caller: User,
    call: PhoneCall,
    text: str,
    at: datetime,
) -> Incident:
    """Log a call that has ended, up to 24 hours back; `at` is when it is logged.

    Raises `Refused` for times that cannot be, and for a qualified response to somebody who was not
    identified; else as `responding.log_call`.
    """
    _check(call, at)
    return responding.log_call(
        incident=incident,
        actor=actor,
        caller=caller,
        qualified=call.answered_at is not None,
        text=text,
        at=call.counts_at(incident.received_at),
        logged_at=at,
        details={
            "started_at": call.started_at.astimezone(UTC).isoformat(),
            "ended_at": call.ended_at.astimezone(UTC).isoformat(),
            "identified": call.is_identified,
        },
    )


def knows_code(*, incident: Incident, caller: User, code: str) -> bool:
    """Whether a code is the contact's own on the incident's certificate; blanks do not matter."""
    contact = incident.certificate.contacts.filter(user=caller).first()
    told = "".join(code.split())
    return contact is not None and constant_time_compare(told, contact.call_in_code)


def _check(call: PhoneCall, at: datetime) -> None:
    if call.ended_at > at:
        raise Refused(_("The call has not ended yet."), field="ended_at")
    if call.started_at > at:
        raise Refused(_("The call has not begun yet."), field="called_at")
    if call.started_at < at - responding.CALL_LOGGED_WITHIN:
        raise Refused(_("A call is logged within 24 hours of its time."), field="called_at")
    if call.ended_at < call.started_at:
        raise Refused(_("The call ends before it begins."), field="ended_at")
    if call.ended_at - call.started_at > LASTS_AT_MOST:
        raise Refused(_("No call lasts that long. When did it end?"), field="ended_at")
    if call.answered_at is None:
        return
    if not call.started_at <= call.answered_at <= call.ended_at:
        raise Refused(_("The response was given during the call."), field="answered_at")
    if not call.is_identified:
        raise Refused(
            _("A qualified response is given only to a caller who tells the call-in code."),
            field="code",
        )
