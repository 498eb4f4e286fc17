"""Letters about handovers: to who takes over, to who waits for it, to who may go (SPEC 10, 18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.letters import Letter, Row, send
from accounts.models import NoticeKind, User
from incidents.notifications.rows import instants
from msa.outbox.relay import Handler
from tam.models import Handover, HandoverItem
from tam.responsible import team_heads


def on_made(payload: Mapping[str, Any], *, at: datetime) -> None:
    handover = _handover(payload)
    if handover.accepted_at is None and handover.receiver.is_active:
        send(
            lambda _reader: _made(handover),
            [handover.receiver],
            key=f"handover-{handover.pk}",
            thread=f"handover-{handover.pk}",
            kind=NoticeKind.DUTY,
            at=at,
        )


def on_not_accepted(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Remind the receiver and tell the team's heads, unless it was accepted meanwhile."""
    handover = _handover(payload)
    if handover.accepted_at is not None:
        return
    people = [handover.receiver, *team_heads(handover.office)]
    send(
        lambda reader: _not_accepted(handover, reader),
        [person for person in people if person.is_active],
        key=f"handover-reminder-{handover.pk}",
        thread=f"handover-{handover.pk}",
        kind=NoticeKind.DUTY,
        at=at,
    )


def on_accepted(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Tell who handed over, and the receiver if somebody else has accepted in their place."""
    handover = _handover(payload)
    if handover.accepted_by is None or handover.accepted_at is None:
        return
    write = _Accepted(handover, handover.accepted_by, handover.accepted_at)
    told = [person for person in (handover.giver, handover.receiver) if person is not None]
    send(
        write,
        [person for person in told if person != handover.accepted_by and person.is_active],
        key=f"handover-accepted-{handover.pk}",
        thread=f"handover-{handover.pk}",
        kind=NoticeKind.DUTY,
        at=at,
    )


LETTERS: Mapping[str, Sequence[Handler]] = {
    "handover.made": [on_made],
    "handover.not_accepted": [on_not_accepted],
    "handover.accepted": [on_accepted],
}


def _handover(payload: Mapping[str, Any]) -> Handover:
    handovers = Handover.objects.select_related("office", "giver", "receiver", "accepted_by")
    return handovers.get(pk=payload["handover"])


def _made(handover: Handover) -> Letter:
    giver = handover.giver
    counts = {
        section: handover.items.filter(section=section).count() for section in HandoverItem.Section
    }
    return Letter(
        reference=handover.office.name,
        heading=_("%(giver)s hands over to you") % {"giver": giver.name}
        if giver
        else _("You take over"),
        paragraphs=[
            _("You are responsible now. The handover counts when you have accepted it.")
            if giver
            else _(
                "Nobody was responsible before you. The handover counts when you have accepted it."
            ),
            *([handover.note] if handover.note else []),
        ],
        rows=[
            Row(_("Since"), instants(handover.at, handover.office)),
            *(Row(str(section.label), [str(count)]) for section, count in counts.items()),
        ],
        button=_("Read and accept"),
        path=reverse("handover", args=[handover.pk]),
        why=_("You get this mail because you are responsible for the office %(office)s now.")
        % {"office": handover.office.name},
    )


def _not_accepted(handover: Handover, reader: User) -> Letter:
    is_receiver = reader == handover.receiver
    return Letter(
        reference=handover.office.name,
        heading=_("Handover not accepted yet"),
        paragraphs=[
            _("Please read the handover and accept it. The head of the team is told, too.")
            if is_receiver
            else _("%(receiver)s has not accepted the handover yet. Please see to it.")
            % {"receiver": handover.receiver.name}
        ],
        rows=[
            *([Row(_("Handed over by"), [handover.giver.name])] if handover.giver else []),
            Row(_("Taken over by"), [handover.receiver.name]),
            Row(_("Since"), instants(handover.at, handover.office)),
        ],
        button=_("Read and accept") if is_receiver else _("Open the handover"),
        path=reverse("handover", args=[handover.pk]),
        why=_why(handover, reader),
    )


@dataclass(frozen=True, slots=True)
class _Accepted:
    """Writes that a handover was accepted, by whom and when."""

    handover: Handover
    by: User
    at: datetime

    def __call__(self, reader: User) -> Letter:
        handover = self.handover
        return Letter(
            reference=handover.office.name,
            heading=_("%(name)s has accepted the handover") % {"name": self.by.name},
            paragraphs=[
                _("From now on the handover counts.")
                if self.by == handover.receiver
                else _("It was accepted in the place of %(receiver)s. From now on it counts.")
                % {"receiver": handover.receiver.name}
            ],
            rows=[Row(_("Accepted"), instants(self.at, handover.office))],
            button=_("Open the handover"),
            path=reverse("handover", args=[handover.pk]),
            why=_why(handover, reader),
        )


def _why(handover: Handover, reader: User) -> str:
    if reader == handover.giver:
        return _("You get this mail because you handed over.")
    if reader == handover.receiver:
        return _("You get this mail because the handover is meant for you.")
    return _(
        "You get this mail because it concerns the head of the team of the office %(office)s."
    ) % {"office": handover.office.name}
