"""What acts do to the clocks (SPEC 7; the rules of each kind stand in docs/clocks.md)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Self

from accounts.models import calendar_on_record, put_on_record
from accounts.worktime import Calendar
from incidents import rules
from incidents.actions.journal import Ledger
from incidents.models import Clock, ClockKind, Incident, Message, MessageKind
from incidents.models.clock import LASTING
from incidents.models.rows import Writes
from incidents.rules import RunningClock, Target
from incidents.states import Closure, Side

# What may change of a clock that is stored.
MOVING = (
    "started_at",
    "waits_for_call",
    "promises",
    "pauses",
    "calendar",
    "due_at",
    "warnings_due_at",
    "warned_at",
    "met_at",
    "breached_at",
    "breach_set_aside_at",
    "ended_at",
)

# The latest clock of each kind.
LATEST: Final = (
    "select distinct on (kind) * from incidents_clock where incident_id = %s"
    " order by kind, received_at desc, id desc"
)


@dataclass
class Clockwork:
    """The clocks of a locked incident, the latest of each kind; told of what happened, they move.

    The ledger says when, and takes down what came of it. Nothing is written before `store`.
    """

    incident: Incident
    ledger: Ledger
    latest: dict[str, Clock] = field(default_factory=dict)
    _touched: list[Clock] = field(default_factory=list)
    _took_hours: bool = False

    @classmethod
    def of(cls, incident: Incident, ledger: Ledger, latest: Iterable[Clock]) -> Self:
        return cls(incident, ledger, {clock.kind: clock for clock in latest})

    @property
    def response(self) -> Clock | None:
        """The latest response clock; None where no response is promised."""
        return self.latest.get(ClockKind.RESPONSE)

    @property
    def running(self) -> list[Clock]:
        return [clock for clock in self.latest.values() if clock.is_running]

    def count_other_hours(self) -> bool:
        """Tell whether a clock that may move counts working time by other hours than in force."""
        moving = [clock for clock in self.latest.values() if clock.can_move and clock.uses_hours]
        return any(clock.calendar != self._hours.digest for clock in moving)

    # What happened.

    def filed(self, *, by_phone: bool) -> None:
        """Start what is promised from reception on."""
        self.begin(ClockKind.RESPONSE, by_phone=by_phone)
        for kind in LASTING:
            self.begin(kind)
        if self.owes_updates():
            self._begin_update()

    def owes_updates(self) -> bool:
        """Tell whether updates are owed: since the first, or where no answer is owed."""
        return ClockKind.UPDATE in self.latest or not self.runs(ClockKind.RESPONSE)

    def customer_wrote(self) -> None:
        """A next response is owed, unless an answer is owed already."""
        if not self.runs(ClockKind.RESPONSE) and not self.runs(ClockKind.NEXT_RESPONSE):
            self.begin(ClockKind.NEXT_RESPONSE)

    def customer_was_told(self, *, qualified: bool) -> None:
        """Any word keeps the promise of updates; a qualified one is a response (SPEC 7.5)."""
        if qualified:
            self.answered()
        self.meet(self.at_this_instant(ClockKind.UPDATE))
        if self.owes_updates():
            self._begin_update()

    def answered(self) -> None:
        """Take this instant as one of a qualified response, the first if none was earlier."""
        at = self.ledger.at
        if self.incident.responded_at is None or at < self.incident.responded_at:
            self.incident.responded_at = at
        self.meet(self.at_this_instant(ClockKind.RESPONSE))
        self.meet(self.at_this_instant(ClockKind.NEXT_RESPONSE))

    def workaround_recorded(self) -> None:
        self.meet(self.at_this_instant(ClockKind.WORKAROUND))

    def called(self) -> None:
        """Start a response clock that waits for a call (SPEC 7.4)."""
        clock = self.response
        if clock and clock.can_move and clock.received_at <= self.ledger.at:
            hours = self._hours_of(clock)
            moved = rules.log_call(clock.value(), at=self.ledger.at, calendar=hours)
            self._reckon(clock, moved, "call")

    def severity_changed(self, *, before: int) -> None:
        """Follow the severity that the incident has by now (SPEC 7.6)."""
        change = rules.raise_severity if self.incident.severity < before else rules.lower_severity
        for kind in ClockKind:
            target, clock = self._target(kind), self.latest.get(kind)
            if target is None:
                continue
            if clock is None or (kind is ClockKind.RESPONSE and not clock.is_running):
                self._begin_late(kind)
            elif clock.can_move:
                hours = self._hours_of(clock)
                moved = change(clock.value(), at=self.ledger.at, target=target, calendar=hours)
                self._reckon(clock, moved, "severity")

    def calendar_revised(self) -> bool:
        """Reckon by the hours in force now; return whether a due time moved (SPEC 7.10).

        A clock that began after the change has them already.
        """
        moved = False
        for clock in self.latest.values():
            if clock.can_move and clock.received_at <= self.ledger.at:
                due_at = clock.due_at
                self._take_hours(clock)
                moved |= clock.due_at != due_at
        return moved

    def reopened(self, *, by_contact: bool) -> None:
        """Start, or take up, what a reopened incident is owed (SPEC 7.12)."""
        if self.incident.responded_at is None:
            self.begin(ClockKind.RESPONSE, by_phone=not by_contact)
        for kind in LASTING:
            self._take_up(kind)
        if not self.runs(ClockKind.RESPONSE):
            self._begin_update()
        if by_contact:
            self.customer_wrote()

    def expiry_undone(self, closed_at: datetime) -> None:
        """Let what the month's end had ended run on: the answer had arrived in time (SPEC 8)."""
        for clock in self.latest.values():
            if clock.ended_at == closed_at and clock.met_at is None:
                clock.ended_at = None
                self.touch(clock)

    def follow_side(self, since: datetime) -> None:
        """Stand still, go on or end, as the side that has the next move `since` then says."""
        side = self.incident.side
        for clock in self.running:
            if side is None:
                self._close(clock)
            elif side is Side.CUSTOMER and not clock.is_standing:
                clock.take(rules.pause(clock.value(), at=since))
                self.touch(clock)
                self.ledger.record("clock_paused", data=clock.summary())
            elif side is Side.VENDOR and clock.is_standing:
                self._go_on(clock, since)

    def warn(self, kind: str, percentage: int) -> None:
        clock = self.latest[kind]
        clock.warned_at[clock.warning_percentages.index(percentage)] = self.ledger.at
        self.touch(clock)
        self.ledger.record("clock_warned", data={"percentage": percentage, **clock.summary()})

    def breach(self, kind: str) -> None:
        self.missed(self.latest[kind], self.ledger.at)

    def store(self, writes: Writes) -> None:
        """Hand over what changed."""
        if self._took_hours:
            put_on_record(self._hours)
        stored = [clock for clock in self._touched if clock.pk is not None]
        for clock in stored:
            writes.update(clock, MOVING)
        writes.insert(clock for clock in self._touched if clock.pk is None)
        self._touched = []

    # How clocks begin.

    def begin(
        self,
        kind: ClockKind,
        *,
        by_phone: bool = True,
        at: datetime | None = None,
        pauses: tuple[rules.Pause, ...] = (),
    ) -> Clock | None:
        """Start a clock of a kind, now or at an instant that lies back, if it is promised."""
        target = self._target(kind)
        if target is None:
            return None
        value = rules.start(
            received_at=at or self.ledger.at,
            by_phone=by_phone,
            target=target,
            percentages=self.incident.targets["warning_percentages"],
            calendar=self._hours,
            pauses=pauses,
        )
        return self._start(kind, value, self._hours)

    def _begin_update(self) -> None:
        if self.incident.is_open and not self.runs(ClockKind.UPDATE):
            self.begin(ClockKind.UPDATE)

    def _begin_late(self, kind: ClockKind) -> None:
        """Start what only the new severity promises, if it would run by now."""
        match kind:
            case ClockKind.RESPONSE:
                wanted = self.incident.responded_at is None
            case ClockKind.WORKAROUND:
                wanted = not self._has_workaround()
            case ClockKind.RESOLUTION:
                wanted = True
            case _:
                wanted = False
        if wanted:
            self.begin(kind)

    def _take_up(self, kind: ClockKind) -> None:
        """Go on with a promise where it stood at the closing, unless it was kept or missed before.

        One that was met by the closing itself was met while it stood still.
        """
        ended = self.latest.get(kind)
        if ended is None or ended.ended_at is None or ended.breached_at:
            return
        if ended.met_at is not None and not ended.is_standing:
            return
        value = ended.value()
        if not ended.is_standing:
            value = rules.pause(value, at=ended.ended_at)
        hours = self._hours_of(ended)
        clock = self._start(kind, rules.resume(value, at=self.ledger.at, calendar=hours), hours)
        self._take_hours(clock)

    def _start(self, kind: ClockKind, value: RunningClock, hours: Calendar) -> Clock:
        clock = Clock(
            customer_id=self.incident.customer_id,
            incident=self.incident,
            kind=kind,
            received_at=value.received_at,
            calendar=hours.digest,
            warning_percentages=[warning.percentage for warning in value.warnings],
        )
        clock.take(value)
        self.latest[kind] = clock
        self._took_hours = True
        self.touch(clock)
        self.ledger.record("clock_started", data=clock.summary())
        return clock

    # How they move and end.

    def _reckon(
        self, clock: Clock, value: RunningClock, reason: str, hours: Calendar | None = None
    ) -> None:
        """Take over what the rules reckoned, by new `hours` if given; journal it if it shows."""
        before = clock.summary()
        clock.take(value)
        clock.calendar = hours.digest if hours else clock.calendar
        self.touch(clock)
        after = clock.summary()
        if after != before:
            data = {"kind": after["kind"], "reason": reason, "from": before, "to": after}
            self.ledger.record("clock_moved", data=data)

    def _take_hours(self, clock: Clock) -> None:
        """Reckon a clock by the hours in force; one that would be overdue at once keeps its own."""
        if clock.calendar == self._hours.digest:
            return
        value = clock.value()
        revised = rules.revise_calendar(value, at=self.ledger.at, calendar=self._hours)
        if revised is value:
            return
        self._took_hours = True
        self._reckon(clock, revised, "calendar", self._hours)

    def _go_on(self, clock: Clock, since: datetime) -> None:
        """End a pause; what was breached by then does not move any more."""
        if clock.can_move:
            hours = self._hours_of(clock)
            resumed = rules.resume(clock.value(), at=since, calendar=hours)
            self._reckon(clock, resumed, "resumed")
        else:
            self._end_pause(clock, since)

    def _end_pause(self, clock: Clock, at: datetime) -> None:
        value = clock.value()
        clock.take(replace(value, pauses=rules.end_pause(value.pauses, at)))
        self.touch(clock)

    def undo(self, clock: Clock) -> None:
        """End a clock at its beginning: it is found that it was never owed."""
        if clock.breached_at:
            self._set_breach_aside(clock)
        clock.ended_at = clock.received_at
        self.touch(clock)
        self.ledger.record("clock_ended", at=clock.received_at, data=clock.summary())

    def meet(self, clock: Clock | None) -> None:
        """Take this instant as the one at which a promise was kept."""
        if clock is None:
            return
        at = self.ledger.at
        self._set_breach_aside_if_in_time(clock)
        if clock.pauses and clock.breached_at is None:
            clock.take(rules.cut(clock.value(), at=at, calendar=self._hours_of(clock)))
        elif clock.is_standing:
            self._end_pause(clock, at)
        clock.met_at = clock.ended_at = at
        self.touch(clock)
        self.ledger.record("clock_stopped", data=clock.summary())

    def _close(self, clock: Clock) -> None:
        """End a clock with its incident; what was solved was solved when the solution came."""
        at = self.ledger.at
        self._set_breach_aside_if_in_time(clock)
        clock.ended_at = at
        solved = self.incident.closure == Closure.SOLVED and clock.kind in LASTING
        if solved:
            clock.met_at = max(self._offered_at(), clock.received_at)
        self.touch(clock)
        self.ledger.record("clock_stopped" if solved else "clock_ended", data=clock.summary())

    def missed(self, clock: Clock, at: datetime) -> None:
        clock.breached_at = at
        self.touch(clock)
        self.ledger.record("clock_breached", at=at, data=clock.summary())

    def _set_breach_aside_if_in_time(self, clock: Clock) -> None:
        """In time is in time, though the check ran first (SPEC 7.9)."""
        if clock.breached_at and self.ledger.at <= clock.due_at:
            self._set_breach_aside(clock)

    def _set_breach_aside(self, clock: Clock) -> None:
        clock.breached_at = None
        clock.breach_set_aside_at = self.ledger.recorded_at
        self.touch(clock)
        self.ledger.record("breach_set_aside", data=clock.summary())

    # What they read.

    @cached_property
    def _hours(self) -> Calendar:
        return self.incident.agreement().hours

    def _hours_of(self, clock: Clock) -> Calendar:
        """Return what a clock is reckoned by: the hours in force, or those that it kept."""
        return calendar_on_record(clock.calendar)

    def _target(self, kind: ClockKind) -> Target | None:
        """Return what was promised of a kind, at this severity, when the incident was filed."""
        return Target.of(self.incident.targets, kind, self.incident.severity)

    def runs(self, kind: ClockKind) -> bool:
        clock = self.latest.get(kind)
        return clock is not None and clock.is_running

    def at_this_instant(self, kind: ClockKind) -> Clock | None:
        """Return the clock of a kind that ran at the act's instant, which may lie back."""
        at, clock = self.ledger.at, self.latest.get(kind)
        if clock is None or clock.received_at <= at:
            return clock if clock and clock.ran_at(at) else None
        earlier = Clock.objects.filter(incident=self.incident, kind=kind, received_at__lte=at)
        found = earlier.order_by("-received_at", "-id").first()
        return found if found and found.ran_at(at) else None

    def _offered_at(self) -> datetime:
        """Return when the solution came that was accepted."""
        offers = Message.objects.filter(incident=self.incident, kind=MessageKind.SOLUTION)
        return offers.latest("written_at", "id").written_at

    def _has_workaround(self) -> bool:
        recorded = Message.objects.filter(incident=self.incident, kind=MessageKind.WORKAROUND)
        return recorded.exists()

    def touch(self, clock: Clock) -> None:
        if not any(clock is known for known in self._touched):
            self._touched.append(clock)
