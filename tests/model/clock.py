"""One measurement of one promise kind, in the plainest way: lists, dicts, and everything anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.model.hours import Always, Hours

Target = Mapping[str, Any]  # minutes, and their unit: elapsed or working

WARNINGS = (50, 80)  # per cent of the allowance; all five editions say so


@dataclass
class Promise:
    basis: int
    seconds: int
    unit: str
    from_the_start: bool


@dataclass
class Clock:
    """`pauses` are the stretches in which it stood still; the last may have no end yet.

    While it stands, `due_at` is when it would have been due had it gone on when it was reckoned
    last; nothing fires.
    """

    kind: str
    received_at: int
    started_at: int
    hours: Hours
    waits_for_call: bool = False
    promises: list[Promise] = field(default_factory=list)
    pauses: list[list[int | None]] = field(default_factory=list)
    due_at: int = 0
    warnings_due_at: list[int | None] = field(default_factory=lambda: [None, None])
    warned_at: list[int | None] = field(default_factory=lambda: [None, None])
    met_at: int | None = None
    breached_at: int | None = None
    ended_at: int | None = None

    @property
    def runs(self) -> bool:
        """Tell whether it has not ended; a breached one runs on."""
        return self.ended_at is None

    @property
    def fires(self) -> bool:
        return self.can_move and not self.stands_still

    @property
    def can_move(self) -> bool:
        return self.runs and self.breached_at is None

    @property
    def stands_still(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None

    def waits_at(self, at: int) -> bool:
        """Waiting for a call ends with the opening of the office, too."""
        return self.waits_for_call and at < self.started_at

    def promise(self, target: Target, at: int) -> None:
        """The first promise, which counts from the start."""
        self.promises = [Promise(self.started_at, target["minutes"] * 60, target["unit"], True)]
        self.plan(at)

    def due_if(self, target: Target | None) -> list[int]:
        """Return when it would be due if this were promised from its start."""
        if target is None:
            return []
        seconds = target["minutes"] * 60
        promise = Promise(self.started_at, seconds, target["unit"], from_the_start=True)
        return [self._due_of(promise, seconds, self.started_at)]

    # What moves it.

    def raise_severity(self, target: Target | None, at: int) -> None:
        if target is None or not self.can_move:
            return
        before = self._earliest(at)
        if self.waits_at(at):
            self.start_at(at)
        self.waits_for_call = False
        self.promises.append(Promise(at, target["minutes"] * 60, target["unit"], False))
        if self._earliest(at) != before:
            self.warned_at = [None, None]
        self.plan(at)

    def lower_severity(self, target: Target | None, at: int, *, call_required: bool) -> None:
        if target is None or not self.can_move:
            return
        if self.waits_for_call and not call_required:
            self.waits_for_call = False
            self.start_at(self.received_at)
        seconds = target["minutes"] * 60
        replaced = Promise(self.started_at, seconds, target["unit"], True)
        if self._due_of(replaced, seconds, at) < at:
            replaced = Promise(at, seconds, target["unit"], False)
        self.promises = [replaced]
        self.plan(at)

    def log_call(self, at: int) -> None:
        if self.can_move and self.waits_at(at):
            self.start_at(at)
            self.waits_for_call = False
            self.plan(at)

    def pause(self, at: int) -> None:
        if self.runs and not self.stands_still:
            self.pauses.append([at, None])
            if self.can_move:
                self.plan(at)

    def resume(self, at: int) -> None:
        if self.runs and self.stands_still:
            self.pauses[-1][1] = at
            if self.can_move:
                self.plan(at)

    def revise(self, hours: Hours, at: int) -> None:
        """Go by other hours; one that would then be due before the change stays as it is."""
        if not self.can_move:
            return
        as_it_was = self.hours, self.started_at, [promise.basis for promise in self.promises]
        self.hours = hours
        if self.waits_at(at):
            self.start_at(hours.next_opening(max(at, self.received_at)))
        if self._earliest(at) < at:
            self.hours, self.started_at, bases = as_it_was
            for promise, basis in zip(self.promises, bases, strict=True):
                promise.basis = basis
            return
        self.plan(at)

    # What ends it.

    def meet(self, at: int) -> None:
        if self.runs:
            self.resume(at)
            self.met_at, self.ended_at = at, at

    def accepted(self, offered_at: int, at: int) -> None:
        """It was met by an offer; it ends as it stood."""
        if self.runs:
            self.met_at, self.ended_at = max(offered_at, self.received_at), at

    def end(self, at: int) -> None:
        if self.runs:
            self.ended_at = at

    def taken_up(self, closed_at: int, at: int) -> "Clock":
        """A new measurement that goes on where this one stood when the incident was closed."""
        pauses = [list(pause) for pause in self.pauses]
        if self.stands_still:
            pauses[-1][1] = at
        else:
            pauses.append([closed_at, at])
        again = Clock(self.kind, self.received_at, self.started_at, self.hours, pauses=pauses)
        again.promises = [replace(promise) for promise in self.promises]
        again.warned_at = list(self.warned_at)
        again.plan(at)
        return again

    # Its arithmetic.

    def start_at(self, at: int) -> None:
        self.started_at = at
        for promise in self.promises:
            if promise.from_the_start:
                promise.basis = at

    def plan(self, at: int) -> None:
        """Reckon everything anew; a warning that lies before `at` is to be fired then."""
        self.due_at = self._earliest(at)
        governing = next(p for p in self.promises if self._due_of(p, p.seconds, at) == self.due_at)
        for number, percentage in enumerate(WARNINGS):
            self.warnings_due_at[number] = None
            if self.warned_at[number] is None:
                warning = self._due_of(governing, governing.seconds * percentage // 100, at)
                self.warnings_due_at[number] = max(warning, at)

    def _earliest(self, at: int) -> int:
        return min(self._due_of(promise, promise.seconds, at) for promise in self.promises)

    def _due_of(self, promise: Promise, seconds: int, now: int) -> int:
        """Walk from the basis over the stretches in which it ran; if it stands, as if until now."""
        counted = self.hours if promise.unit == "working" else Always()
        at, missing = promise.basis, seconds
        for since, until in self.pauses:
            assert since is not None
            if until is not None and until <= at:
                continue
            if at < since:
                due = counted.due(at, missing)
                if due < since:
                    return due
                missing -= min(missing, counted.elapsed(at, since))
            at = max(at, now if until is None else until)
        return counted.due(at, missing)
