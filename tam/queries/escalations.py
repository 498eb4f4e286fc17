"""What is escalated, to whom, and who may take it up (SPEC 4, 11)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from accounts.models import Role, User
from accounts.terms import default_escalation_levels
from incidents.access import Verb
from incidents.models import Incident, JournalEntry
from incidents.states import Side, State
from tam.models import Complaint, Escalation
from tam.queries.complaints import visible_to
from tam.responsible import top_level

LEVELS = (1, 2, 3)
# Who stands in for those whom a level names: for the account manager the deputy, and the duty
# manager on shift; for a head of the office's team, another one of the same office.
STANDS_IN = {
    Role.TAM: "tam",
    Role.DUTY_MANAGER: "tam",
    Role.TEAM_HEAD: "team_head",
}
# What an entry of the journal tells of a level.
TOLD = ("escalated", "escalation_acknowledged", "escalation_answered")


@dataclass(frozen=True, slots=True)
class Step:
    """One level as people read it: whom it reached, and what they and who escalated wrote."""

    escalation: Escalation
    reached: Sequence[User]
    reason: str = ""
    acknowledgement: str = ""
    answer: str = ""


def addressed_to(user: User, at: datetime) -> QuerySet[Escalation]:
    """Return the escalations that are a person's to take up, at an instant, whatever their state.

    Those that reached them, whatever office they belong to, and those for whose addressees they
    stand in. A complaint about somebody is never theirs.
    """
    mine = Q(addressees__contains=[user.pk])
    if user.role in STANDS_IN:
        for path in ("incident__certificate", "complaint__certificate"):
            mine |= _in_charge(user, path, at) & _level_of(STANDS_IN[Role(user.role)], path)
    about_me = Q(complaint__about_tam=True, complaint__certificate__tam=user)
    return Escalation.objects.filter(mine).exclude(about_me)


def get_escalation(user: User, pk: int, at: datetime) -> Escalation:
    """Return an escalation of what a person may know of; raises `NotFound` for any other."""
    incidents = Incident.objects.visible_to(user, at).values("pk")
    complaints = visible_to(user, at).values("pk")
    seen = Escalation.objects.filter(Q(incident__in=incidents) | Q(complaint__in=complaints))
    found = _with_subject(seen).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such escalation."))
    return found


def refusal_to_escalate(
    incident: Incident, user: User, verbs: frozenset[Verb], reached: int
) -> str | None:
    """Return why a person cannot escalate an incident now; "" when they can.

    None for staff who cannot: they are not told why, as nobody promised it to them.
    """
    if not user.is_contact:
        may = Verb.ESCALATE in verbs and incident.side is Side.VENDOR
        return "" if may and reached < top_level(incident.certificate) else None
    if Verb.ESCALATE not in verbs:
        return _("Certificate %(number)s does not name you as a contact.") % {
            "number": incident.certificate.number
        }
    if not incident.is_open:
        return _("This incident is closed. Reopen it if it is not solved.")
    if incident.side is not Side.VENDOR:
        return _("The next move is yours. Once it is ours again, you can escalate.")
    if reached >= top_level(incident.certificate):
        return _("It stands at the highest level already.")
    return ""


def may_take_up(user: User, escalation: Escalation, at: datetime) -> bool:
    if user.is_contact:
        return False
    if escalation.incident_id is not None and user.pk in escalation.addressees:
        return True
    return addressed_to(user, at).filter(pk=escalation.pk).exists()


def open_for(user: User, at: datetime) -> QuerySet[Escalation]:
    """Return what waits for a person: the highest level of what is open, not answered yet."""
    return _in_order(_waiting(addressed_to(user, at)))


def settled_for(user: User, at: datetime) -> QuerySet[Escalation]:
    """Return what was a person's to take up and no longer waits for them, latest first."""
    theirs = addressed_to(user, at)
    return _with_subject(
        theirs.exclude(pk__in=_waiting(theirs).values("pk")).order_by("-opened_at", "-id")
    )


def steps_of_incident(incident: Incident) -> list[Step]:
    """Return the levels of an incident, lowest first. Three queries at any length."""
    escalations = list(
        incident.escalations.select_related("opened_by", "acknowledged_by", "answered_by")
    )
    if not escalations:
        return []
    told: dict[tuple[str, int], str] = {}
    entries = JournalEntry.objects.filter(incident=incident, kind__in=TOLD, message__isnull=False)
    for entry in entries.select_related("message").order_by("number"):
        told[entry.kind, entry.data["level"]] = entry.message.text if entry.message else ""
    people = people_of(escalations)
    return [
        Step(
            escalation,
            [people[key] for key in escalation.addressees if key in people],
            *(told.get((kind, escalation.level), "") for kind in TOLD),
        )
        for escalation in escalations
    ]


def steps_of_complaint(complaint: Complaint) -> list[Step]:
    """Return the levels of a complaint, lowest first; its words stand among its messages."""
    escalations = list(
        complaint.escalations.select_related("opened_by", "acknowledged_by", "answered_by")
    )
    people = people_of(escalations)
    return [
        Step(escalation, [people[key] for key in escalation.addressees if key in people])
        for escalation in escalations
    ]


def people_of(escalations: Iterable[Escalation]) -> Mapping[int, User]:
    """Return whom escalations reached, by key."""
    return User.objects.in_bulk({key for each in escalations for key in each.addressees})


def _waiting(escalations: QuerySet[Escalation]) -> QuerySet[Escalation]:
    above = Escalation.objects.filter(level__gt=OuterRef("level"))
    return escalations.filter(
        ~Q(Exists(above.filter(incident=OuterRef("incident")))),
        ~Q(Exists(above.filter(complaint=OuterRef("complaint")))),
        Q(incident__isnull=False) & ~Q(incident__state=State.CLOSED)
        | Q(complaint__isnull=False) & ~Q(complaint__state=Complaint.State.CLOSED),
        answered_at=None,
    )


def _in_order(escalations: QuerySet[Escalation]) -> QuerySet[Escalation]:
    """What is to be acknowledged first, what is acknowledged last."""
    return _with_subject(escalations).order_by(
        F("acknowledged_at").asc(nulls_first=True), "acknowledge_by", "opened_at", "id"
    )


def _with_subject(escalations: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return escalations.select_related(
        "customer",
        "incident__certificate__office",
        "complaint__certificate__office",
        "acknowledged_by",
        "answered_by",
    )


def _in_charge(user: User, path: str, at: datetime) -> Q:
    match user.role:
        case Role.TAM:
            return Q(**{f"{path}__in": user.certificates_in_charge()})
        case Role.DUTY_MANAGER:
            on_shift = user.shifts.filter(starts_at__lte=at, ends_at__gt=at)
            return Q(**{f"{path}__office__in": on_shift.values("office")})
    return Q(**{f"{path}__office": user.office_id})


def _level_of(role: str, path: str) -> Q:
    """Return which levels are a role's by the programme, or by default where it names none."""
    named = f"{path}__programme__escalation_levels"
    found = Q(**{named: []}, level=default_escalation_levels().index(role) + 1)
    for level in LEVELS:
        found |= Q(**{f"{named}__{level - 1}": role}, level=level)
    return found
