"""Writing the journal: each event once, chained, and published with it (HOUSE 3)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts.models import Role, User
from incidents.models import Handling, Incident, JournalEntry, Message
from incidents.models.journal import text_digest
from msa.outbox.actions import publish


def record(
    incident: Incident,
    kind: str,
    *,
    at: datetime,
    recorded_at: datetime,
    actor: User | None = None,
    message: Message | None = None,
    data: Mapping[str, Any] | None = None,
) -> JournalEntry:
    """Append an entry to a locked incident's journal and publish it as topic `incident.<kind>`.

    `actor` is None when the clock acts. Advances the chain's head on `incident`, which the caller
    saves. `data` holds strings, whole numbers, truth values and nothing personal.
    """
    entry = JournalEntry(
        customer_id=incident.customer_id,
        incident=incident,
        number=incident.journal_length + 1,
        at=at.astimezone(UTC),
        recorded_at=recorded_at.astimezone(UTC),
        kind=kind,
        actor=actor,
        message=message,
        text_hash=text_digest(message) if message else "",
        data=dict(data or {}),
        previous_hash=incident.journal_head,
    )
    entry.hash = entry.digest()
    entry.save(force_insert=True)
    incident.journal_length = entry.number
    incident.journal_head = entry.hash
    if actor is not None and actor.role == Role.DUTY_MANAGER:
        _remember_handling(incident, actor, at)
    publish(
        f"incident.{kind}",
        {"incident": incident.pk, "entry": entry.pk},
        at=at,
        stream=incident.reference,
    )
    return entry


def _remember_handling(incident: Incident, actor: User, at: datetime) -> None:
    """A duty manager goes on seeing what they handled on a shift (SPEC 4)."""
    if not Handling.objects.filter(incident=incident, user=actor).exists():
        Handling.objects.create(
            customer_id=incident.customer_id,
            incident=incident,
            user=actor,
            reason=Handling.Reason.ON_SHIFT,
            since=at,
            until=at,
        )
