"""What the customer's side is told by mail: the author and the followers (SPEC 18).

Internal notes have no letter, and no mail is written on an event whose text is one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Role, User
from incidents.models import Handling
from incidents.notifications import rows
from incidents.notifications.events import Event
from incidents.notifications.mails import Letter, Letters, Recipient, send
from incidents.notifications.rows import Row

_REOPEN: Final = _("Reopen the incident")


def reached(event: Event) -> Row | None:
    """Name the people whom an escalation reached, and when."""
    handed = event.incident.handlings.filter(
        reason=Handling.Reason.ESCALATED, since=event.entry.at, user__isnull=False
    )
    names = list(handed.order_by("user").values_list("user__name", flat=True))
    when = rows.instants(event.entry.at, event.incident.certificate.office)
    return Row(_text("It reached"), [", ".join(names), *when]) if names else None


def acknowledge_by(event: Event) -> Row | None:
    """Say until when an escalation is to be acknowledged before it goes up by itself."""
    until = event.entry.data.get("acknowledge_by")
    if until is None:
        return None
    office = event.incident.certificate.office
    lines = rows.instants(datetime.fromisoformat(until), office)
    return Row(_text("To be acknowledged by"), lines)


LETTERS: Final[Letters] = {
    "filed": Letter(
        _("Received"),
        _(
            "Your incident has reached us.\n\n"
            "This is an automatic receipt and no qualified response. A specialist will answer by "
            "the time below at the latest; an answer need not be a solution."
        ),
        (rows.filed_by, rows.severity, rows.answer_due, rows.call_required),
    ),
    "responded": Letter(_("We have answered"), _("%(name)s has answered.")),
    "replied": Letter(_("A message from us"), _("%(name)s has written a message.")),
    "asked": Letter(
        _("We have a question"),
        _("%(name)s needs something from you. Whatever you answer, the next move is ours again."),
        (rows.answer_by,),
        _("Answer"),
    ),
    "solution_offered": Letter(
        _("We offer a solution"),
        _("%(name)s offers a solution. Please accept it, or tell us what is still wrong."),
        (rows.lowered_severity, rows.answer_by),
        _("Accept or decline"),
    ),
    "workaround_recorded": Letter(
        _("A workaround"),
        _(
            "%(name)s has found a way to live with this incident until it is solved. Please tell "
            "us if it does not work."
        ),
        (rows.severity, rows.answer_due),
    ),
    "severity_changed": Letter(
        _("Severity changed"),
        _("%(name)s has changed the severity. You can answer the reason given."),
        (rows.severity, rows.answer_due),
    ),
    "taken_back": Letter(
        _("Nothing to do for you"),
        _("Our last question or offer no longer stands. The next move is ours again."),
    ),
    "reminded": Letter(
        ngettext_lazy(
            "Reminder: %(days)d day left to answer",
            "Reminder: %(days)d days left to answer",
            "days",
        ),
        _("The next move is yours. Without a word from you this incident closes by itself."),
        (rows.answer_by,),
        _("Answer"),
    ),
    "expired": Letter(
        _("Closed without a reply"),
        _(
            "No reply has reached us in the time agreed, so this incident is closed.\n\n"
            "If it is not solved, please reopen it on its page. Later than the time below, please "
            "file a new incident that names this one."
        ),
        (rows.reopen_until,),
        _REOPEN,
    ),
    "expiry_set_aside": Letter(
        _("Open again"),
        _("A message arrived in time after all: this incident was closed by mistake and is open."),
    ),
    "withdrawn": Letter(
        _("Withdrawn"),
        _("%(name)s has withdrawn this incident. It is closed."),
        (rows.reopen_until,),
    ),
    "accepted": Letter(
        _("Solved"),
        _("%(name)s has accepted the solution. The incident is closed."),
        (rows.reopen_until,),
    ),
    "declined": Letter(
        _("Solution declined"),
        _("%(name)s has declined the solution. The next move is ours."),
    ),
    "answered": Letter(_("A message from %(name)s"), _("%(name)s has written a message.")),
    "reopened": Letter(
        _("Reopened"), _("%(name)s has reopened this incident."), (rows.severity, rows.answer_due)
    ),
    "escalated": Letter(
        _("Escalated to level %(level)s"),
        _("%(name)s has escalated this incident. It stands at level %(level)s."),
        (reached, acknowledge_by),
    ),
    "escalation_acknowledged": Letter(
        _("Escalation acknowledged by %(name)s"),
        _("%(name)s has taken note of the escalation to level %(level)s and sees to it."),
    ),
    "escalation_answered": Letter(
        _("Escalation answered by %(name)s"),
        _("%(name)s has answered the escalation to level %(level)s."),
    ),
    "clock_breached": Letter(
        _("Our answer is late"),
        _(
            "We promised a first answer by the time below and have not given it. The incident has "
            "gone to the head of our support team."
        ),
        (rows.severity, rows.answer_was_due, rows.phone),
    ),
    "breach_set_aside": Letter(
        _("Our answer was in time"),
        _(
            "A record that was made later shows that we answered in time. What we told you about a "
            "late answer no longer holds."
        ),
        (rows.answer_was_due,),
    ),
    "clock_moved": Letter(
        _("A new time for our answer"),
        _("The working hours of our office have changed, and the time of our answer with them."),
        (rows.due_moved,),
    ),
    "call_logged": Letter(
        _("Call logged"),
        _("%(name)s has logged a call with %(caller)s."),
        (rows.answer_due,),
    ),
}


# An escalation that nobody acknowledged in time.
CLIMBED: Final = Letter(
    _("Gone up to level %(level)s"),
    _(
        "The escalation was not acknowledged in time. It has gone up to level %(level)s by itself, "
        "without anything to do for you."
    ),
    (reached, acknowledge_by),
)

# The same of what a programme promises besides the first response.
FURTHER: Final[Letters] = {
    "clock_breached": Letter(
        _("We are late: %(promise)s"),
        _(
            "We promised you more than an answer, and have not kept the time below. The incident "
            "has gone to the head of our support team."
        ),
        (rows.severity, rows.was_due, rows.phone),
    ),
    "breach_set_aside": Letter(
        _("We were in time: %(promise)s"),
        _(
            "A record that was made later shows that we kept our promise. What we told you about "
            "being late no longer holds."
        ),
        (rows.was_due,),
    ),
    "clock_moved": Letter(
        _("A new time: %(promise)s"),
        _("The working hours of our office have changed, and the time of our promise with them."),
        (rows.due_moved,),
    ),
}


def notify(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell author and followers of an event; its author only gets the receipt of filing."""
    event = Event.load(payload)
    letter = _letter(event)
    if letter is None or event.is_internal or event.is_told_with_another:
        return
    send(letter, event, _recipients(event), at=at)


def _letter(event: Event) -> Letter | None:
    if event.kind == "escalated" and event.entry.data.get("cause") == "silence":
        return CLIMBED
    return (LETTERS if event.is_of_response else FURTHER).get(event.kind)


def _recipients(event: Event) -> list[Recipient]:
    incident = event.incident
    concerned = (
        User.objects.filter(
            Q(pk=incident.author_id) | Q(pk__in=incident.followers.values("user")),
            role=Role.CONTACT,
            customer=incident.customer_id,
            is_active=True,
            # Whom no certificate names any more can no longer sign in, and is told nothing.
            contact_slots__isnull=False,
        )
        .distinct()
        .order_by("pk")
    )
    return [
        Recipient(
            user,
            _("You get this mail because this incident is yours.")
            if user.pk == incident.author_id
            else _("You get this mail because you follow this incident."),
        )
        for user in concerned
        if user.pk != event.entry.actor_id or _is_receipt(event, user)
    ]


def _is_receipt(event: Event, user: User) -> bool:
    return event.kind == "filed" and user.pk == event.incident.author_id
