"""What the explanation of a clock consists of: values, made by `explanations`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self, TypeAlias

from accounts.worktime import Calendar, Stretch
from incidents.rules import Pause, Promise, RunningClock

Interval: TypeAlias = tuple[datetime, datetime | None]  # None: it lasts


class Verdict(StrEnum):
    """What became of a promise: the words of the evidence and of every comparison."""

    KEPT = "kept"
    MISSED = "missed"  # not done by the due instant, whatever came later
    ENDED = "ended"  # with the incident, neither kept nor missed
    STANDING = "standing"
    RUNNING = "running"

    @classmethod
    def of(
        cls,
        *,
        met_at: datetime | None,
        breached_at: datetime | None,
        ended_at: datetime | None,
        is_standing: bool = False,
    ) -> Self:
        """Return the verdict on what is on record; what may be overdue unseen still runs."""
        if breached_at:
            return cls.MISSED
        if met_at:
            return cls.KEPT
        if ended_at:
            return cls.ENDED
        return cls.STANDING if is_standing else cls.RUNNING


class ClockState(StrEnum):
    """How a clock stands: the verdict, told apart further; a page's clocks bear these words."""

    MET = "met"
    LATE = "late"  # met after it was breached
    MISSED = "missed"  # breached, and ended unmet
    UNDONE = "undone"  # ended as it began: it was found that nothing was owed
    BREACHED = "breached"  # and still owed
    ENDED = "ended"
    STANDING = "standing"
    WAITING = "waiting"  # for a call, or for the office to open
    RUNNING = "running"


class What(StrEnum):
    """What can happen to a clock."""

    BEGAN = "began"
    MOVED = "moved"  # reckoned anew: severity, calendar, a call, going on
    PAUSED = "paused"
    HAPPENED = "happened"  # an act that left the clock as it was
    WARNED = "warned"
    MET = "met"
    ENDED = "ended"
    SET_ASIDE = "set_aside"
    DUE = "due"
    BREACHED = "breached"
    NOW = "now"


class Idle(StrEnum):
    """Why a moment does not count."""

    WAITS = "waits"  # for a call, or for the office to open
    EARLIER = "earlier"  # before the change of severity from which a promise counts
    CUSTOMER = "customer"  # the next move is the customer's
    OVER = "over"  # the incident is closed
    OFFICE = "office"  # the office is


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened, the act that led to it (as in the journal), and what it moved."""

    at: datetime
    what: What
    cause: str = ""
    actor: str = ""
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    due_before: datetime | None = None
    due_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """A clock as it stands; `settled_at` is when its due time was last reckoned."""

    kind: str
    value: RunningClock
    settled_at: datetime
    met_at: datetime | None = None
    ended_at: datetime | None = None
    breached_at: datetime | None = None
    set_aside_at: datetime | None = None

    @property
    def stopped_at(self) -> datetime | None:
        return self.met_at or self.ended_at

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """The pauses that bear on the due instant: nothing moves it after a breach."""
        fixed_at = self.breached_at or (self.value.due_at if self.set_aside_at else None)
        if fixed_at is None:
            return self.value.pauses
        return tuple(pause for pause in self.value.pauses if pause[0] < fixed_at)

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(
            met_at=self.met_at,
            breached_at=self.breached_at,
            ended_at=self.ended_at,
            is_standing=self.value.is_standing,
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """Time that counts, and the sum of all until its end.

    Days alike that run together have their number and their `windows`, those of the first day.
    `spare` is what was left when the clock had stopped.
    """

    since: datetime
    until: datetime
    length: timedelta
    total: timedelta
    special: bool = False
    spare: bool = False
    days: int = 1
    windows: tuple[tuple[datetime, datetime], ...] = ()
    between: frozenset[str] = frozenset()  # why the office is closed between days run together


@dataclass(frozen=True, slots=True)
class Idled:
    """Time that does not count; `closings` say why an office is closed, in order."""

    since: datetime
    until: datetime | None
    idle: Idle
    closings: tuple[Stretch, ...] = ()
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, between the times that count and those that do not."""

    happening: Happening
    total: timedelta

    @property
    def at(self) -> datetime:
        return self.happening.at


Row: TypeAlias = Counted | Idled | Mark


@dataclass(frozen=True, slots=True)
class Account:
    """One promise from the reception to its due instant; None: the clock stands still before."""

    promise: Promise
    due_at: datetime | None
    used: timedelta
    rows: tuple[Row, ...]

    @property
    def left(self) -> timedelta:
        """What is left of the length; below zero when more has passed."""
        return self.promise.length - self.used

    @property
    def counted(self) -> timedelta:
        """The sum of what counts until the promise is due."""
        return sum((row.length for row in self.rows if isinstance(row, Counted)), timedelta())

    @property
    def stretches(self) -> list[tuple[datetime, datetime]]:
        """What counts until the promise is due, whatever happened in between."""
        joined: list[tuple[datetime, datetime]] = []
        for row in self.rows:
            if not isinstance(row, Counted):
                continue
            if joined and joined[-1][1] == row.since:
                joined[-1] = joined[-1][0], row.until
            else:
                joined.append((row.since, row.until))
        return joined


@dataclass(frozen=True, slots=True)
class Explanation:
    """One clock at an instant: the promise that governs it first, then its others."""

    facts: ClockFacts
    calendar: Calendar
    at: datetime
    state: ClockState
    accounts: tuple[Account, ...]

    @property
    def governing(self) -> Account:
        return self.accounts[0]
