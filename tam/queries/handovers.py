"""Which handovers a person reads, and which of them wait for them (SPEC 4, 10)."""

from collections.abc import Iterable
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from accounts.models import Role, User
from incidents.models import Incident
from tam.models import Handover, HandoverItem


def waiting_for(user: User) -> QuerySet[Handover]:
    """Return what a person has to accept."""
    return Handover.objects.filter(receiver=user, accepted_at=None)


def visible_to(user: User) -> QuerySet[Handover]:
    """Return the handovers that a person gave or got; heads see their office's, too."""
    if user.role == Role.ADMINISTRATOR:
        return Handover.objects.all()
    theirs = Q(giver=user) | Q(receiver=user)
    if user.role == Role.TEAM_HEAD:
        theirs |= Q(office=user.office_id)
    return Handover.objects.filter(theirs)


def get_handover(user: User, pk: int) -> Handover:
    """Return a handover with the people on it; raises `NotFound` for others'."""
    handovers = visible_to(user).select_related("office", "giver", "receiver", "accepted_by")
    handover = handovers.filter(pk=pk).first()
    if handover is None:
        raise NotFound(_("There is no such handover."))
    return handover


def may_accept(user: User, handover: Handover) -> bool:
    """Whether it is a person's to accept: the receiver's, or in their place the team head's."""
    if user.pk == handover.receiver_id:
        return True
    return user.role == Role.TEAM_HEAD and user.office_id == handover.office_id


def on_day(handovers: QuerySet[Handover], day: date, zone: str) -> QuerySet[Handover]:
    """Return those of a day as the calendar of a time zone has it: none at a calendar's ends."""
    if day.year in {MINYEAR, MAXYEAR}:
        return handovers.none()
    start, end = (
        datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone))
        for each in (day, day + timedelta(days=1))
    )
    return handovers.filter(at__gte=start, at__lt=end)


def counts_of(handovers: Iterable[Handover]) -> dict[int, dict[str, int]]:
    """Return how many incidents each section of some handovers has. One query."""
    counted = HandoverItem.objects.filter(handover__in=list(handovers)).order_by()
    counts: dict[int, dict[str, int]] = {}
    for row in counted.values("handover", "section").annotate(n=Count("pk")):
        counts.setdefault(row["handover"], {})[row["section"]] = row["n"]
    return counts


def people_on(handovers: QuerySet[Handover]) -> QuerySet[User]:
    """Return everybody who gave or got one of some handovers, by name."""
    givers = handovers.exclude(giver=None).order_by().values("giver")
    receivers = handovers.order_by().values("receiver")
    return User.objects.filter(Q(pk__in=givers) | Q(pk__in=receivers)).order_by("name")


def seen_of(handover: Handover, user: User, at: datetime) -> set[int]:
    """Return the keys of a handover's incidents that a person sees at an instant (SPEC 4)."""
    keys = handover.items.values("incident")
    return set(
        Incident.objects.visible_to(user, at).filter(pk__in=keys).values_list("pk", flat=True)
    )
