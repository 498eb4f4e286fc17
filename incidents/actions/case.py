"""One act on one incident: lock, settle, transition, journal, save; in this order, always.

Every action opens a `Case`, works through it, and `finish`es it. What an act does to the clocks
stands in `clockwork`; the deadlines that follow, in `planning`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from django.db import connection
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from accounts import worktime
from accounts.errors import Changed, Conflict
from accounts.models import User
from incidents.actions import clockwork, planning
from incidents.actions.clockwork import Clockwork
from incidents.actions.journal import Ledger
from incidents.actions.planning import Key, Plan
from incidents.models import (
    Clock,
    Deadline,
    DeadlineKind,
    Incident,
    JournalEntry,
    Message,
    MessageKind,
    QueueTier,
    SideInterval,
    rows,
)
from incidents.models.rows import Writes
from incidents.states import Channel, Side

# What an act may change of an incident.
CHANGING = (
    "state",
    "severity",
    "closure",
    "closed_at",
    "customer_side_until",
    "responded_at",
    "customer_wrote_at",
    "changed_at",
    "queue_tier",
    "queue_severity",
    "queue_at",
    "journal_length",
    "journal_head",
)

_LOCK: Final = "select * from incidents_incident where id = %s for no key update"
_END_SIDE: Final = (
    "update incidents_sideinterval set ended_at = greatest(%s, started_at)"
    " where incident_id = %s and ended_at is null returning ended_at"
)


@dataclass(slots=True)
class Case:
    """A locked incident with its clocks and deadlines, at one instant."""

    incident: Incident
    ledger: Ledger
    clocks: Clockwork
    plan: Plan
    writes: Writes = field(default_factory=Writes)
    _changed_side_at: datetime | None = None

    @classmethod
    def open(
        cls,
        incident: Incident,
        *,
        at: datetime,
        recorded_at: datetime | None = None,
        unchanged_since: int | None = None,
        actor: User | None = None,
    ) -> Self:
        """Lock the incident, and fire first what fell due before `at` (SPEC 7.9).

        `unchanged_since` is the journal's length that `actor` had on the screen; raises `Changed`
        when somebody else has acted since.
        """
        case = cls.lock(incident.pk, at, recorded_at or at)
        if unchanged_since is not None:
            case.refuse_if_changed(unchanged_since, actor)
        case.fire_due(before=at)
        return case

    @classmethod
    def new(cls, incident: Incident, at: datetime, *, recorded_at: datetime) -> Self:
        """Open the case of an incident that is being filed; it was received at `at`."""
        ledger = Ledger(incident, at, recorded_at)
        return cls(incident, ledger, Clockwork(incident, ledger), Plan(incident))

    @classmethod
    def settle(
        cls, incident_id: int, *, before: datetime, recorded_at: datetime | None = None
    ) -> int:
        """Lock the incident and fire what fell due before an instant; return how many.

        Without `recorded_at`, each is recorded when it was due, as if somebody had stood by.
        """
        case = cls.lock(incident_id, before, recorded_at or before)
        fired = case.fire_due(before=before, stood_by=recorded_at is None)
        if fired:
            case.store()
        return fired

    @classmethod
    def lock(cls, incident_id: int, at: datetime, recorded_at: datetime) -> Self:
        questions = [(Incident, _LOCK), (Clock, clockwork.LATEST), (Deadline, planning.STORED)]
        (locked,), clocks, deadlines = rows.read_together(questions, [incident_id])
        ledger = Ledger(locked, at, recorded_at)
        return cls(locked, ledger, Clockwork.of(locked, ledger, clocks), Plan.of(locked, deadlines))

    # What the act reads.

    @property
    def at(self) -> datetime:
        return self.ledger.at

    def month_end(self) -> datetime | None:
        """Return when the customer's side ends if it begins, or began, now (SPEC 8).

        None where the programme sets no limit.
        """
        months: int | None = self.incident.targets["customer_side_months"]
        if months is None:
            return None
        zone = self.incident.agreement().office.timezone
        return self.incident.customer_side_until or worktime.month_after(
            self.at, zone, months=months
        )

    def side_at(self, at: datetime) -> Side | None:
        """Return whose move it was at an instant; of two that meet there, the later one."""
        interval = self.incident.sides.filter(started_at__lte=at).order_by("-id").first()
        if interval is None or (interval.ended_at is not None and interval.ended_at < at):
            return None
        return Side(interval.side)

    # What the act does.

    def write(
        self,
        author: User,
        kind: MessageKind,
        text: str,
        *,
        qualified: bool = False,
        channel: Channel = Channel.PORTAL,
    ) -> Message:
        message = Message(
            customer_id=self.incident.customer_id,
            incident=self.incident,
            author=author,
            kind=kind,
            channel=channel,
            written_at=self.at,
            text=text,
            qualified=qualified,
        )
        rows.insert([message])
        return message

    def move(self, transition: Callable[..., None], **arguments: Any) -> None:
        """Make a transition and keep the sides' intervals; `Conflict` if the state forbids it."""
        side_before = self.incident.side
        try:
            transition(**arguments)
        except TransitionNotAllowed as error:
            raise Conflict(
                _("This is not possible any more: the incident is now “%(state)s”.")
                % {"state": self.incident.facts.label}
            ) from error
        if self.incident.side != side_before:
            self._change_side()

    def record(
        self,
        kind: str,
        *,
        actor: User | None = None,
        message: Message | None = None,
        data: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> JournalEntry:
        """Append to the journal; the entry gets its key when the act is finished."""
        return self.ledger.record(kind, actor=actor, message=message, data=data, at=at)

    def finish(self) -> Incident:
        """Draw what follows from the act, store all of it, and plan what falls due next."""
        self._conclude()
        self.store()
        return self.incident

    def store(self) -> None:
        self._place_in_queue()
        self.clocks.store(self.writes)
        self.writes.update(self.incident, CHANGING)
        self.plan.store(self.writes)
        self.ledger.store(self.writes)

    # What time does.

    def fire_due(self, *, before: datetime, stood_by: bool = False) -> int:
        """Fire what fell due strictly before an instant, each dated when it was due.

        Hours that were revised meanwhile count, though their news may still be on its way.
        """
        act_at, fired = self.at, 0
        revised_at = self._hours_revised_at(before)
        if revised_at:
            fired += self._fire_until(revised_at, stood_by=stood_by)
            self.ledger.at = revised_at
            self.clocks.calendar_revised()
            self._conclude()
        fired += self._fire_until(before, stood_by=stood_by)
        self.ledger.at = act_at
        return fired

    def _hours_revised_at(self, before: datetime) -> datetime | None:
        """Return when hours were revised by which what falls due now is not reckoned yet."""
        if not self.plan.is_due(before) or not self.clocks.count_other_hours():
            return None
        changed_at = self.incident.agreement().hours_changed_at()
        return changed_at if changed_at < before else None

    def _fire_until(self, before: datetime, *, stood_by: bool) -> int:
        fired = 0
        while due := self.plan.take_next(before):
            key, self.ledger.at = due
            if stood_by:
                self.ledger.recorded_at = self.ledger.at
            self._fire(key)
            self._conclude(fired=key)
            fired += 1
        return fired

    def _fire(self, key: Key) -> None:
        kind, clock_kind, step = key
        match DeadlineKind(kind):
            case DeadlineKind.WARNING:
                self.clocks.warn(clock_kind, step)
            case DeadlineKind.BREACH:
                self.clocks.breach(clock_kind)
            case DeadlineKind.REMINDER:
                self.record("reminded", data={"days": step})
            case DeadlineKind.EXPIRY:
                self.move(self.incident.expire, at=self.at)
                self.record("expired")

    def _conclude(self, *, fired: Key | None = None) -> None:
        """Let the clocks follow the side, and plan what falls due after this act or firing."""
        since, self._changed_side_at = self._changed_side_at or self.at, None
        self.clocks.follow_side(since)
        self.incident.changed_at = max(self.at, self.incident.changed_at)
        self.plan.revise(self.clocks.latest.values(), fired=fired)

    def refuse_if_changed(self, since: int, actor: User | None) -> None:
        """Somebody who writes without having seen what another did may say the wrong thing."""
        if self.incident.journal_length == since:
            return
        news = self.incident.journal.filter(number__gt=since, actor__isnull=False)
        others = news.exclude(actor=actor).select_related("actor").order_by("number")
        if names := list(dict.fromkeys(entry.actor.name for entry in others if entry.actor)):
            raise Changed(
                _(
                    "Meanwhile %(names)s acted on this incident."
                    " Look at what is new, then send again."
                )
                % {"names": ", ".join(names)}
            )

    def _change_side(self) -> None:
        """End the interval that runs and start the next; never before the last change of side."""
        with connection.cursor() as cursor:
            cursor.execute(_END_SIDE, [self.at, self.incident.pk])
            ended = cursor.fetchone()
        self._changed_side_at = ended[0] if ended else self.at
        if side := self.incident.side:
            self.start_side(side, self._changed_side_at)

    def start_side(self, side: Side, started_at: datetime) -> None:
        interval = SideInterval(
            customer_id=self.incident.customer_id,
            incident=self.incident,
            side=side,
            started_at=started_at,
        )
        self.writes.insert([interval])

    def _place_in_queue(self) -> None:
        """Order (SPEC 10): overdue, by deadline, our move by severity and wait, the customer's."""
        incident = self.incident
        running = self.clocks.running
        missed = [clock.due_at for clock in running if clock.breached_at]
        if not incident.is_open:
            place = (QueueTier.CLOSED, 0, incident.closed_at)
        elif incident.side is Side.CUSTOMER:
            place = (QueueTier.CUSTOMERS_MOVE, 0, incident.customer_side_until or self.at)
        elif missed:
            place = (QueueTier.BREACHED, 0, min(missed))
        elif running:
            place = (QueueTier.RUNNING, 0, min(clock.due_at for clock in running))
        else:
            place = (QueueTier.OUR_MOVE, incident.severity, incident.customer_wrote_at)
        incident.queue_tier, incident.queue_severity = place[0], place[1]
        incident.queue_at = place[2] or self.at
