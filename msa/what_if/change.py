"""What would have been otherwise: hours and days of offices, targets of programmes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.datafile import Problem, Table
from accounts.terms import MINUTES_MOST, FurtherTarget, TargetUnit
from accounts.worktime import WEEKDAYS, Calendar, CalendarError

Fields: TypeAlias = dict[str, Any]
Windows: TypeAlias = list[list[str]]

SEVERITIES = ("1", "2", "3", "4")


class ChangeError(ValueError):
    """A change that cannot be, in one sentence; `part` is the field of `Change` it lies in.

    In targets it is what is missing, such as `targets.4.unit`.
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise throughout a history; what is left empty stays as it was.

    `calendar` stands in place of every calendar, `week` in place of the weekly hours of each;
    `closed` and `opened` days are so in all of them, with the hours named or those of the week.
    `targets` are by severity in the form of a scenario's `programme`, for every programme; of a
    response that names only its minutes or only its unit, the other stays as it was.
    """

    calendar: Mapping[str, Any] | None = None
    week: Mapping[str, Windows] | None = None
    closed: tuple[date, ...] = ()
    opened: Mapping[date, Windows] = field(default_factory=dict)
    targets: Mapping[str, Fields] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.moves_hours or bool(self.targets)

    @property
    def moves_hours(self) -> bool:
        given = self.calendar is not None or self.week is not None
        return given or bool(self.closed or self.opened)

    def applied(self, lines: Iterable[Fields]) -> list[Fields]:
        """Return the lines as they would have been; raises `ChangeError`."""
        return [self._line(line) for line in lines if not self._is_void(line)]

    def _is_void(self, line: Fields) -> bool:
        return self.calendar is not None and line["do"] == "calendar"

    def _line(self, line: Fields) -> Fields:
        if "calendar" in line and self.moves_hours:
            return line | {"calendar": self._calendar(line["calendar"])}
        if line["do"] == "programme" and self.targets:
            targets = {
                severity: _merged(severity, promised, self.targets.get(severity, {}))
                for severity, promised in line["targets"].items()
            }
            return line | {"targets": targets}
        return line

    def _calendar(self, present: Mapping[str, Any]) -> Fields:
        try:
            calendar = Calendar.from_data(self.calendar or present)
        except CalendarError as error:
            raise ChangeError("calendar", str(error)) from error
        data: dict[str, Any] = {**calendar.to_data()}
        if self.week is not None:
            data["week"] = dict(self.week)
        for day in self.closed:
            data["special"].pop(day.isoformat(), None)
            data["closed"][day.isoformat()] = ""
        for day, windows in self.opened.items():
            _open(data, day, windows)
        data["closed"] = list(data["closed"])
        try:
            Calendar.from_data(data)
        except CalendarError as error:
            part = "week" if self.week is not None else "closed"
            raise ChangeError(part, str(error)) from error
        return data


def read_targets(data: Mapping[str, Any]) -> tuple[dict[str, Fields], list[Problem]]:
    """Return the targets of a change as a file states them, with everything that is wrong."""
    problems: list[Problem] = []
    table = Table(data, "", problems)
    read = {
        severity: _severity(terms)
        for severity in SEVERITIES
        if table.raw(severity) is not None and (terms := table.table(severity)) is not None
    }
    table.close()
    return read, problems


def _merged(severity: str, promised: Fields, changed: Fields) -> Fields:
    """Return what a severity would be promised; raises `ChangeError` for half a response.

    One half is enough where a response is promised already.
    """
    response = changed.get("response")
    if response is None:
        return promised | changed
    complete = (promised["response"] or {}) | response
    missing = [key for key in _MISSING if key not in complete]
    if missing:
        text = _MISSING[missing[0]] % {"severity": int(severity)}
        raise ChangeError(f"targets.{severity}.{missing[0]}", text)
    return promised | changed | {"response": complete}


_MISSING: Mapping[str, LazyText] = {
    "minutes": lazy(
        "No first response was promised at severity %(severity)d; say within how many minutes."
    ),
    "unit": lazy("No first response was promised at severity %(severity)d; say how time counts."),
}


def _open(data: Fields, day: date, windows: Windows) -> None:
    written = day.isoformat()
    if not windows and not data["week"].get(WEEKDAYS[day.weekday()]):
        raise ChangeError(
            "opened",
            _("%(day)s falls on a weekday without hours; say with which hours it would be open.")
            % {"day": written},
        )
    data["closed"].pop(written, None)
    data["special"].pop(written, None)
    if windows:
        data["special"][written] = windows


def _severity(terms: Table) -> Fields:
    response, call_required, further = map(terms.raw, ("response", "call_required", "further"))
    read: Fields = {}
    if "response" in terms.data:
        read["response"] = None if response is None else _target(terms, "response")
    if call_required is not None:
        read["call_required"] = terms.flag("call_required")
    if further is not None:
        read["further"] = _further(terms)
    terms.close()
    return read


def _further(terms: Table) -> Fields:
    further = terms.table("further")
    if further is None:
        return {}
    kinds = [str(kind) for kind in FurtherTarget if further.raw(kind) is not None]
    read = {kind: _target(further, kind) for kind in kinds}
    further.close()
    return read


def _target(table: Table, key: str) -> Fields | None:
    target = table.table(key)
    if target is None:
        return None
    minutes = target.whole("minutes", low=1, high=MINUTES_MOST, unit=_("minutes"))
    unit = target.word("unit", TargetUnit)
    target.close()
    return {"minutes": minutes, "unit": str(unit)}
