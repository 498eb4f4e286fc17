"""What an act on many incidents would do to each of them, before it is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

from django.utils.translation import gettext as _

from accounts.models import Team, User
from incidents.access import Verb, verbs_of
from incidents.models import Follower, Handling, Incident
from tam.models import BulkAct
from tam.queries.narrowing import ME, whole_number
from tam.queries.queue_choices import staff, teams

# What somebody can look over in a preview, and one transaction lock without holding up others.
MOST_AT_ONCE: Final = 200

VERBS: Final = MappingProxyType(
    {
        BulkAct.Kind.ASSIGN: Verb.ASSIGN,
        BulkAct.Kind.HAND_TO_TEAM: Verb.HAND_TO_TEAM,
        BulkAct.Kind.FOLLOW: Verb.SEE,
        BulkAct.Kind.UNFOLLOW: Verb.SEE,
    }
)
FOR_OPEN_ONES: Final = frozenset({BulkAct.Kind.ASSIGN, BulkAct.Kind.HAND_TO_TEAM})


@dataclass(frozen=True, slots=True)
class What:
    """An act, and whom it gives the incidents to; `to` None takes them off every desk."""

    kind: BulkAct.Kind
    to: User | None = None
    team: Team | None = None

    @classmethod
    def parse(cls, text: str, user: User) -> Self | None:
        """Read `follow`, `unfollow`, `assign:me`, `assign:` with a key or none, `hand_to_team:5`.

        Returns None for what is none, and for a person or team that takes no incidents.
        """
        word, _colon, key = text.partition(":")
        if word not in BulkAct.Kind.values:
            return None
        kind = BulkAct.Kind(word)
        if kind not in FOR_OPEN_ONES:
            return None if key else cls(kind)
        if kind is BulkAct.Kind.ASSIGN and not key:
            return cls(kind)
        number = user.pk if key == ME else whole_number(key) or 0
        if kind is BulkAct.Kind.ASSIGN:
            person = staff().filter(pk=number).first()
            return cls(kind, to=person) if person else None
        team = teams().filter(pk=number).first()
        return cls(kind, team=team) if team else None

    @classmethod
    def of(cls, act: BulkAct) -> Self:
        to, team = act.arguments.get("to"), act.arguments.get("team")
        return cls(
            BulkAct.Kind(act.kind),
            to=User.objects.filter(pk=to).first() if to else None,
            team=Team.objects.filter(pk=team).first() if team else None,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        return {"to": self.to.pk if self.to else None, "team": self.team.pk if self.team else None}

    def __str__(self) -> str:
        match self.kind:
            case BulkAct.Kind.ASSIGN if self.to is not None:
                return _("Assign to %(name)s") % {"name": self.to.name}
            case BulkAct.Kind.ASSIGN:
                return _("Take off the desk")
            case BulkAct.Kind.HAND_TO_TEAM:
                return _("Hand to %(team)s") % {"team": self.team.name if self.team else "–"}
        return str(self.kind.label)


@dataclass(frozen=True, slots=True)
class Planned:
    """`refusal`: why nothing would be done to it; empty if it would."""

    incident: Incident
    refusal: str


def plan(user: User, what: What, references: Iterable[str], at: datetime) -> list[Planned]:
    """Return what would become of the incidents that a person sees, in the order of their keys.

    Three queries, and for a duty manager one more for each office.
    """
    seen = Incident.objects.visible_to(user, at).filter(reference__in=list(references))
    incidents = list(seen.select_related("customer", "certificate").order_by("pk"))
    done = _done_already(user, what, incidents)
    verbs: dict[int, frozenset[Verb]] = {}
    planned = []
    for incident in incidents:
        office = incident.certificate.office_id
        if office not in verbs:
            verbs[office] = verbs_of(user, incident, at)
        planned.append(Planned(incident, _refusal(what, incident, verbs[office], done)))
    return planned


def _refusal(
    what: What, incident: Incident, verbs: frozenset[Verb], done: Mapping[int, str]
) -> str:
    if VERBS[what.kind] not in verbs:
        return _("You may not do this here.")
    if what.kind in FOR_OPEN_ONES and not incident.is_open:
        return _("This incident is closed.")
    return done.get(incident.pk, "")


def _done_already(user: User, what: What, incidents: list[Incident]) -> dict[int, str]:
    """Say of which incidents, by key, it is so already."""
    held = Handling.objects.filter(
        incident__in=incidents, until__isnull=True, reason=Handling.Reason.ASSIGNED
    )
    match what.kind:
        case BulkAct.Kind.ASSIGN:
            rows = held.filter(user__isnull=False).order_by("since", "id")
            on_desk = dict(rows.values_list("incident", "user"))
            wanted = what.to.pk if what.to else None
            so = [each.pk for each in incidents if on_desk.get(each.pk) == wanted]
            return dict.fromkeys(
                so,
                _("It is there already.") if what.to else _("It is on nobody's desk."),
            )
        case BulkAct.Kind.HAND_TO_TEAM:
            lying = held.filter(team=what.team).values_list("incident", flat=True)
            return dict.fromkeys(lying, _("It is there already."))
    following = Follower.objects.filter(incident__in=incidents, user=user)
    followed = set(following.values_list("incident", flat=True))
    if what.kind is BulkAct.Kind.FOLLOW:
        return dict.fromkeys(followed, _("You follow it already."))
    others = {each.pk for each in incidents} - followed
    return dict.fromkeys(others, _("You do not follow it."))
