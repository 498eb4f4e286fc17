"""One incident: its state, sides and clocks, as SPEC 6 to 8 and docs/clocks.md tell them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.model.clock import Clock, Target
from tests.model.hours import Always, Hours
from tests.model.people import Certificate

VENDOR_STATES = ("received", "in_progress")
CUSTOMER_STATES = ("awaiting_customer", "solution_offered")
# Taken up again where they stood when the incident was closed.
TAKEN_UP = ("workaround", "resolution")


class Refused(Exception):
    pass


@dataclass
class Escalation:
    level: int
    to: list[str]
    acknowledged: bool = False
    answered: bool = False
    climbs_at: int | None = None


@dataclass
class Incident:
    certificate: Certificate
    severity: int
    hours: Hours
    state: str = "received"
    closure: str | None = None
    closed_at: int | None = None
    until: int | None = None
    answered: bool = False
    offered_at: int = 0
    workaround_recorded: bool = False
    clocks: list[Clock] = field(default_factory=list)
    sides: list[list[Any]] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)

    @property
    def side(self) -> str | None:
        if self.state in VENDOR_STATES:
            return "vendor"
        return "customer" if self.state in CUSTOMER_STATES else None

    @property
    def level(self) -> int:
        return max((escalation.level for escalation in self.escalations), default=0)

    def running(self, kind: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.kind == kind and clock.runs), None)

    # Its acts.

    def file(self, at: int, *, by_phone: bool) -> None:
        self.sides.append(["vendor", at, None])
        self.begin_response(at, by_phone=by_phone)
        self.begin("workaround", at)
        self.begin("resolution", at)
        if self.target("response") is None:
            self.begin("update", at)

    def respond(self, at: int) -> None:
        self.need(*VENDOR_STATES)
        self.qualified(at)
        self.state = "in_progress"

    def reply(self, at: int) -> None:
        """An answer that nobody marked as qualified."""
        self.need(*VENDOR_STATES, *CUSTOMER_STATES)
        self.word(at)

    def ask(self, at: int, until: int) -> None:
        self.need(*VENDOR_STATES)
        self.qualified(at)
        self.to_customer("awaiting_customer", at, until)

    def offer_solution(self, at: int, until: int) -> None:
        self.need(*VENDOR_STATES, "awaiting_customer")
        self.offered_at = at
        self.qualified(at)
        if self.side == "vendor":
            self.to_customer("solution_offered", at, until)
        else:
            self.state = "solution_offered"

    def answer(self, at: int) -> None:
        self.need(*VENDOR_STATES, *CUSTOMER_STATES)
        if self.side == "customer":
            self.to_vendor(at)
        self.customer_wrote(at)

    def decline(self, at: int) -> None:
        self.need("solution_offered")
        self.to_vendor(at)
        self.customer_wrote(at)

    def take_back(self, at: int) -> None:
        self.need(*CUSTOMER_STATES)
        self.to_vendor(at)

    def accept(self, at: int) -> None:
        self.need("solution_offered")
        for clock in self.clocks:
            if clock.kind in TAKEN_UP and clock.runs:
                clock.accepted(self.offered_at, at)
        self.close("solved", at)

    def withdraw(self, at: int) -> None:
        self.need(*VENDOR_STATES, *CUSTOMER_STATES)
        self.close("withdrawn", at)

    def expire(self, at: int) -> None:
        self.close("no_reply", at)

    def log_call(self, at: int, *, qualified: bool) -> None:
        self.need(*VENDOR_STATES, *CUSTOMER_STATES)
        if response := self.running("response"):
            response.log_call(at)
        if qualified and self.side == "vendor":
            self.qualified(at)
            self.state = "in_progress"
        else:
            self.word(at)

    def record_workaround(self, at: int) -> None:
        self.need(*VENDOR_STATES, *CUSTOMER_STATES)
        self.workaround_recorded = True
        self.meet("workaround", at)
        self.word(at)
        if self.severity == 1:
            self.change_severity(2, at)

    def change_severity(self, severity: int, at: int) -> None:
        self.need(*VENDOR_STATES, *CUSTOMER_STATES)
        before, self.severity = self.severity, severity
        if severity == before:
            return
        for clock in self.clocks:
            target = self.target(clock.kind)
            if severity < before:
                clock.raise_severity(target, at)
            else:
                clock.lower_severity(target, at, call_required=self.call_required)
        self.begin_what_only_this_severity_promises(at)

    def reopen(self, at: int, *, by_contact: bool) -> None:
        self.need("closed")
        assert self.closed_at is not None
        closed_at = self.closed_at
        self.closure = self.closed_at = None
        self.sides.append(["vendor", at, None])
        if not self.answered:
            self.state = "received"
            self.begin_response(at, by_phone=not by_contact)
            if self.target("response") is None:
                self.begin("update", at)
        else:
            self.state = "in_progress"
            self.begin("update", at)
        self.take_up_again(closed_at, at)
        if by_contact:
            self.customer_wrote(at)

    # What they share.

    def need(self, *states: str) -> None:
        if self.state not in states:
            raise Refused

    def target(self, kind: str, severity: int | None = None) -> Target | None:
        promised = self.certificate.targets[severity or self.severity]
        if kind == "response":
            response: Target | None = promised["response"]
            return response
        further: Mapping[str, Target] = promised["further"]
        return further.get(kind)

    @property
    def call_required(self) -> bool:
        return bool(self.certificate.targets[self.severity]["call_required"])

    def begin(self, kind: str, at: int) -> Clock | None:
        """Measure from now on, if this severity promises it; on the customer's side it stands."""
        target = self.target(kind)
        if target is None:
            return None
        clock = Clock(kind, at, at, self.hours)
        if self.side == "customer":
            clock.pauses.append([at, None])
        clock.promise(target, at)
        self.clocks.append(clock)
        return clock

    def begin_response(self, at: int, *, by_phone: bool) -> None:
        clock = self.begin("response", at)
        if clock and self.call_required and not by_phone and not self.hours.is_open(at):
            clock.waits_for_call = True
            clock.start_at(self.hours.next_opening(at))
            clock.plan(at)

    def begin_what_only_this_severity_promises(self, at: int) -> None:
        wanted = {
            "response": not self.answered,
            "workaround": not self.workaround_recorded,
            "resolution": True,
        }
        for kind, would_run in wanted.items():
            known = [clock for clock in self.clocks if clock.kind == kind]
            if kind == "response":
                known = [clock for clock in known if clock.runs]
            if would_run and not known:
                self.begin(kind, at)

    def meet(self, kind: str, at: int) -> None:
        if clock := self.running(kind):
            clock.meet(at)

    def qualified(self, at: int) -> None:
        self.meet("response", at)
        self.meet("next_response", at)
        self.answered = True
        self.word(at)

    def word(self, at: int) -> None:
        """Any word to the customer."""
        began = any(clock.kind == "update" for clock in self.clocks)
        self.meet("update", at)
        if began or not self.running("response"):
            self.begin("update", at)

    def customer_wrote(self, at: int) -> None:
        if not self.running("response") and not self.running("next_response"):
            self.begin("next_response", at)

    def to_customer(self, state: str, at: int, until: int) -> None:
        self.state, self.until = state, until
        self.sides[-1][2] = at
        self.sides.append(["customer", at, None])
        for clock in self.clocks:
            if clock.kind != "response":
                clock.pause(at)

    def to_vendor(self, at: int) -> None:
        self.state, self.until = "in_progress", None
        self.sides[-1][2] = at
        self.sides.append(["vendor", at, None])
        for clock in self.clocks:
            clock.resume(at)

    def close(self, closure: str, at: int) -> None:
        self.state, self.closure, self.closed_at, self.until = "closed", closure, at, None
        self.sides[-1][2] = at
        for clock in self.clocks:
            clock.end(at)

    def take_up_again(self, closed_at: int, at: int) -> None:
        for kind in TAKEN_UP:
            earlier = [clock for clock in self.clocks if clock.kind == kind]
            if not earlier or (kind == "workaround" and self.workaround_recorded):
                continue
            if earlier[-1].breached_at is None:
                again = earlier[-1].taken_up(closed_at, at)
                again.revise(self.hours, at)
                self.clocks.append(again)

    def breach(self, clock: Clock, to: list[str], minutes: int | None) -> None:
        clock.breached_at = clock.due_at
        if self.level < 2:
            self.escalate(2, to, clock.due_at, minutes)

    def escalate(self, level: int, to: list[str], at: int, minutes: int | None) -> None:
        """Open a level; one below the highest goes up by itself, if it has a time for that."""
        for lower in self.escalations:
            lower.climbs_at = None
        opened = Escalation(level, to)
        if minutes is not None and level < 3:
            counted = Always() if self.severity <= 2 else self.hours
            opened.climbs_at = counted.due(at, minutes * 60)
        self.escalations.append(opened)
