"""The evidence as a PDF: for reading, where the file is for checking."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import typst
from django.utils import translation
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.terms import TargetUnit
from accounts.worktime import WEEKDAYS
from incidents.evidence.texts import VERDICTS, labelled, told
from incidents.explained import Verdict
from incidents.explaining.walls import length_digits
from incidents.models import ClockKind
from incidents.states import SEVERITY_LABELS, Channel, Closure, Side, State

SOURCE = Path(__file__).with_name("sheet.typ")
TEXT_LONGEST = 2000  # characters of a message: a page at most; the whole text is in the file

Row = list[str]


def sheet_of(evidence: Mapping[str, Any], language: str) -> bytes:
    """Return the PDF of an incident's evidence; the same bytes for the same evidence."""
    return _compiled(evidence, language, "pdf")[0]


def pages_of(evidence: Mapping[str, Any], language: str) -> list[bytes]:
    """Return the same as pictures, one PNG a page."""
    return _compiled(evidence, language, "png")


def _compiled(
    evidence: Mapping[str, Any], language: str, kind: Literal["pdf", "png"]
) -> list[bytes]:
    with translation.override(language):
        content = Sheet(evidence).content(language)
    made: bytes | list[bytes] = typst.compile(
        str(SOURCE),
        format=kind,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=datetime.fromisoformat(evidence["recorded_until"]),
    )
    return [made] if isinstance(made, bytes) else made  # a PDF, or a picture of each page


@cache
def _fonts() -> typst.Fonts:
    """Return the fonts that a reader in any of our languages needs; loaded once a process."""
    folder = Path(str(files("rendercv_fonts"))) / "Noto Sans"
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])


class Sheet:
    """What is printed, in the active language and in the office's time, as texts and tables."""

    def __init__(self, evidence: Mapping[str, Any]) -> None:
        self.evidence = evidence
        self.zone = ZoneInfo(evidence["office"]["timezone"])

    def content(self, language: str) -> dict[str, Any]:
        evidence = self.evidence
        return {
            "language": language,
            "vendor": evidence["vendor"],
            "title": _("Evidence %(reference)s") % evidence["incident"],
            "subtitle": evidence["incident"]["title"],
            "note": _("All times are those of the office: %(zone)s.")
            % {"zone": evidence["office"]["timezone"]},
            "boxes": [self._box(clock) for clock in evidence["clocks"]],
            "facts": {"title": _("The incident"), "rows": self._facts()},
            "events": self._events(),
            "calendars": {
                "title": _("Working time"),
                "parts": [self._calendar(*item) for item in sorted(evidence["calendars"].items())],
            },
            "clocks": {
                "title": _("The arithmetic"),
                "parts": [self._clock(clock) for clock in evidence["clocks"]],
            },
            "sides": self._sides(),
            "hashes": self._hashes(),
            "checking": {"title": _("How to check this"), "paragraphs": _how_to_check()},
        }

    # The parts, in the order of the pages.

    def _box(self, clock: Mapping[str, Any]) -> dict[str, str]:
        used, stands = clock["used"], clock["verdict"] == Verdict.STANDING
        facts = {
            "used": length_digits(used["seconds"]),
            "allowed": length_digits(used["of_seconds"]),
        }
        return {
            "label": str(ClockKind(clock["kind"]).label),
            "verdict": str(VERDICTS[clock["verdict"]]),
            "tone": str(clock["verdict"]),
            "due": _("not due while it stands still")
            if stands
            else _("due %(instant)s") % {"instant": self._at(clock["due_at"])},
            "used": _("%(used)s of %(allowed)s used") % facts,
        }

    def _facts(self) -> list[Row]:
        incident, certificate = self.evidence["incident"], self.evidence["certificate"]
        product = f"{incident['product'] or ''} {incident['product_version']}".strip()
        closure = f" · {Closure(incident['closure']).label}" if incident["closure"] else ""
        facts = [
            [_("Customer"), incident["customer"]["name"]],
            [_("Filed by"), self._person(incident["author"])],
            [_("Received"), self._at(incident["received_at"])],
            [_("Channel"), str(Channel(incident["channel"]).label)],
            [_("Severity"), str(SEVERITY_LABELS[incident["severity"]])],
            [_("State"), f"{State(incident['state']).label}{closure}"],
            [_("Product"), product],
            [
                _("Certificate"),
                _("%(number)s, version %(version)d of %(date)s")
                % {**certificate, "date": self._at(certificate["issued_at"])},
            ],
            [_("Programme"), self.evidence["programme"]],
            [_("Office"), self.evidence["office"]["name"]],
            [_("As of"), self._at(self.evidence["as_of"])],
        ]
        return [fact for fact in facts if fact[1]]

    def _events(self) -> dict[str, Any]:
        return {
            "title": _("What happened"),
            "columns": ["", _("When"), _("What"), _("Who")],
            "rows": [self._event(event) for event in self.evidence["events"]],
        }

    def _event(self, event: Mapping[str, Any]) -> dict[str, str]:
        message = event.get("message") or {}
        withheld = event.get("withheld", False)
        erased = _("The text was erased; its hash stays.") if message.get("erased") else ""
        return {
            "number": str(event["number"]),
            "when": "" if withheld else self._at(event["at"]),
            "what": told(event),
            "who": "" if withheld else self._person(event["actor"]),
            "text": erased or _shortened(message.get("text", "")),
            "files": ", ".join(file["name"] for file in message.get("files", ())),
        }

    def _calendar(self, digest: str, calendar: Mapping[str, Any]) -> dict[str, Any]:
        week = [
            [str(WEEKDAY_NAMES[number]).capitalize(), _windows(calendar["week"].get(day, []))]
            for number, day in enumerate(WEEKDAYS)
        ]
        days = {
            day: name or pgettext("office hours", "closed")
            for day, name in calendar["closed"].items()
        }
        days |= {day: _windows(windows) for day, windows in calendar["special"].items()}
        rows = [[_date(day), what] for day, what in sorted(days.items()) if self._concerns(day)]
        return {
            "title": _("Calendar %(digest)s, %(zone)s")
            % {"digest": digest[:12], "zone": calendar["timezone"]},
            "week": week,
            "days": rows,
            "days_title": _("Closed and special days of that time"),
        }

    def _clock(self, clock: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "title": labelled(str(ClockKind(clock["kind"]).label), str(VERDICTS[clock["verdict"]])),
            "facts": self._clock_facts(clock),
            "promises": [self._promise(promise) for promise in clock["promises"]],
        }

    def _clock_facts(self, clock: Mapping[str, Any]) -> list[Row]:
        facts = [
            (pgettext("clock", "Received"), clock["received_at"]),
            (pgettext("clock", "Starts"), clock["started_at"]),
            (pgettext("clock", "Due"), clock["due_at"]),
            (pgettext("clock", "Done"), clock["met_at"]),
            (pgettext("clock", "Missed"), clock["breached_at"]),
            (_("Breach set aside"), clock["breach_set_aside_at"]),
            (pgettext("clock", "Ended"), clock["ended_at"]),
        ]
        rows = [[label, self._at(at)] for label, at in facts if at]
        for stopped, resumed in clock["pauses"]:
            until = self._at(resumed) if resumed else "…"
            rows.append([_("Stood still"), f"{self._at(stopped)} – {until}"])
        return [*rows, [_("Calendar"), clock["calendar"][:12]]]

    def _promise(self, promise: Mapping[str, Any]) -> dict[str, Any]:
        facts = {
            "length": length_digits(promise["seconds"]),
            "unit": TargetUnit(promise["unit"]).label,
            "basis": self._at(promise["basis"]),
        }
        title = _("%(length)s %(unit)s, from %(basis)s") % facts
        if promise["due_at"]:
            due = _("Due %(instant)s.") % {"instant": self._at(promise["due_at"])}
        else:
            due = _("Not due while the clock stands still.")
        return {
            "title": title,
            "columns": [
                pgettext("stretch of time", "From"),
                pgettext("stretch of time", "Until"),
                pgettext("arithmetic", "Counted"),
                pgettext("arithmetic", "Sum"),
            ],
            "rows": [
                [self._at(one["from"]), self._at(one["until"]), *map(length_digits, _figures(one))]
                for one in promise["counted"]
            ],
            "due": due,
        }

    def _sides(self) -> dict[str, Any]:
        sides = self.evidence["sides"]
        rows = [
            [
                str(Side(one["side"]).label),
                self._at(one["from"]),
                self._at(one["until"]) if one["until"] else "…",
                length_digits(one["elapsed_seconds"]),
                length_digits(one["working_seconds"]),
            ]
            for one in sides["intervals"]
        ]
        vendor = [sides["vendor_elapsed_seconds"], sides["vendor_working_seconds"]]
        return {
            "title": _("Whose move it was"),
            "columns": [
                "",
                pgettext("stretch of time", "From"),
                pgettext("stretch of time", "Until"),
                pgettext("time", "Elapsed"),
                _("Working time"),
            ],
            "rows": rows,
            "sum": [_("Our side in all"), "", "", *map(length_digits, vendor)],
        }

    def _hashes(self) -> dict[str, Any]:
        evidence, count = self.evidence, len(self.evidence["events"])
        return {
            "title": _("The chain"),
            "note": ngettext(
                "%(count)d event. Each hash covers its event and the hash before it.",
                "%(count)d events. Each hash covers its event and the hash before it.",
                count,
            )
            % {"count": count},
            "rows": [[str(event["number"]), event["hash"]] for event in evidence["events"]],
            "seal": [_("Seal of the file"), evidence["seal"]],
        }

    # How things are written.

    def _at(self, text: str) -> str:
        local = datetime.fromisoformat(text).astimezone(self.zone)
        return f"{date_format(local, 'D')} {local:%Y-%m-%d %H:%M:%S}"

    def _person(self, key: int | None) -> str:
        if key is None:
            return ""
        return str(self.evidence["people"][str(key)]["name"])

    def _concerns(self, day: str) -> bool:
        """Tell whether a date lies between the first event and the last instant promised."""
        instants = [self.evidence["incident"]["received_at"], self.evidence["as_of"]]
        instants += [clock["due_at"] for clock in self.evidence["clocks"]]
        dates = [datetime.fromisoformat(at).astimezone(self.zone).date() for at in instants]
        return min(dates) <= date.fromisoformat(day) <= max(dates)


def _figures(counted: Mapping[str, int]) -> Iterable[int]:
    return counted["seconds"], counted["sum"]


def _windows(windows: Sequence[Sequence[str]]) -> str:
    return ", ".join("–".join(window) for window in windows) or pgettext("office hours", "closed")


def _date(day: str) -> str:
    return f"{date_format(date.fromisoformat(day), 'D')} {day}"


def _shortened(text: str) -> str:
    if len(text) <= TEXT_LONGEST:
        return text
    return _("%(text)s … (the whole text is in the file)") % {"text": text[:TEXT_LONGEST]}


def _how_to_check() -> list[str]:
    return [
        _(
            "The file that belongs to this sheet (JSON) holds the same facts in full. A short"
            " program checks it without us: it follows the chain of hashes, looks at every text"
            " and calendar, reckons every due time and sum anew, and says what differs."
        ),
        _(
            "By hand: add the lengths in the column “Counted”; the sum is the length promised, and"
            " the last “Until” is the instant it was due. Working time counts only while the"
            " office's own clock reads a time inside its opening hours."
        ),
        _(
            "Internal notes are withheld, but not their places in the chain: nothing can be taken"
            " out or put in between without changing every hash that follows."
        ),
    ]
