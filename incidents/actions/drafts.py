"""What somebody has typed and not sent, kept for them alone on any machine they use."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from incidents.models import Draft, Incident

# A save that was under way when the message went off arrives within seconds of it.
STRAGGLES_FOR: Final = timedelta(minutes=1)


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
    elif not _was_just_sent(incident, user, text, points, at):
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
    latest = sent.order_by("-id").values_list("text", flat=True).first()
    if latest is None:
        return False
    parts = [text, *(part if isinstance(part, str) else str(part[1]) for part in points)]
    return all(part.strip() in latest for part in parts)
