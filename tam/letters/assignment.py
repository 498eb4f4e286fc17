"""Who is told that an incident changed hands: whom it was given to, and who had it (SPEC 18)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, Team, User
from incidents.notifications import rows
from incidents.notifications.events import Event
from incidents.notifications.mails import Letter, Recipient, send
from msa.outbox.relay import Handler
from tam.responsible import responsible_for, team_heads


def _team(event: Event) -> rows.Row:
    """Name the team; it may have been renamed since."""
    team = Team.objects.get(pk=event.entry.data["team"])
    return rows.Row(_("Team"), [team.name])


_FACTS: Final = (rows.customer, rows.subject_matter, rows.severity, rows.answer_due)

_GIVEN: Final = Letter(
    gettext_lazy("Yours from now on"), gettext_lazy("%(name)s has given you this incident."), _FACTS
)
_TAKEN: Final = Letter(
    gettext_lazy("No longer yours"),
    gettext_lazy("%(name)s has taken this incident off your desk."),
    (rows.customer,),
)
_TO_TEAM: Final = Letter(
    gettext_lazy("Handed to your team"),
    gettext_lazy("%(name)s has handed this incident to your team. Nobody has taken it yet."),
    (_team, *_FACTS),
)
_BACK: Final = Letter(
    gettext_lazy("Given back"), gettext_lazy("%(name)s has given this incident back."), _FACTS
)

_WHY_GIVEN: Final = gettext_lazy("You get this mail because the incident was assigned to you.")
_WHY_HAD: Final = gettext_lazy("You get this mail because you had this incident until now.")
_WHY_TEAM: Final = gettext_lazy(
    "You get this mail because you are in the team that it was handed to."
)
_WHY_RESPONSIBLE: Final = gettext_lazy(
    "You get this mail because you are responsible for this incident now."
)
_WHY_HEAD: Final = gettext_lazy(
    "You get this mail because nobody is responsible for this incident now, and it concerns the "
    "head of the team of the office %(office)s."
)


def notify(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell those whom it was given to or taken from; never the one who did it."""
    event = Event.load(payload)
    match event.kind:
        case "assigned":
            _tell(_GIVEN, event, _person(event, "to", _WHY_GIVEN), at)
            _tell(_TAKEN, event, _person(event, "from", _WHY_HAD), at)
        case "handed_to_team":
            _tell(_TO_TEAM, event, _of_the_team(event), at)
        case "handed_back":
            _tell(_BACK, event, _responsible(event), at)


def _tell(letter: Letter, event: Event, recipients: list[Recipient], at: datetime) -> None:
    actor = event.entry.actor_id
    send(letter, event, [each for each in recipients if each.user.pk != actor], at=at)


def _person(event: Event, part: str, why: Any) -> list[Recipient]:
    person = User.objects.filter(pk=event.entry.data.get(part), is_active=True).first()
    return [Recipient(person, why)] if person else []


def _of_the_team(event: Event) -> list[Recipient]:
    """Return the team's address if it has one, else its members."""
    team = Team.objects.select_related("office").get(pk=event.entry.data["team"])
    if team.email:
        return [Recipient(_address_of(team), _WHY_TEAM)]
    members = team.members.filter(is_active=True).exclude(role=Role.CONTACT)
    return [Recipient(member, _WHY_TEAM) for member in members.order_by("pk")]


def _address_of(team: Team) -> User:
    """Return a team's address as somebody to write to, who is no person and is not stored."""
    zone = team.office.timezone if team.office else settings.TIME_ZONE
    return User(
        name=team.name,
        email=team.email,
        role=Role.ENGINEER,
        language=settings.LANGUAGE_CODE,
        timezone=zone,
    )


def _responsible(event: Event) -> list[Recipient]:
    certificate = event.incident.certificate
    person = responsible_for(certificate, event.entry.recorded_at).person
    if person is None:
        return [Recipient(head, _WHY_HEAD) for head in team_heads(certificate.office)]
    return [Recipient(person, _WHY_RESPONSIBLE)]


LETTERS: Final[Mapping[str, Sequence[Handler]]] = {
    f"incident.{kind}": [notify] for kind in ("assigned", "handed_to_team", "handed_back")
}
