"""The deadlines of one incident: what is stored, what falls due next, what an act makes of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from incidents.models import Clock, Deadline, DeadlineKind, Incident
from incidents.models.rows import Writes

REMINDER_DAYS = (14, 7, 1)  # before the month on the customer's side ends (SPEC 8)

STORED: Final = "select * from incidents_deadline where incident_id = %s"

Key = tuple[int, str, int]  # kind, kind of clock, step


Watched = dict[int, datetime]  # when each incident next falls due

_watched: ContextVar[Watched | None] = ContextVar("watched", default=None)


@contextmanager
def watch() -> Iterator[Watched]:
    """Keep in mind when the incidents that the block acts on next fall due.

    For whoever alone acts on them, such as a rehearsal: it need not ask the database.
    """
    watched: Watched = {}
    token = _watched.set(watched)
    try:
        yield watched
    finally:
        _watched.reset(token)


@dataclass(slots=True)
class Plan:
    """Deadlines under the incident's lock; nothing is written before `store`."""

    incident: Incident
    stored: dict[Key, Deadline] = field(default_factory=dict)
    planned: dict[Key, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, incident: Incident, rows: Iterable[Deadline]) -> Self:
        stored = {(row.kind, row.clock_kind, row.step): row for row in rows}
        return cls(incident, stored, {key: row.due_at for key, row in stored.items()})

    def is_due(self, before: datetime) -> bool:
        return any(due_at < before for due_at in self.planned.values())

    def take_next(self, before: datetime) -> tuple[Key, datetime] | None:
        """Take out and return what falls due first of all that lies strictly before an instant."""
        if not self.planned:
            return None
        due_at, key = min((due_at, key) for key, due_at in self.planned.items())
        if due_at >= before:
            return None
        del self.planned[key]
        return key, due_at

    def revise(self, clocks: Iterable[Clock], *, fired: Key | None = None) -> None:
        """Plan what follows from the incident and its clocks, but for what fires just now."""
        wanted = _of_clocks(clocks) | self._of_the_month()
        if fired:
            wanted.pop(fired, None)
        self.planned = wanted

    def store(self, writes: Writes) -> None:
        """Hand over what differs from what is stored."""
        self._tell()
        writes.delete([row for key, row in self.stored.items() if key not in self.planned])
        for key, row in self.stored.items():
            due_at = self.planned.get(key, row.due_at)
            if due_at != row.due_at:
                row.due_at = due_at
                writes.update(row, ("due_at",))
        writes.insert(
            Deadline(
                customer_id=self.incident.customer_id,
                incident=self.incident,
                kind=key[0],
                clock_kind=key[1],
                step=key[2],
                due_at=due_at,
            )
            for key, due_at in self.planned.items()
            if key not in self.stored
        )

    def _tell(self) -> None:
        watched = _watched.get()
        if watched is None:
            return
        if self.planned:
            watched[self.incident.pk] = min(self.planned.values())
        else:
            watched.pop(self.incident.pk, None)

    def _of_the_month(self) -> dict[Key, datetime]:
        """Reminders that lie ahead, and the end; one at this very instant only if it was planned.

        An act at a reminder's instant comes before it, and the reminder's own firing after it.
        """
        until = self.incident.customer_side_until
        if until is None:
            return {}
        ahead: dict[Key, datetime] = {(DeadlineKind.EXPIRY, "", 0): until}
        for days in REMINDER_DAYS:
            key: Key = (DeadlineKind.REMINDER, "", days)
            due_at = until - timedelta(days=days)
            now = self.incident.changed_at
            if due_at > now or (due_at == now and key in self.planned):
                ahead[key] = due_at
        return ahead


def _of_clocks(clocks: Iterable[Clock]) -> dict[Key, datetime]:
    ahead: dict[Key, datetime] = {}
    for clock in clocks:
        if not clock.can_move or clock.is_standing:
            continue
        ahead[DeadlineKind.BREACH, clock.kind, 0] = clock.due_at
        for percentage, due_at, fired_at in zip(
            clock.warning_percentages, clock.warnings_due_at, clock.warned_at, strict=True
        ):
            if fired_at is None:
                ahead[DeadlineKind.WARNING, clock.kind, percentage] = due_at
    return ahead
