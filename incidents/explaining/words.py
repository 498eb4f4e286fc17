"""What a clock's account says in sentences: the same for page, text and print."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext

from accounts.worktime import Stretch, Why
from incidents.explained import (
    ClockState,
    Counted,
    Explanation,
    Happening,
    Idle,
    Idled,
    What,
)
from incidents.explaining.walls import Wall, length_text
from incidents.models import ClockKind
from incidents.rules import Promise, Unit
from incidents.states import SEVERITY_LABELS, Channel

Text: TypeAlias = str | LazyText

# What became of a clock, in one sentence.

_IN_TIME: Final[Mapping[str, Text]] = {
    ClockKind.RESPONSE: lazy("Answered in time: %(used)s of %(length)s used."),
    ClockKind.NEXT_RESPONSE: lazy("Answered in time: %(used)s of %(length)s used."),
    ClockKind.UPDATE: lazy("Told in time: %(used)s of %(length)s used."),
    ClockKind.WORKAROUND: lazy("Workaround given in time: %(used)s of %(length)s used."),
    ClockKind.RESOLUTION: lazy("Solved in time: %(used)s of %(length)s used."),
}
_LATE: Final[Mapping[str, Text]] = {
    ClockKind.RESPONSE: lazy("Answered late: due %(due)s, answered %(met)s."),
    ClockKind.NEXT_RESPONSE: lazy("Answered late: due %(due)s, answered %(met)s."),
    ClockKind.UPDATE: lazy("Told late: due %(due)s, told %(met)s."),
    ClockKind.WORKAROUND: lazy("Workaround given late: due %(due)s, given %(met)s."),
    ClockKind.RESOLUTION: lazy("Solved late: due %(due)s, solved %(met)s."),
}
_OTHERWISE: Final[Mapping[ClockState, Text]] = {
    ClockState.MISSED: lazy("Missed: due %(due)s, and closed without it."),
    ClockState.BREACHED: lazy("Missed: due %(due)s, and still owed."),
    ClockState.UNDONE: lazy("Ended as it began: nothing was owed by it."),
    ClockState.ENDED: lazy("Ended with the incident: %(used)s of %(length)s used."),
    ClockState.STANDING: lazy(
        "Stands still while the next move is the customer's: %(used)s of %(length)s used."
    ),
    ClockState.WAITING: lazy(
        "Not begun: waits for a call, or for the office to open %(start)s; then due %(due)s."
    ),
    ClockState.RUNNING: lazy("Due %(due)s: %(used)s of %(length)s used, %(left)s left."),
}


def verdict_text(explanation: Explanation, wall: Wall) -> str:
    facts, account = explanation.facts, explanation.governing
    if explanation.state is ClockState.RUNNING and explanation.at == facts.value.received_at:
        return _("Due %(due)s at the latest.") % {"due": wall.moment(facts.value.due_at)}
    told = {ClockState.MET: _IN_TIME, ClockState.LATE: _LATE}.get(explanation.state)
    sentence = told[facts.kind] if told else _OTHERWISE[explanation.state]
    return str(sentence) % {
        "used": length_text(account.used),
        "length": length_text(account.promise.length),
        "left": length_text(account.left),
        "due": wall.moment(facts.value.due_at),
        "met": wall.moment(facts.met_at) if facts.met_at else "",
        "start": wall.moment(facts.value.started_at),
    }


def promise_text(promise: Promise) -> str:
    """Return what is promised, without when."""
    length = {"length": length_text(promise.length)}
    if promise.unit is Unit.WORKING:
        return _("%(length)s of working time") % length
    return _("%(length)s around the clock") % length


# Why a stretch counts, or does not.


def counted_text(row: Counted, promise: Promise, wall: Wall) -> str:
    if row.days > 1:
        facts = {
            "windows": ", ".join(
                f"{wall.time(since)}–{wall.closing_time(until)}" for since, until in row.windows
            ),
            "days": row.days,
            "length": length_text(row.length / row.days),
        }
        if Why.DAY_OFF in row.between:
            return _("%(windows)s on each working day: %(days)d × %(length)s") % facts
        return _("%(windows)s each day: %(days)d × %(length)s") % facts
    if promise.unit is Unit.ELAPSED:
        return _("Counts, day and night")
    if row.special:
        return _("Office open, special hours")
    return _("Office open")


_IDLE: Final[Mapping[Idle, Text]] = {
    Idle.WAITS: lazy("Not begun: waits for a call, or for the office to open"),
    Idle.EARLIER: lazy("Before the change of severity from which this promise counts"),
    Idle.CUSTOMER: lazy("Stands still: the next move is the customer's"),
    Idle.OVER: lazy("Stands still: the incident is closed"),
}


def idled_text(row: Idled, wall: Wall) -> str:
    if row.idle is not Idle.OFFICE:
        return str(_IDLE[row.idle])
    reasons = dict.fromkeys(_closed_text(closing, wall) for closing in row.closings)
    return _("Office closed: %(reasons)s") % {"reasons": ", ".join(reasons)}


def _closed_text(stretch: Stretch, wall: Wall) -> str:
    closed = stretch.closed
    if closed is None:
        raise AssertionError("An opening is no closed stretch.")
    days = wall.days(stretch.since, stretch.until)
    match closed.why:
        case Why.DAY_OFF:
            return wall.weekdays(stretch.since, stretch.until)
        case Why.CLOSED_DAY if closed.name:
            return f"{closed.name} ({days})"
        case Why.CLOSED_DAY:
            return _("closed day (%(days)s)") % {"days": days}
    if stretch.special:
        windows = ", ".join(_window(*window) for window in closed.windows)
        return _("special hours %(windows)s (%(days)s)") % {"windows": windows, "days": days}
    return _("outside its hours")


def _window(opens: int, closes: int) -> str:
    return f"{opens // 60:02}:{opens % 60:02}–{closes // 60:02}:{closes % 60:02}"


# What happened, and what it did to the clock.

_FILED: Final[Mapping[str, Text]] = {
    Channel.PORTAL: lazy("%(actor)s filed the incident in the portal."),
    Channel.PHONE: lazy("%(actor)s filed the incident by phone."),
    Channel.EMAIL: lazy("%(actor)s filed the incident by e-mail."),
    Channel.API: lazy("%(actor)s filed the incident through the API."),
}
_ACTS: Final[Mapping[str, Text]] = {
    "accepted": lazy("%(actor)s accepted the solution."),
    "answered": lazy("%(actor)s wrote."),
    "asked": lazy("%(actor)s asked the customer."),
    "calendar": lazy("The office's calendar was changed."),
    "call_logged": lazy("%(actor)s logged a call."),
    "declined": lazy("%(actor)s declined the solution."),
    "expired": lazy("The time agreed for an answer passed."),
    "filing": lazy("An incident is filed in the portal."),
    "reopened": lazy("%(actor)s reopened the incident."),
    "replied": lazy("%(actor)s wrote to the customer."),
    "responded": lazy("%(actor)s gave a qualified response."),
    "solution_offered": lazy("%(actor)s offered a solution."),
    "taken_back": lazy("%(actor)s took the question or offer back."),
    "withdrawn": lazy("%(actor)s withdrew the incident."),
    "workaround_recorded": lazy("%(actor)s recorded a workaround."),
}


def act_text(happening: Happening) -> str:
    """Say who did what; empty where time or an act without words of its own did it."""
    match happening.cause:
        case "filed":
            sentence = _FILED[happening.data["channel"]]
        case "severity_changed":
            return _severity_text(happening)
        case "call_logged" if happening.data["qualified"]:
            sentence = _("%(actor)s gave a qualified response on the phone.")
        case other:
            sentence = _ACTS.get(other, "")
    return str(sentence) % {"actor": happening.actor}


def _severity_text(happening: Happening) -> str:
    facts = {
        "actor": happening.actor,
        "before": SEVERITY_LABELS[happening.data["from"]],
        "after": SEVERITY_LABELS[happening.data["to"]],
    }
    if happening.data["reason"] == "workaround":
        return _("The severity went from %(before)s to %(after)s: a workaround exists.") % facts
    return _("%(actor)s changed the severity from %(before)s to %(after)s.") % facts


EffectOf: TypeAlias = Callable[[Happening, Explanation, Wall], str]


def due_text(promise: Promise) -> str:
    return _("Due: %(length)s have passed.") % {"length": length_text(promise.length)}


def effect_text(happening: Happening, explanation: Explanation, wall: Wall) -> str:
    """Say what it did to the clock."""
    return _EFFECTS[happening.what](happening, explanation, wall)


GOES_ON = frozenset({"answered", "declined", "taken_back", "resumed"})


def _began(happening: Happening, explanation: Explanation, _wall: Wall) -> str:
    clock = explanation.facts.value
    if happening.at > clock.received_at:
        return _("The clock goes on where it stood.")
    if clock.received_at < clock.started_at:
        return _("Out of hours a call is required: the clock waits for it, or for the opening.")
    return _("The clock begins.")


def _moved(happening: Happening, _explanation: Explanation, wall: Wall) -> str:
    before, after = happening.due_before, happening.due_after
    if before is None or after is None or before == after:
        return _("The due time stays as it was.")
    moments = {"before": wall.moment(before), "after": wall.moment(after)}
    if happening.cause in GOES_ON:
        return _("The clock goes on, due %(after)s.") % moments
    return _("Due moved from %(before)s to %(after)s.") % moments


def _met(happening: Happening, explanation: Explanation, wall: Wall) -> str:
    facts = explanation.facts
    if facts.breached_at and happening.at >= facts.breached_at:
        return _("The promise is met, too late.")
    if facts.met_at and facts.met_at < happening.at:
        return _("The promise was kept by the offer of %(moment)s.") % {
            "moment": wall.moment(facts.met_at)
        }
    return _("The promise is kept.")


_EFFECTS: Final[Mapping[What, EffectOf]] = {
    What.BEGAN: _began,
    What.MOVED: _moved,
    What.PAUSED: lambda *_of: _("The clock stands still from here."),
    What.HAPPENED: lambda *_of: _("The due time stays as it was."),
    What.WARNED: lambda happening, *_of: (
        _("%(percentage)d %% of the time has passed.") % happening.data
    ),
    What.MET: _met,
    What.ENDED: lambda *_of: _("The clock ends."),
    What.SET_ASIDE: lambda *_of: _("The miss that was noted is set aside: this came in time."),
    What.BREACHED: lambda *_of: _("Not kept by now: the promise is missed."),
    What.NOW: lambda *_of: pgettext("instant", "Now"),
}
