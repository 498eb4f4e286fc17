"""What is escalated, to whom, and who may take it up (SPEC 4, 11)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from accounts.models import Role, User
from accounts.terms import default_escalation_levels
from incidents.access import Verb
from incidents.models import Incident, JournalEntry, QueueTier
from incidents.states import Side
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
COMPLAINT_OPEN = [Complaint.State.OPEN, Complaint.State.ANSWERED]
# What a list shows beside an escalation.
SUBJECT = (
    "customer",
    "incident__certificate__office",
    "complaint__certificate__office",
    "acknowledged_by",
    "answered_by",
)
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
    return _addressed(user, at, Q(), Q())


def get_escalation(user: User, pk: int, at: datetime) -> Escalation:
    """Return an escalation of what a person may know of; raises `NotFound` for any other."""
    incidents = Incident.objects.visible_to(user, at).values("pk")
    complaints = visible_to(user, at).values("pk")
    seen = Escalation.objects.filter(Q(incident__in=incidents) | Q(complaint__in=complaints))
    found = seen.select_related(*SUBJECT).filter(pk=pk).first()
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
    this = Q(pk=escalation.pk)
    return _addressed(user, at, this, this).exists()


def open_for(user: User, at: datetime) -> QuerySet[Escalation]:
    """Return what waits for a person: the highest level of what is open, not answered yet."""
    highest = Q(answered_at=None) & ~Q(Exists(_above("incident"))) & ~Q(Exists(_above("complaint")))
    waiting = _addressed(
        user,
        at,
        highest & Q(incident__queue_tier__lt=QueueTier.CLOSED),
        highest & Q(complaint__state__in=COMPLAINT_OPEN),
    )
    # What is to be acknowledged first, what is acknowledged last.
    return waiting.prefetch_related(*SUBJECT).order_by(
        F("acknowledged_at").asc(nulls_first=True), "acknowledge_by", "opened_at", "id"
    )


def settled_for(user: User, at: datetime) -> QuerySet[Escalation]:
    """Return what was a person's to take up and no longer waits for them, latest first."""
    done = Q(answered_at__isnull=False)
    settled = _addressed(
        user,
        at,
        done | Q(Exists(_above("incident"))) | Q(incident__queue_tier=QueueTier.CLOSED),
        done | Q(Exists(_above("complaint"))) | Q(complaint__state=Complaint.State.CLOSED),
    )
    return settled.prefetch_related(*SUBJECT).order_by("-opened_at", "-id")


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


def _addressed(user: User, at: datetime, of_incidents: Q, of_complaints: Q) -> QuerySet[Escalation]:
    """Return what is a person's, of the escalations of either kind that a condition narrows.

    Each kind is asked for by itself: one condition over both would read every escalation.
    """
    incidents = _mine(user, at, "incident").filter(of_incidents)
    complaints = _mine(user, at, "complaint").filter(of_complaints, ~Q(complaint__about=user))
    return Escalation.objects.filter(pk__in=incidents.union(complaints, all=True))


def _mine(user: User, at: datetime, subject: str) -> QuerySet[Any]:
    mine = Q(addressees__contains=[user.pk])
    if user.role in STANDS_IN:
        path = f"{subject}__certificate"
        mine |= _in_charge(user, path, at) & _level_of(STANDS_IN[Role(user.role)], path)
    rows = Escalation.objects.filter(mine, **{f"{subject}__isnull": False})
    return rows.order_by().values("pk")


def _above(subject: str) -> QuerySet[Escalation]:
    return Escalation.objects.filter(level__gt=OuterRef("level"), **{subject: OuterRef(subject)})


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
