"""A clock's account laid out like a statement: lines with what counts and the running sum."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from incidents.explained import Account, ClockState, Counted, Explanation, Idled, Mark, What
from incidents.explaining import words
from incidents.explaining.folding import folded
from incidents.explaining.walls import Wall, length_text
from incidents.models import ClockKind
from incidents.queries import Hours, weekly_hours
from incidents.rules import Unit

_HOT = frozenset({What.BREACHED})
_GOOD = frozenset({What.MET, What.SET_ASIDE})


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a stretch that counts (`kind` counted), one that does not (idle), or an event.

    `when` is by the office's clock, `when_viewer` by the reader's where that reads otherwise;
    `since` is for machines. `length` and `total` are empty where nothing counts. `notes` stand
    under the text. `spare` was left when the clock had stopped.
    """

    kind: str
    since: datetime
    when: str
    when_viewer: str
    text: str
    notes: tuple[str, ...] = ()
    length: str = ""
    total: str = ""
    tone: str = ""
    spare: bool = False


@dataclass(frozen=True, slots=True)
class PromiseStatement:
    """One promise of a clock, line by line; `outcome` says when it is due, and of what use."""

    title: str
    outcome: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Statement:
    """One clock: the verdict, the promise that governs it, and its others.

    `state` is a state of the page's clocks, `share` how much of the length has passed (0 to 100).
    `hours` are those that it counts in, none for a clock that counts around the clock.
    """

    kind: str
    title: str
    is_latest: bool
    state: str
    verdict: str
    share: int
    timezone: str
    hours: Sequence[Hours]
    governing: PromiseStatement
    others: Sequence[PromiseStatement]


def statements_of(
    explanations: Sequence[Explanation], timezone: str, viewer_timezone: str
) -> list[Statement]:
    """Lay out explanations that stand kind by kind, the latest of each first."""
    kinds = [explanation.facts.kind for explanation in explanations]
    return [
        statement_of(
            explanation,
            timezone,
            viewer_timezone,
            is_latest=number == 0 or kinds[number - 1] != kinds[number],
        )
        for number, explanation in enumerate(explanations)
    ]


def statement_of(
    explanation: Explanation, timezone: str, viewer_timezone: str, *, is_latest: bool = True
) -> Statement:
    """Lay out one clock, by the office's clock and the reader's, in the active language."""
    received_at = explanation.facts.value.received_at
    year = Wall(timezone, 0).local(received_at).year
    walls = Wall(timezone, year), Wall(viewer_timezone, year)
    accounts = [
        PromiseStatement(
            title=_title(account, walls[0]),
            outcome=_outcome(account, explanation, walls[0]),
            lines=list(_lines(account, explanation, walls)),
        )
        for account in explanation.accounts
    ]
    works = any(each.promise.unit is Unit.WORKING for each in explanation.accounts)
    week = explanation.calendar.to_data()["week"]
    return Statement(
        kind=explanation.facts.kind,
        title=_kind_title(explanation, walls[0], is_latest=is_latest),
        is_latest=is_latest,
        state=_state(explanation),
        verdict=words.verdict_text(explanation, walls[0]),
        share=_share(explanation.governing),
        timezone=timezone,
        hours=weekly_hours(week) if works and isinstance(week, dict) else [],
        governing=accounts[0],
        others=accounts[1:],
    )


def _kind_title(explanation: Explanation, wall: Wall, *, is_latest: bool) -> str:
    kind = {"kind": ClockKind(explanation.facts.kind).label}
    if is_latest:
        return str(kind["kind"])
    received_at = wall.moment(explanation.facts.value.received_at)
    return _("%(kind)s, earlier: from %(moment)s") % {**kind, "moment": received_at}


def _state(explanation: Explanation) -> str:
    return "ok" if explanation.state is ClockState.RUNNING else str(explanation.state)


def _share(account: Account) -> int:
    return min(100, int(100 * account.used / account.promise.length))


def _title(account: Account, wall: Wall) -> str:
    return _("%(promise)s from %(moment)s") % {
        "promise": words.promise_text(account.promise),
        "moment": wall.moment(account.promise.basis),
    }


def _outcome(account: Account, explanation: Explanation, wall: Wall) -> str:
    if account.due_at is None and explanation.facts.stopped_at:
        return _("it stood still when it ended")
    if account.due_at is None:
        return _("%(left)s are left when it goes on") % {"left": length_text(account.left)}
    due = {"due": wall.full(account.due_at)}
    if account is explanation.governing or account.due_at == explanation.governing.due_at:
        return _("due %(due)s") % due
    return _("due %(due)s: later, so it does not decide") % due


def _lines(account: Account, explanation: Explanation, walls: tuple[Wall, Wall]) -> Iterator[Line]:
    for row in folded(account.rows, walls[0].timezone):
        if isinstance(row, Mark):
            yield _event(row, account, explanation, walls)
        else:
            yield _stretch(row, account, walls)


def _stretch(row: Counted | Idled, account: Account, walls: tuple[Wall, Wall]) -> Line:
    when, when_viewer = (
        wall.days(row.since, row.until)
        if isinstance(row, Counted) and row.days > 1
        else wall.span(row.since, row.until)
        for wall in walls
    )
    seen = when_viewer if when_viewer != when else ""
    if isinstance(row, Idled):
        text = words.idled_text(row, walls[0])
        return Line("idle", row.since, when, seen, text, spare=row.spare)
    return Line(
        kind="counted",
        since=row.since,
        when=when,
        when_viewer="" if row.days > 1 else seen,
        text=words.counted_text(row, account.promise, walls[0]),
        length=length_text(row.length),
        total=length_text(row.total),
        spare=row.spare,
    )


def _event(row: Mark, account: Account, explanation: Explanation, walls: tuple[Wall, Wall]) -> Line:
    happening = row.happening
    office, viewer = (wall.moment(row.at) for wall in walls)
    effect = (
        words.due_text(account.promise)
        if happening.what is What.DUE
        else words.effect_text(happening, explanation, walls[0])
    )
    act = words.act_text(happening)
    quoted = (_("“%(text)s”") % {"text": happening.text},) if happening.text else ()
    tone = "hot" if happening.what in _HOT else "good" if happening.what in _GOOD else ""
    return Line(
        kind="event",
        since=row.at,
        when=office,
        when_viewer=viewer if viewer != office else "",
        text=act or effect,
        notes=(*quoted, effect) if act else quoted,
        total=length_text(row.total) if row.total > timedelta() else "",
        tone=tone,
    )
