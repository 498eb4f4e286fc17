"""One act on one incident: lock, settle, transition, journal, save; in this order, always.

Every action opens a `Case`, works through it, and `finish`es it. The case knows the two things
that follow from any act: on whose side the incident is and since when, and which deadlines lie
ahead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from accounts import worktime
from accounts.errors import Changed, Conflict
from accounts.models import User
from accounts.worktime import Calendar
from incidents.actions.journal import record
from incidents.models import (
    Clock,
    ClockKind,
    Deadline,
    DeadlineKind,
    Incident,
    JournalEntry,
    Message,
    MessageKind,
    QueueTier,
    SideInterval,
)
from incidents.rules import RunningClock, Target
from incidents.states import Channel, Side

REMINDER_DAYS = (14, 7, 1)  # before the month on the customer's side ends (SPEC 8)


@dataclass(slots=True)
class Case:
    """A locked incident with its latest response clock, at one instant."""

    incident: Incident
    clock: Clock
    at: datetime
    recorded_at: datetime
    firing: tuple[DeadlineKind, int] | None = None

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
        case = cls.lock(incident, at, recorded_at or at)
        if unchanged_since is not None:
            case.refuse_if_changed(unchanged_since, actor)
        case.fire_due(before=at)
        return case

    @classmethod
    def settle(cls, incident: Incident, *, before: datetime, recorded_at: datetime) -> int:
        """Lock the incident and fire what fell due before an instant; return how many."""
        return cls.lock(incident, before, recorded_at).fire_due(before=before)

    @classmethod
    def lock(cls, incident: Incident, at: datetime, recorded_at: datetime) -> Self:
        locked = (
            Incident.objects.select_for_update(of=("self",), no_key=True)
            .select_related("certificate__office", "author", "category", "customer", "product")
            .get(pk=incident.pk)
        )
        clock = (
            Clock.objects.filter(incident=locked, kind=ClockKind.RESPONSE).order_by("-id")[:1].get()
        )
        return cls(locked, clock, at, recorded_at)

    # What the act reads.

    @property
    def hours(self) -> Calendar:
        return self.incident.certificate.hours

    def target(self, severity: int) -> Target | None:
        """Return the response target of a severity, as taken over when the incident was filed."""
        data = self.incident.targets["response"].get(str(severity))
        return Target.from_data(data) if data else None

    def month_end(self) -> datetime | None:
        """Return when the customer's side ends if it begins, or began, now (SPEC 8).

        None where the programme sets no limit.
        """
        months: int | None = self.incident.targets["customer_side_months"]
        if months is None:
            return None
        zone = self.incident.certificate.office.timezone
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
        return Message.objects.create(
            customer_id=self.incident.customer_id,
            incident=self.incident,
            author=author,
            kind=kind,
            channel=channel,
            written_at=self.at,
            text=text,
            qualified=qualified,
        )

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

    def stop_clock(self) -> None:
        """Take `at` as the instant of a qualified response (SPEC 7.5).

        A call that is logged afterwards may be earlier than the response on record; it is the first
        then, and disproves a breach that lies after it (SPEC 7.9).
        """
        if self.incident.responded_at is None or self.at < self.incident.responded_at:
            self.incident.responded_at = self.at
        ended_at = self.clock.ended_at
        if ended_at is not None and not self.clock.received_at <= self.at < ended_at:
            return
        if self.clock.breached_at and self.at <= self.clock.due_at:
            self._set_breach_aside()
        self.clock.responded_at = self.clock.ended_at = self.at
        self.record("clock_stopped", data={"due_at": self.clock.due_at.isoformat()})

    def end_clock(self) -> None:
        """End a running clock: closing in time is no breach, though the check ran first."""
        if not self.clock.is_running:
            return
        if self.clock.breached_at and self.at <= self.clock.due_at:
            self._set_breach_aside()
        self.clock.ended_at = self.at

    def reckon(self, value: RunningClock, reason: str) -> None:
        """Take over a clock that the rules moved, with a line in the journal if it shows."""
        shown = self.clock.summary()
        self.clock.take(value)
        if self.clock.summary() != shown:
            self.record(
                "clock_moved", data={"reason": reason, "from": shown, "to": self.clock.summary()}
            )

    def record(
        self,
        kind: str,
        *,
        actor: User | None = None,
        message: Message | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> JournalEntry:
        return record(
            self.incident,
            kind,
            at=self.at,
            recorded_at=self.recorded_at,
            actor=actor,
            message=message,
            data=data,
        )

    def finish(self) -> Incident:
        """Store what the act changed, and plan what falls due next."""
        self.incident.changed_at = max(self.at, self.incident.changed_at)
        self._place_in_queue()
        self.clock.save()
        self.incident.save()
        self._plan_deadlines()
        return self.incident

    # What time does.

    def fire_due(self, *, before: datetime) -> int:
        """Fire what fell due strictly before an instant, each dated when it was due."""
        fired = 0
        while deadline := self._next_deadline(before):
            deadline.delete()
            firing = DeadlineKind(deadline.kind), deadline.step
            then = Case(self.incident, self.clock, deadline.due_at, self.recorded_at, firing)
            then.fire(*firing)
            then.finish()
            fired += 1
        return fired

    def fire(self, kind: DeadlineKind, step: int) -> None:
        match kind:
            case DeadlineKind.WARNING:
                self.clock.warned_at[self.clock.warning_percentages.index(step)] = self.at
                self.record("clock_warned", data={"percentage": step, **self.clock.summary()})
            case DeadlineKind.BREACH:
                self.clock.breached_at = self.at
                self.record("clock_breached", data=self.clock.summary())
            case DeadlineKind.REMINDER:
                self.record("reminded", data={"days": step})
            case DeadlineKind.EXPIRY:
                self.move(self.incident.expire, at=self.at)
                self.record("expired")

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

    def _next_deadline(self, before: datetime) -> Deadline | None:
        return (
            Deadline.objects.filter(incident=self.incident, due_at__lt=before)
            .order_by("due_at", "kind", "step")
            .first()
        )

    def _change_side(self) -> None:
        """End the interval that runs and start the next; never before the last change of side."""
        changed_at = self.at
        running = SideInterval.objects.filter(incident=self.incident, ended_at__isnull=True).first()
        if running:
            changed_at = running.ended_at = max(self.at, running.started_at)
            running.save(update_fields=["ended_at"])
        if side := self.incident.side:
            self.start_side(side, changed_at)

    def start_side(self, side: Side, started_at: datetime) -> None:
        SideInterval.objects.create(
            customer_id=self.incident.customer_id,
            incident=self.incident,
            side=side,
            started_at=started_at,
        )

    def _set_breach_aside(self) -> None:
        self.clock.breached_at = None
        self.clock.breach_set_aside_at = self.recorded_at
        self.record("breach_set_aside", data={"due_at": self.clock.due_at.isoformat()})

    def _place_in_queue(self) -> None:
        """Order (SPEC 10): overdue, by deadline, our move by severity and wait, the customer's."""
        incident, clock = self.incident, self.clock
        if not incident.is_open:
            place = (QueueTier.CLOSED, 0, incident.closed_at)
        elif incident.side is Side.CUSTOMER:
            place = (QueueTier.CUSTOMERS_MOVE, 0, incident.customer_side_until or self.at)
        elif not clock.is_running:
            place = (QueueTier.OUR_MOVE, incident.severity, incident.customer_wrote_at)
        elif clock.breached_at:
            place = (QueueTier.BREACHED, 0, clock.due_at)
        else:
            place = (QueueTier.RUNNING, 0, clock.due_at)
        incident.queue_tier, incident.queue_severity = place[0], place[1]
        incident.queue_at = place[2] or self.at

    def _plan_deadlines(self) -> None:
        wanted = self._deadlines_ahead()
        for deadline in Deadline.objects.filter(incident=self.incident):
            due_at = wanted.pop((deadline.kind, deadline.step), None)
            if due_at is None:
                deadline.delete()
            elif due_at != deadline.due_at:
                deadline.due_at = due_at
                deadline.save(update_fields=["due_at"])
        Deadline.objects.bulk_create(
            Deadline(
                customer_id=self.incident.customer_id,
                incident=self.incident,
                kind=kind,
                step=step,
                due_at=due_at,
            )
            for (kind, step), due_at in wanted.items()
            if kind != DeadlineKind.REMINDER or due_at > self.incident.changed_at
        )

    def _deadlines_ahead(self) -> dict[tuple[int, int], datetime]:
        ahead: dict[tuple[int, int], datetime] = {}
        if self.clock.can_move:
            ahead[DeadlineKind.BREACH, 0] = self.clock.due_at
            for percentage, due_at, fired_at in zip(
                self.clock.warning_percentages,
                self.clock.warnings_due_at,
                self.clock.warned_at,
                strict=True,
            ):
                if fired_at is None:
                    ahead[DeadlineKind.WARNING, percentage] = due_at
        if until := self.incident.customer_side_until:
            ahead[DeadlineKind.EXPIRY, 0] = until
            for days in REMINDER_DAYS:
                if (due_at := until - timedelta(days=days)) >= self.incident.changed_at:
                    ahead[DeadlineKind.REMINDER, days] = due_at
        if self.firing:
            ahead.pop(self.firing, None)
        return ahead
