"""What the vendor's side is told by mail: whoever is responsible, and who must know (SPEC 18)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from accounts.models import Certificate, User
from incidents.notifications import rows
from incidents.notifications.customer import acknowledge_by
from incidents.notifications.events import Event
from incidents.notifications.mails import Letter, Letters, Recipient, send
from incidents.notifications.rows import Row
from incidents.queries.colleagues import colleagues_on
from tam.models import Escalation
from tam.queries.paging import paged_by
from tam.responsible import (
    StandIn,
    on_duty,
    responsible_for,
    team_heads,
)


def _acknowledge_breach_by(event: Event) -> Row | None:
    escalation = _of_breach(event)
    if escalation is None or escalation.acknowledge_by is None:
        return None
    office = event.incident.certificate.office
    return Row(_text("To be acknowledged by"), rows.instants(escalation.acknowledge_by, office))


def _of_breach(event: Event) -> Escalation | None:
    return Escalation.objects.filter(
        incident=event.incident, cause=Escalation.Cause.BREACH, opened_at=event.entry.at
    ).first()


LETTERS: Final[Letters] = {
    "filed": Letter(
        _("New, severity %(severity)s"),
        _("%(author)s has an incident."),
        (
            rows.customer,
            rows.contact,
            rows.subject_matter,
            rows.severity,
            rows.answer_due,
            rows.waits_for_call,
        ),
    ),
    "responded": Letter(
        _("Answered by %(name)s"), _("%(name)s has given a qualified response."), (rows.customer,)
    ),
    "replied": Letter(
        _("A message from %(name)s"), _("%(name)s has written a message."), (rows.customer,)
    ),
    "asked": Letter(
        _("Question asked"),
        _("%(name)s has asked the customer."),
        (rows.customer, rows.answer_by),
    ),
    "solution_offered": Letter(
        _("Solution offered"),
        _("%(name)s has offered a solution."),
        (rows.customer, rows.lowered_severity, rows.answer_by),
    ),
    "workaround_recorded": Letter(
        _("Workaround recorded"),
        _("%(name)s has recorded a workaround and sent it to the author."),
        (rows.customer, rows.severity, rows.answer_due),
    ),
    "severity_changed": Letter(
        _("Severity changed"),
        _("%(name)s has changed the severity."),
        (rows.customer, rows.severity, rows.answer_due),
    ),
    "taken_back": Letter(
        _("Taken back"),
        _("%(name)s has taken the question or offer back. The next move is ours."),
        (rows.customer,),
    ),
    "expired": Letter(
        _("Closed without a reply"),
        _("The customer has not replied in the time agreed, so this incident is closed."),
        (rows.customer, rows.reopen_until),
    ),
    "withdrawn": Letter(
        _("Withdrawn"),
        _("%(name)s has withdrawn this incident. It is closed."),
        (rows.customer, rows.reopen_until),
    ),
    "accepted": Letter(
        _("Solved"),
        _("%(name)s has accepted the solution. The incident is closed."),
        (rows.customer, rows.reopen_until),
    ),
    "declined": Letter(
        _("Solution declined"),
        _("%(name)s has declined the solution. The next move is ours."),
        (rows.customer, rows.severity),
    ),
    "answered": Letter(
        _("A message from %(name)s"),
        _("%(name)s has written a message."),
        (rows.customer, rows.severity, rows.answer_due),
    ),
    "reopened": Letter(
        _("Reopened"),
        _("%(name)s has reopened this incident. The next move is ours."),
        (rows.customer, rows.severity, rows.answer_due),
    ),
    "escalated": Letter(
        _("Escalated to level %(level)s"),
        _("%(name)s has escalated this incident. It stands at level %(level)s."),
        (rows.customer, rows.severity, rows.answer_due, acknowledge_by),
    ),
    "escalation_acknowledged": Letter(
        _("Escalation acknowledged by %(name)s"),
        _("%(name)s has taken note of the escalation to level %(level)s."),
        (rows.customer, rows.severity),
    ),
    "escalation_answered": Letter(
        _("Escalation answered by %(name)s"),
        _("%(name)s has answered the escalation to level %(level)s."),
        (rows.customer, rows.severity),
    ),
    "clock_warned": Letter(
        _("%(percentage)s %% of the response time is gone"),
        _("No qualified response has been given yet."),
        (rows.customer, rows.severity, rows.answer_due),
    ),
    "clock_breached": Letter(
        _("Response time missed"),
        _(
            "No qualified response was given by the time below. The incident is escalated to "
            "level 2, and its author has been told."
        ),
        (rows.customer, rows.severity, rows.answer_was_due, _acknowledge_breach_by),
    ),
    "breach_set_aside": Letter(
        _("Breach set aside"),
        _("A record that was made later shows that the response was in time."),
        (rows.customer, rows.answer_was_due),
    ),
    "clock_moved": Letter(
        _("Due time moved"),
        _("The office's calendar has changed, and with it when the answer is due."),
        (rows.customer, rows.due_moved),
    ),
    "call_logged": Letter(
        _("Call logged"),
        _("%(name)s has logged a call with %(caller)s."),
        (rows.customer, rows.answer_due),
    ),
}

# An escalation that nobody acknowledged in time.
CLIMBED: Final = Letter(
    _("Gone up to level %(level)s"),
    _(
        "Nobody acknowledged the escalation in time. It has gone up to level %(level)s by itself, "
        "and the customer has been told."
    ),
    (rows.customer, rows.severity, rows.answer_due, acknowledge_by),
)

# The same of what a programme promises besides the first response.
FURTHER: Final[Letters] = {
    "clock_warned": Letter(
        _("%(percentage)s %% of the time is gone: %(promise)s"),
        _("What was promised has not been done yet."),
        (rows.customer, rows.severity, rows.was_due),
    ),
    "clock_breached": Letter(
        _("Time missed: %(promise)s"),
        _(
            "What was promised was not done by the time below. The incident is escalated to "
            "level 2, and its author has been told."
        ),
        (rows.customer, rows.severity, rows.was_due, _acknowledge_breach_by),
    ),
    "breach_set_aside": Letter(
        _("Breach set aside: %(promise)s"),
        _("A record that was made later shows that the promise was kept."),
        (rows.customer, rows.was_due),
    ),
    "clock_moved": Letter(
        _("Due time moved: %(promise)s"),
        _("The office's calendar has changed, and with it when this is due."),
        (rows.customer, rows.due_moved),
    ),
}

_TOLD_TO_ADDRESSEES: Final = frozenset(
    {"escalated", "escalation_acknowledged", "escalation_answered"}
)
_WHY_WAS_RESPONSIBLE: Final = _(
    "You get this mail because you were responsible for this incident when it happened."
)
_WHY_ON_DUTY: Final = _("You get this mail because you are on duty for the office %(office)s.")
_WHY_TEAM_HEAD: Final = _(
    "You get this mail because it concerns the head of the team of the office %(office)s."
)
_WHY_TAM: Final = _("You get this mail because you manage certificate %(certificate)s.")
_WHY_LEVEL: Final = _(
    "You get this mail because an escalation to level %(level)s is addressed to you."
)
_WHY_SILENT: Final = _(
    "You get this mail because the escalation was addressed to you before it went up."
)
_WHY_BREACH: Final = _("You get this mail because the escalation that follows is addressed to you.")
_WHY_FOLLOWER: Final = _("You get this mail because you follow this incident.")
_WHY_IN_CHARGE: Final = {
    StandIn.NO: _("You get this mail because you are responsible for this incident now."),
    StandIn.ABSENT: _("You get this mail because you stand in for %(tam)s, who is absent."),
    StandIn.CLOSED: _WHY_ON_DUTY,
}
_NOBODY: Final = {
    StandIn.ABSENT: _(
        "Nobody is responsible now: %(tam)s is absent, and neither a deputy nor a duty manager is "
        "there for the office %(office)s. Please see to it."
    ),
    StandIn.CLOSED: _(
        "Nobody is responsible now: the office %(office)s is closed, and no duty manager is on "
        "its line. Please see to it."
    ),
}


def notify(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell the vendor's people whom an event concerns; never the one who did it."""
    event = Event.load(payload)
    letter = _letter(event)
    if letter is None or event.is_internal or event.is_told_with_another:
        return
    concerned = [
        *_addressed(event),
        *_in_charge(event),
        *_must_know(event),
        *_followers(event, at),
    ]
    told_otherwise = {event.entry.actor_id, *_paged(event)}
    send(
        letter,
        event,
        [recipient for recipient in concerned if recipient.user.pk not in told_otherwise],
        at=at,
    )


def _paged(event: Event) -> list[int]:
    """Return the keys of those whom the event pages: the page is their letter."""
    paged = paged_by(event.entry)
    return [person.pk for person in paged.people] if paged else []


def _letter(event: Event) -> Letter | None:
    if _is_climb(event):
        return CLIMBED
    return (LETTERS if event.is_of_response else FURTHER).get(event.kind)


def _addressed(event: Event) -> list[Recipient]:
    """Return whom an escalation reached, and below it who did not acknowledge."""
    silent = _silent_below(event)
    return [
        *_told(_reached(event), _WHY_LEVEL),
        *_told(silent, _WHY_SILENT),
    ]


def _is_climb(event: Event) -> bool:
    return event.kind == "escalated" and event.entry.data.get("cause") == Escalation.Cause.SILENCE


def _reached(event: Event) -> list[User]:
    """Return whom the escalation reached that an event is about."""
    if event.kind not in _TOLD_TO_ADDRESSEES:
        return []
    return _people(_at_level(event, event.entry.data["level"]))


def _silent_below(event: Event) -> list[User]:
    """Return whom the level below reached, for one that it has gone up from by itself."""
    return _people(_at_level(event, event.entry.data["level"] - 1)) if _is_climb(event) else []


def _reached_by_breach(event: Event) -> list[User]:
    """Return whom the level reached that a breach opened."""
    return _people(_of_breach(event)) if event.kind == "clock_breached" else []


def _at_level(event: Event, level: int) -> Escalation | None:
    return Escalation.objects.filter(incident=event.incident, level=level).first()


def _people(escalation: Escalation | None) -> list[User]:
    if escalation is None:
        return []
    return list(User.objects.filter(pk__in=escalation.addressees, is_active=True).order_by("pk"))


def _in_charge(event: Event) -> list[Recipient]:
    """Return who is responsible as the event is noticed, and who was when it happened."""
    entry, certificate = event.entry, event.incident.certificate
    found = _responsible(certificate, entry.recorded_at)
    if entry.at != entry.recorded_at:
        then = responsible_for(certificate, entry.at).person
        found += _told([then] if then else [], _WHY_WAS_RESPONSIBLE)
    return found


def _responsible(certificate: Certificate, at: datetime) -> list[Recipient]:
    """Return the responsible person; where there is none, the team's heads, alarmed (SPEC 10)."""
    found = responsible_for(certificate, at)
    if found.person is None:
        heads = team_heads(certificate.office)
        return _told(heads, _WHY_TEAM_HEAD, notice=_NOBODY[found.standing_in])
    return _told([found.person], _WHY_IN_CHARGE[found.standing_in])


def _must_know(event: Event) -> list[Recipient]:
    """Return who is told besides the responsible (SPEC 7.4, 7.7, 7.8)."""
    match event.kind:
        case "clock_warned" if event.incident.severity == 1:
            return [*_duty(event), *_heads(event)]
        case "clock_breached" | "breach_set_aside":
            return [
                *_told([event.incident.certificate.tam], _WHY_TAM),
                *_heads(event),
                *_told(_reached_by_breach(event), _WHY_BREACH),
            ]
    return []


def _duty(event: Event) -> list[Recipient]:
    return _told(on_duty(event.incident.certificate.office, event.entry.recorded_at), _WHY_ON_DUTY)


def _heads(event: Event) -> list[Recipient]:
    return _told(team_heads(event.incident.certificate.office), _WHY_TEAM_HEAD)


def _followers(event: Event, at: datetime) -> list[Recipient]:
    """Return the staff who follow the incident, as far as they may still see it."""
    followers = event.incident.followers.values("user")
    seeing = colleagues_on(event.incident, at).filter(pk__in=followers)
    return _told(list(seeing.order_by("pk")), _WHY_FOLLOWER)


def _told(
    people: list[User], why: str | LazyText, *, notice: str | LazyText = ""
) -> list[Recipient]:
    return [Recipient(person, why, notice) for person in people if person.is_active]
