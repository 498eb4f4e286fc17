"""Clocks explained, as arithmetic on values: what counted, what did not, and why (SPEC 7.11).

Each promise of a clock is walked from the reception to its due instant, and no moment is left out.
What counts adds up to the promised length exactly when the promise is due. The words stand in
`explaining`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from accounts.worktime import Calendar, Stretch, stretches
from incidents.explained import (
    Account,
    ClockFacts,
    ClockState,
    Counted,
    Explanation,
    Happening,
    Idle,
    Idled,
    Interval,
    Mark,
    Row,
    Verdict,
    What,
)
from incidents.rules import Pause, Promise, Unit

_NOTHING = timedelta()


def explain(
    facts: ClockFacts,
    happenings: Iterable[Happening],
    customers_moves: Sequence[Interval],
    calendar: Calendar,
    at: datetime,
) -> Explanation:
    """Explain a clock as of `at`, by the calendar that it was last reckoned by.

    `customers_moves` are the stretches in which the next move was the customer's, in order.
    """
    dues = _dues_if_resumed(facts, calendar)
    governing = dues.index(min(dues))
    promises = list(facts.value.promises)
    promises.insert(0, promises.pop(governing))
    story = list(happenings)
    without_warnings = [each for each in story if each.what is not What.WARNED]
    return Explanation(
        facts=facts,
        calendar=calendar,
        at=at,
        state=_state(facts, at),
        accounts=tuple(
            _account(
                facts,
                promise,
                without_warnings if number else story,
                customers_moves,
                calendar,
                at,
            )
            for number, promise in enumerate(promises)
        ),
    )


def _dues_if_resumed(facts: ClockFacts, calendar: Calendar) -> list[datetime]:
    """Return when each promise is due; a pause that lasts is taken to end at the last reckoning."""
    pauses = tuple(
        (stopped, resumed or max(stopped, facts.settled_at)) for stopped, resumed in facts.pauses
    )
    return [_known(promise.due(calendar, pauses)) for promise in facts.value.promises]


def _known(due_at: datetime | None) -> datetime:
    if due_at is None:
        raise AssertionError("A clock that goes on has a due instant.")
    return due_at


def _state(facts: ClockFacts, at: datetime) -> ClockState:
    match facts.verdict:
        case Verdict.KEPT:
            return ClockState.MET
        case Verdict.ENDED if facts.ended_at == facts.value.received_at:
            return ClockState.UNDONE
        case Verdict.ENDED:
            return ClockState.ENDED
        case Verdict.STANDING:
            return ClockState.STANDING
        case Verdict.MISSED if facts.met_at:
            return ClockState.LATE
        case Verdict.MISSED if facts.ended_at:
            return ClockState.MISSED
    if facts.breached_at or facts.value.due_at < at:
        return ClockState.BREACHED
    return ClockState.RUNNING if facts.value.has_started(at) else ClockState.WAITING


def _account(
    facts: ClockFacts,
    promise: Promise,
    story: Sequence[Happening],
    customers_moves: Sequence[Interval],
    calendar: Calendar,
    at: datetime,
) -> Account:
    pauses = facts.pauses
    due_at = promise.due(calendar, pauses)
    used = _used(promise, facts.value.pauses, facts.stopped_at or at, calendar)
    marks = _marks(facts, story, due_at, at)
    pieces = _pieces(facts, promise, pauses, due_at, customers_moves, calendar)
    cut = _cut(pieces, sorted({mark.at for mark in marks}))
    rows = tuple(_joined(_rows(cut, marks, facts.stopped_at)))
    return Account(promise, due_at, used, rows)


def _used(
    promise: Promise, pauses: Iterable[Pause], until: datetime, calendar: Calendar
) -> timedelta:
    """Return what of a promise had passed by an instant."""
    used, since = _NOTHING, promise.basis
    for stopped, resumed in pauses:
        if since < (end := min(stopped, until)):
            used += promise.between(since, end, calendar)
        since = max(since, until if resumed is None else resumed)
    return used + promise.between(since, until, calendar) if since < until else used


# What happened, in order.

_LAST = {What.DUE: 1, What.BREACHED: 2, What.NOW: 3}  # at one instant, after all else


def _marks(
    facts: ClockFacts, story: Iterable[Happening], due_at: datetime | None, at: datetime
) -> list[Happening]:
    """Put what happened in order, with the due instant and, while the clock runs, the present."""
    marks = list(story)
    if due_at:
        marks.append(Happening(due_at, What.DUE))
    if facts.ended_at is None and at > facts.value.received_at:
        marks.append(Happening(at, What.NOW))
    return sorted(marks, key=lambda mark: (mark.at, _LAST.get(mark.what, 0)))


# How the time from the reception on falls into pieces.


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch that counts (`idle` is None) or does not; None: it lasts."""

    since: datetime
    until: datetime | None
    idle: Idle | None = None
    closing: Stretch | None = None
    special: bool = False

    def part(self, since: datetime, until: datetime | None) -> "_Piece":
        closing = self.closing
        if closing and until:
            closing = replace(closing, since=since, until=until)
        return replace(self, since=since, until=until, closing=closing)


def _pieces(
    facts: ClockFacts,
    promise: Promise,
    pauses: Iterable[Pause],
    due_at: datetime | None,
    customers_moves: Sequence[Interval],
    calendar: Calendar,
) -> Iterator[_Piece]:
    clock = facts.value
    if clock.received_at < clock.started_at:
        yield _Piece(clock.received_at, clock.started_at, Idle.WAITS)
    if clock.started_at < promise.basis:
        yield _Piece(clock.started_at, promise.basis, Idle.EARLIER)
    since = promise.basis
    for stopped, resumed in pauses:
        if resumed is not None and resumed <= since:
            continue
        if since < stopped:
            yield from _running(promise, since, stopped, calendar)
        until = resumed or facts.ended_at
        yield from _standing(max(since, stopped), until, customers_moves)
        if resumed is None:
            return
        since = resumed
    if due_at and since < due_at:
        yield from _running(promise, since, due_at, calendar)


def _running(
    promise: Promise, since: datetime, until: datetime, calendar: Calendar
) -> Iterator[_Piece]:
    if promise.unit is Unit.ELAPSED:
        yield _Piece(since, until)
        return
    for stretch in stretches(calendar, since, until):
        idle = Idle.OFFICE if stretch.closed else None
        closing = stretch if stretch.closed else None
        yield _Piece(stretch.since, stretch.until, idle, closing, stretch.special)


def _standing(
    since: datetime, until: datetime | None, customers_moves: Iterable[Interval]
) -> Iterator[_Piece]:
    """Tell the customer's moves from the time in which the incident was closed."""
    for began, ended in customers_moves:
        if (until and began >= until) or (ended and ended <= since):
            continue
        if since < began:
            yield _Piece(since, began, Idle.OVER)
        last = min((end for end in (ended, until) if end), default=None)
        yield _Piece(max(since, began), last, Idle.CUSTOMER)
        if last is None:
            return
        since = last
    if until is None or since < until:
        yield _Piece(since, until, Idle.OVER)


def _cut(pieces: Iterable[_Piece], at: Sequence[datetime]) -> Iterator[_Piece]:
    """Cut the pieces wherever something happened inside them."""
    for piece in pieces:
        last = piece.until
        inside = [cut for cut in at if piece.since < cut and (last is None or cut < last)]
        for since, until in pairwise([piece.since, *inside, last]):
            if since is not None:
                yield piece.part(since, until)


# How pieces and marks become rows.


def _rows(
    pieces: Iterable[_Piece], marks: Sequence[Happening], stopped_at: datetime | None
) -> Iterator[Row]:
    total, told = _NOTHING, 0
    for piece in pieces:
        while told < len(marks) and marks[told].at <= piece.since:
            yield Mark(marks[told], total)
            told += 1
        spare = stopped_at is not None and piece.since >= stopped_at
        if piece.idle is None and piece.until is not None:
            length = piece.until - piece.since
            total += length
            yield Counted(piece.since, piece.until, length, total, piece.special, spare)
        elif piece.idle is not None:
            closings = (piece.closing,) if piece.closing else ()
            yield Idled(piece.since, piece.until, piece.idle, closings, spare)
    for mark in marks[told:]:
        yield Mark(mark, total)


def _joined(rows: Iterable[Row]) -> Iterator[Row]:
    """Join closed stretches that touch: an evening, a weekend and a morning are one row."""
    held: Idled | None = None
    for row in rows:
        if isinstance(row, Idled) and row.closings:
            if held is None:
                held = row
            else:
                held = replace(held, until=row.until, closings=held.closings + row.closings)
            continue
        if held:
            yield held
            held = None
        yield row
    if held:
        yield held
