"""Incidents that a contact filed as the follow-up of another (SPEC 6)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Role, User
from incidents.models import Incident, Relation


@dataclass(frozen=True, slots=True)
class FollowUps:
    """What an incident follows, and what follows it."""

    follows: list[Incident]
    followed_by: list[Incident]


def follow_ups_of(incident: Incident, viewer: User, at: datetime) -> FollowUps:
    """Return the incidents that contacts tied to this one; what staff relate is the staff's.

    One query, and one more for the incidents where there are any.
    """
    tied = Relation.objects.filter(
        Q(incident=incident) | Q(other=incident), related_by__role=Role.CONTACT
    ).values_list("incident", "other")
    keys = {key for pair in tied for key in pair} - {incident.pk}
    if not keys:
        return FollowUps([], [])
    seen = Incident.objects.visible_to(viewer, at).filter(pk__in=keys).order_by("pk")
    others = list(seen.only("pk", "reference", "title", "state"))
    return FollowUps(
        [other for other in others if other.pk < incident.pk],
        [other for other in others if other.pk > incident.pk],
    )
