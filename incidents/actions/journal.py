"""Writing the journal: each event once, chained, and published with it (HOUSE 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from accounts.models import Role, User
from incidents.models import Handling, Incident, JournalEntry, Message
from incidents.models.journal import text_digest
from incidents.models.rows import Writes
from msa.outbox.actions import News, publish_all


@dataclass(slots=True)
class Ledger:
    """What is written about one locked incident at an instant; stored when the act is finished."""

    incident: Incident
    at: datetime
    recorded_at: datetime
    entries: list[JournalEntry] = field(default_factory=list)

    def record(
        self,
        kind: str,
        *,
        actor: User | None = None,
        message: Message | None = None,
        data: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> JournalEntry:
        """Append an entry, dated now unless `at` says otherwise; it gets its key when stored.

        `actor` is None when the clock acts. Advances the chain's head on the incident, which the
        caller saves. `data` holds strings, whole numbers, truth values and nothing personal.
        """
        entry = JournalEntry(
            customer_id=self.incident.customer_id,
            incident=self.incident,
            number=self.incident.journal_length + 1,
            at=(at or self.at).astimezone(UTC),
            recorded_at=self.recorded_at.astimezone(UTC),
            kind=kind,
            actor=actor,
            message=message,
            text_hash=text_digest(message) if message else "",
            data=dict(data or {}),
            previous_hash=self.incident.journal_head,
        )
        entry.hash = entry.digest()
        self.incident.journal_length = entry.number
        self.incident.journal_head = entry.hash
        self.entries.append(entry)
        return entry

    def store(self, writes: Writes) -> None:
        """Send what waits with the entries in order; publish each as topic `incident.<kind>`."""
        writes.insert(self.entries)
        writes.send()
        for entry in self.entries:
            if entry.actor is not None and entry.actor.role == Role.DUTY_MANAGER:
                _remember_handling(entry.incident, entry.actor, entry.at)
        publish_all(
            News(
                topic=f"incident.{entry.kind}",
                payload={"incident": entry.incident_id, "entry": entry.pk},
                at=entry.at,
                stream=self.incident.reference,
            )
            for entry in self.entries
        )
        self.entries = []


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
