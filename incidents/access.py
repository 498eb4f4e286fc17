"""Who may do what to which incident: the one place that fetches them for a person (SPEC 4)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from functools import cache
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.access import certificates_read_by
from accounts.errors import NotAllowed, NotFound
from accounts.models import Certificate, Role, User
from incidents.models import Incident, rows


class Verb(Enum):
    SEE = auto()
    SEE_NOTES = auto()
    ANSWER = auto()
    ACCEPT = auto()
    DECLINE = auto()
    WITHDRAW = auto()
    REOPEN = auto()
    ESCALATE = auto()
    NOTE = auto()
    RESPOND = auto()
    ASK = auto()
    OFFER_SOLUTION = auto()
    TAKE_BACK = auto()
    RECORD_WORKAROUND = auto()
    LOG_CALL = auto()
    CHANGE_SEVERITY = auto()
    ANSWER_ESCALATION = auto()
    ASSIGN = auto()
    HAND_TO_TEAM = auto()
    TAKE = auto()
    HAND_BACK = auto()
    RELATE = auto()


_READS = frozenset({Verb.SEE, Verb.SEE_NOTES})
_SUPPORTS = _READS | {
    Verb.NOTE,
    Verb.RESPOND,
    Verb.ASK,
    Verb.OFFER_SOLUTION,
    Verb.TAKE_BACK,
    Verb.RECORD_WORKAROUND,
    Verb.LOG_CALL,
    Verb.HAND_TO_TEAM,
    Verb.TAKE,
    Verb.HAND_BACK,
    Verb.RELATE,
}
_DIRECTS = _SUPPORTS | {
    Verb.CHANGE_SEVERITY,
    Verb.REOPEN,
    Verb.ESCALATE,
    Verb.ANSWER_ESCALATION,
    Verb.ASSIGN,
}

VERBS = MappingProxyType(
    {
        Role.CONTACT: frozenset(
            {
                Verb.SEE,
                Verb.ANSWER,
                Verb.ACCEPT,
                Verb.DECLINE,
                Verb.WITHDRAW,
                Verb.REOPEN,
                Verb.ESCALATE,
            }
        ),
        Role.ENGINEER: _SUPPORTS,
        Role.TAM: _DIRECTS,
        Role.DUTY_MANAGER: _DIRECTS,
        Role.TEAM_HEAD: _DIRECTS,
        Role.BUSINESS_MANAGER: _READS | {Verb.NOTE, Verb.ANSWER_ESCALATION},
        Role.ADMINISTRATOR: _READS,
    }
)


# What the page of an incident shows besides the incident itself.
SHOWN = (
    "certificate__office",
    "certificate__tam",
    "certificate__deputy",
    "category",
    "author",
    "customer",
    "product",
)


def get_incident(
    user: User, reference: str, verb: Verb, at: datetime, *, related: Sequence[str] = SHOWN
) -> Incident:
    """Return the incident for a person who means to do `verb` to it at an instant.

    Raises `NotFound` when they may not know of it, `NotAllowed` when they see it but may not do
    this. Fetches what is `related` along with it. Takes no lock; actions do.
    """
    if related:
        seen = Incident.objects.visible_to(user, at).filter(reference=reference)
        incident = seen.select_related(*related).order_by().first()
    else:
        incident = _seen_alone(user, reference, at)
    if incident is None:
        raise NotFound(_("There is no such incident."))
    if verb not in verbs_of(user, incident, at):
        raise NotAllowed(_("You can see this incident, but you may not do this."))
    return incident


def verbs_of(user: User, incident: Incident, at: datetime) -> frozenset[Verb]:
    """Return what a person who sees the incident may do to it, its state left aside."""
    verbs = VERBS[Role(user.role)]
    if user.role == Role.CONTACT:
        named = user.contact_slots.filter(certificate=incident.certificate_id).exists()
        return verbs if named else verbs & _READS
    if user.role == Role.DUTY_MANAGER:
        office = incident.certificate.office_id
        on_shift = user.shifts.filter(office=office, starts_at__lte=at, ends_at__gt=at).exists()
        return verbs if on_shift else verbs & _READS
    return verbs


# Stand for what is not known yet when a question is written down.
_PERSON, _CUSTOMER, _OFFICE = -1, -2, -3
_REFERENCE = "?"
_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


def _seen_alone(user: User, reference: str, at: datetime) -> Incident | None:
    """Return the incident without anything related, by a question that is written down once."""
    facts = {
        _PERSON: user.pk,
        _CUSTOMER: user.customer_id,
        _OFFICE: user.office_id,
        _REFERENCE: reference,
        _INSTANT: at,
    }
    sql, parameters = _question(Role(user.role))
    found = rows.read(Incident, sql, [facts.get(each, each) for each in parameters])
    return found[0] if found else None


@cache
def _question(role: Role) -> tuple[str, tuple[Any, ...]]:
    somebody = User(pk=_PERSON, role=role, customer_id=_CUSTOMER, office_id=_OFFICE)
    seen = Incident.objects.visible_to(somebody, _INSTANT).filter(reference=_REFERENCE)
    sql, parameters = seen.order_by().query.sql_with_params()
    return sql, parameters


MAY_FILE = frozenset({Role.CONTACT, Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD})


def certificates_for_filing(user: User, at: datetime) -> "list[Certificate]":
    """Return the certificates that name a contact, or on which staff file for contacts (SPEC 4).

    Whether they are valid at that instant is another question.
    """
    if user.role not in MAY_FILE:
        return []
    certificates = certificates_read_by(user, at).select_related(
        "customer", "programme", "office", "tam", "deputy"
    )
    return list(certificates.order_by("number"))
