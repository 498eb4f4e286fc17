"""The words of the printed evidence, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from incidents.explained import Verdict
from incidents.models import ClockKind
from incidents.states import SEVERITY_LABELS, Channel

VERDICTS: Mapping[str, str | LazyText] = {
    Verdict.KEPT: pgettext_lazy("verdict", "Kept"),
    Verdict.MISSED: pgettext_lazy("verdict", "Missed"),
    Verdict.ENDED: pgettext_lazy("verdict", "Ended with the incident"),
    Verdict.STANDING: pgettext_lazy("verdict", "Stands still"),
    Verdict.RUNNING: pgettext_lazy("verdict", "Running"),
}


def told(event: Mapping[str, Any]) -> str:
    """Return what an event says, without who and when; times stand in the arithmetic."""
    if event.get("withheld"):
        return _("Internal entry: its content is withheld, its place in the chain is not.")
    label = _EVENTS[event["kind"]](event["data"])
    clock = event["data"].get("kind")
    return labelled(label, str(ClockKind(clock).label)) if clock else label


def labelled(label: str, text: str) -> str:
    """Join a label and what it introduces as the language does."""
    return _("%(label)s: %(text)s") % {"label": label, "text": text}


def _filed(data: Mapping[str, Any]) -> str:
    facts = {
        "channel": Channel(data["channel"]).label,
        "severity": SEVERITY_LABELS[data["severity"]],
    }
    return _("Filed (%(channel)s, severity: %(severity)s)") % facts


def _severity_changed(data: Mapping[str, Any]) -> str:
    facts = {"before": SEVERITY_LABELS[data["from"]], "after": SEVERITY_LABELS[data["to"]]}
    return _("Severity changed from %(before)s to %(after)s") % facts


def _call_logged(data: Mapping[str, Any]) -> str:
    return _("Call with a qualified response") if data["qualified"] else _("Call")


def _escalated(data: Mapping[str, Any]) -> str:
    if data["cause"] == "silence":
        return _("Gone up to level %(level)d: not acknowledged in time") % data
    return _("Escalated to level %(level)d") % data


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "accepted": lambda _data: _("Solution accepted"),
    "answered": lambda _data: _("Message from the customer"),
    "asked": lambda _data: _("Question to the customer (a qualified response)"),
    "breach_set_aside": lambda _data: _("The breach was set aside"),
    "call_logged": _call_logged,
    "clock_breached": lambda _data: _("The promise was missed"),
    "clock_ended": lambda _data: _("The clock ended with the incident"),
    "clock_moved": lambda _data: _("The clock was reckoned anew"),
    "clock_paused": lambda _data: _("The clock stands still"),
    "clock_started": lambda _data: _("A clock started"),
    "clock_stopped": lambda _data: _("The clock stopped"),
    "clock_warned": lambda data: _("%(percentage)d %% of the time has passed") % data,
    "declined": lambda _data: _("Solution declined"),
    "escalated": _escalated,
    "escalation_acknowledged": lambda _data: _("Escalation acknowledged"),
    "escalation_answered": lambda _data: _("Escalation answered"),
    "expired": lambda _data: _("Closed: the time agreed passed without an answer"),
    "expiry_set_aside": lambda _data: _("Stays open: the answer had arrived in time"),
    "filed": _filed,
    "point_dropped": lambda data: _("Point %(number)d is not asked for any more") % data,
    "reminded": lambda _data: _("Reminder sent"),
    "reopened": lambda _data: _("Reopened"),
    "replied": lambda _data: _("Message to the customer"),
    "responded": lambda _data: _("Qualified response"),
    "severity_changed": _severity_changed,
    "solution_offered": lambda _data: _("Solution offered (a qualified response)"),
    "taken_back": lambda _data: _("Question or offer taken back"),
    "withdrawn": lambda _data: _("Withdrawn"),
    "workaround_recorded": lambda _data: _("Workaround"),
}
