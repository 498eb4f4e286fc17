"""What somebody has typed and not sent, kept for them alone on any machine they use."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Min

from accounts.models import User
from incidents.actions.points import with_answers, with_points
from incidents.models import Draft, Incident, Message

# A save that was under way when the message went off arrives within seconds of it.
STRAGGLES_FOR: Final = timedelta(minutes=1)
# What is sent without points, even where some were typed.
_POINTLESS: Final = frozenset({"solution", "note"})


def draft_of(incident: Incident, user: User) -> Draft | None:
    """Return what this person has typed into the incident and not sent."""
    return Draft.objects.filter(incident=incident, user=user).first()


@transaction.atomic
def save_draft(
    *,
    incident: Incident,
    user: User,
    kind: str,
    text: str,
    points: Sequence[Any],
    at: datetime,
) -> None:
    """Keep what is typed in place of what was kept before; of nothing, nothing is kept.

    `points` are those of a question, or pairs of a point's key and its answer. What the person has
    just sent is no draft any more.
    """
    if not text.strip() and not points:
        discard_draft(incident=incident, user=user)
    elif not _was_just_sent(incident, user, text, () if kind in _POINTLESS else points, at):
        Draft.objects.update_or_create(
            incident=incident,
            user=user,
            defaults={
                "customer_id": incident.customer_id,
                "kind": kind,
                "text": text,
                "points": list(points),
                "saved_at": at,
            },
        )


def discard_draft(*, incident: Incident, user: User) -> None:
    Draft.objects.filter(incident=incident, user=user).delete()


def _was_just_sent(
    incident: Incident, user: User, text: str, points: Sequence[Any], at: datetime
) -> bool:
    sent = incident.messages.filter(author=user, written_at__gt=at - STRAGGLES_FOR)
    latest = sent.order_by("-id").first()
    if latest is None:
        return False
    would_be = (_answer_like if user.is_contact else _question_like)(latest, text.strip(), points)
    return would_be is not None and _plain(would_be) == _plain(latest.text)


def _answer_like(sent: Message, text: str, points: Sequence[Any]) -> str | None:
    """Return the message that a contact's draft makes; None where it answers other points."""
    answers = {key: str(answer) for key, answer in points}
    answered = list(sent.answered_points.order_by("number", "id"))
    if {point.pk for point in answered} != answers.keys():
        return None
    return with_answers(text, answered, answers)


def _question_like(sent: Message, text: str, points: Sequence[Any]) -> str:
    """Return the message that a draft of staff makes, its points numbered as those sent."""
    if not points:
        return text
    first = sent.points.aggregate(first=Min("number"))["first"] or 1
    return with_points(text, points, first)


def _plain(text: str) -> str:
    """A form ends its lines otherwise than a script."""
    return text.replace("\r\n", "\n").strip()
