"""A second model of the desk: a scenario in, its report out, by the plainest means.

It follows SPEC, SCENARIOS and docs/clocks.md and shares no code with the product. People, incidents
and clocks are plain lists; before each act the earliest deadline is looked for, again and again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.model.clock import Clock
from tests.model.hours import a_month_after, hours_of, local_date, seconds_of, text_of
from tests.model.life import Incident, Refused
from tests.model.people import LEVEL_OF, VERBS, Certificate, People, Person, Shift

SEVERITY_OF = {
    "product-network-down": 1,
    "product-crash-or-loss": 1,
    "product-malfunction": 2,
    "product-partial": 3,
    "product-other": 4,
    "malware-network-down": 1,
    "malware-outbreak": 1,
    "malware-false-alarm-critical": 1,
    "malware-nodes-infected": 2,
    "malware-false-alarm": 2,
    "malware-advice": 3,
    "service-request": 3,
    "service-information": 4,
}
RESPONSES = {
    1: {"minutes": 30, "unit": "elapsed"},
    2: {"minutes": 240, "unit": "elapsed"},
    3: {"minutes": 360, "unit": "working"},
    4: {"minutes": 480, "unit": "working"},
}
CALL_REQUIRED = {
    "msa-enterprise-fr-2022": {1, 2},
    "premium-fr-2023": {1, 2},
    "msa-enterprise-zh": {1},
    "msa-enterprise-nl-2023": {1, 2},
    "msa-enterprise-ru-2023": {1, 2},
}
REOPENED_WITHIN = 14 * 24 * 3600
HANDLERS = {"tam", "duty_manager", "team_head"}


def report_of(scenario: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    desk = Desk()
    for number, line in enumerate(scenario):
        desk.play(number, line)
    return desk.report()


class Desk:
    def __init__(self) -> None:
        self.calendars: dict[str, dict[str, Any]] = {}
        self.acknowledge: dict[str, dict[str, int]] = {}
        self.people = People()
        self.programmes = {key: _edition(called) for key, called in CALL_REQUIRED.items()}
        self.certificates: dict[str, Certificate] = {}
        self.incidents: dict[str, Incident] = {}
        self.refused: list[int] = []
        self.until = 0

    def play(self, number: int, line: Mapping[str, Any]) -> None:
        if "at" in line:
            at = seconds_of(line["at"])
            self.let_time_pass(at)
            self.until = at
        try:
            getattr(self, "do_" + line["do"], self.act)(line)
        except Refused:
            self.refused.append(number)

    # Time.

    def let_time_pass(self, until: int) -> None:
        """Fire what lies strictly before: earliest first; warnings, breaches, ends, then climbs."""
        while (earliest := min(self.deadlines(), default=None)) and earliest[0] < until:
            at, what, number, clock_number = earliest
            incident = list(self.incidents.values())[number]
            if what == 0:
                fire_warning(incident.clocks[clock_number], at)
            elif what == 1:
                clock = incident.clocks[clock_number]
                incident.breach(clock, self.people_at(2, incident), self.minutes_of(incident))
            elif what == 2:
                incident.expire(at)
            elif incident.side is None:
                incident.escalations[-1].climbs_at = None
            else:
                self.open_level(incident, incident.level + 1, at)

    def deadlines(self) -> Iterable[tuple[int, int, int, int]]:
        for number, incident in enumerate(self.incidents.values()):
            if incident.until is not None:
                yield incident.until, 2, number, 0
            for escalation in incident.escalations:
                if escalation.climbs_at is not None:
                    yield escalation.climbs_at, 3, number, 0
            for clock_number, clock in enumerate(incident.clocks):
                if clock.fires:
                    yield clock.due_at, 1, number, clock_number
                    for warning in clock.warnings_due_at:
                        if warning is not None:
                            yield warning, 0, number, clock_number

    # People and agreements.

    def do_office(self, line: Mapping[str, Any]) -> None:
        self.calendars[line["key"]] = _calendar(line["calendar"])
        self.acknowledge[line["key"]] = line.get("acknowledge", {})

    def do_staff(self, line: Mapping[str, Any]) -> None:
        self.people.known[line["key"]] = Person(line["key"], line["role"], line.get("office"))

    def do_customer(self, line: Mapping[str, Any]) -> None:
        pass

    def do_programme(self, line: Mapping[str, Any]) -> None:
        targets = _edition(CALL_REQUIRED[line["edition"]])
        for severity, changed in line["targets"].items():
            targets[int(severity)] |= changed
        self.programmes[line["key"]] = targets

    def do_certificate(self, line: Mapping[str, Any]) -> None:
        for contact in line["contacts"]:
            self.people.known.setdefault(contact["key"], Person(contact["key"], "contact"))
        self.certificates[line["key"]] = Certificate(
            office=line["office"],
            valid_from=line["valid_from"],
            valid_until=line["valid_until"],
            tam=line["tam"],
            deputy=line.get("deputy"),
            targets=self.programmes[line["programme"]],
            week=line.get("week"),
            contacts=[contact["key"] for contact in line["contacts"]],
        )

    def do_absence(self, line: Mapping[str, Any]) -> None:
        pass

    def do_shift(self, line: Mapping[str, Any]) -> None:
        since, until = seconds_of(line["from"]), seconds_of(line["until"])
        self.people.shifts.append(Shift(line["person"], line["office"], since, until))

    # Calendars.

    def do_close_day(self, line: Mapping[str, Any]) -> None:
        calendar = self.calendars[line["office"]]
        if line["date"] <= local_date(seconds_of(line["at"]), calendar["timezone"]):
            raise Refused
        special = {day: hours for day, hours in calendar["special"].items() if day != line["date"]}
        closed = sorted({*calendar["closed"], line["date"]})
        self.calendars[line["office"]] = calendar | {"closed": closed, "special": special}
        self.revise(seconds_of(line["at"]))

    def do_calendar(self, line: Mapping[str, Any]) -> None:
        self.calendars[line["office"]] = _calendar(line["calendar"])
        self.revise(seconds_of(line["at"]))

    def do_hours(self, line: Mapping[str, Any]) -> None:
        self.certificates[line["certificate"]].week = line["week"]
        self.revise(seconds_of(line["at"]))

    def revise(self, at: int) -> None:
        for incident in self.incidents.values():
            hours = self.hours_of(incident.certificate)
            if hours is not incident.hours:
                incident.hours = hours
                for clock in incident.clocks:
                    clock.revise(hours, at)

    def hours_of(self, certificate: Certificate) -> Any:
        return hours_of(self.calendars[certificate.office], certificate.week)

    # Acts.

    def do_end(self, line: Mapping[str, Any]) -> None:
        pass

    def do_file(self, line: Mapping[str, Any]) -> None:
        at = seconds_of(line["at"])
        certificate = self.certificates[line["certificate"]]
        person = self.people.known[line["by"]]
        self.check_filing(line, certificate, person, at)
        incident = Incident(certificate, SEVERITY_OF[line["category"]], self.hours_of(certificate))
        incident.file(at, by_phone=line["channel"] == "phone")
        self.incidents[line["key"]] = incident

    def check_filing(
        self, line: Mapping[str, Any], certificate: Certificate, person: Person, at: int
    ) -> None:
        if person.role == "contact":
            author = person.key
        else:
            author = line.get("contact", person.key)
            for_another = person.role in HANDLERS and line["channel"] in {"phone", "email"}
            if not for_another or not self.people.looks_after(person, certificate, at):
                raise Refused
        today = local_date(at, self.calendars[certificate.office]["timezone"])
        if author not in certificate.contacts:
            raise Refused
        if not certificate.valid_from <= today <= certificate.valid_until:
            raise Refused

    def act(self, line: Mapping[str, Any]) -> None:
        at, do = seconds_of(line["at"]), line["do"]
        person = self.people.known[line["by"]]
        incident = self.incidents.get(line["incident"])
        if incident is None or not self.may(person, do, incident, at):
            raise Refused
        match do:
            case "ask" | "offer_solution":
                until = a_month_after(at, self.calendars[incident.certificate.office]["timezone"])
                getattr(incident, do)(at, until)
            case "log_call":
                if line["caller"] not in incident.certificate.contacts:
                    raise Refused
                incident.log_call(at, qualified=line["qualified"])
            case "change_severity":
                incident.change_severity(line["severity"], at)
            case "reopen":
                self.reopen(incident, person, at)
            case "escalate":
                self.escalate(incident, at)
            case "acknowledge" | "answer_escalation":
                self.answer_escalation(incident, person, do)
            case _:
                getattr(incident, do)(at)

    def may(self, person: Person, do: str, incident: Incident, at: int) -> bool:
        if do not in VERBS[person.role]:
            return False
        if person.role == "contact":
            return person.key in incident.certificate.contacts
        if self.people.looks_after(person, incident.certificate, at):
            return True
        return any(person.key in escalation.to for escalation in incident.escalations)

    def reopen(self, incident: Incident, person: Person, at: int) -> None:
        incident.need("closed")
        assert incident.closed_at is not None
        by_contact = person.role == "contact"
        if by_contact and at > incident.closed_at + REOPENED_WITHIN:
            raise Refused
        incident.reopen(at, by_contact=by_contact)

    def escalate(self, incident: Incident, at: int) -> None:
        if incident.side != "vendor" or incident.level == 3:
            raise Refused
        self.open_level(incident, incident.level + 1, at)

    def open_level(self, incident: Incident, level: int, at: int) -> None:
        to = self.people_at(level, incident)
        incident.escalate(level, to, at, self.minutes_of(incident))

    def people_at(self, level: int, incident: Incident) -> list[str]:
        roles = {2: "team_head", 3: "business_manager"}
        if level not in roles:
            return []
        return self.people.of_role(roles[level], incident.certificate.office)

    def minutes_of(self, incident: Incident) -> int | None:
        return self.acknowledge[incident.certificate.office].get(str(incident.severity))

    def answer_escalation(self, incident: Incident, person: Person, do: str) -> None:
        if not incident.escalations:
            raise Refused
        highest = max(incident.escalations, key=lambda escalation: escalation.level)
        if highest.level != LEVEL_OF[person.role]:
            raise Refused
        if highest.answered or (do == "acknowledge" and highest.acknowledged):
            raise Refused
        highest.acknowledged, highest.climbs_at = True, None
        highest.answered = do == "answer_escalation"

    # The report.

    def report(self) -> dict[str, Any]:
        incidents = [self.report_on(key, incident) for key, incident in self.incidents.items()]
        return {"incidents": incidents, "refused": self.refused}

    def report_on(self, key: str, incident: Incident) -> dict[str, Any]:
        spans: dict[str, list[tuple[int, int]]] = {"vendor": [], "customer": []}
        for side, since, until in incident.sides:
            spans[side].append((since, self.until if until is None else until))
        hours = self.hours_of(incident.certificate)
        responses = [clock for clock in incident.clocks if clock.kind == "response"]
        others = [clock for clock in incident.clocks if clock.kind != "response"]
        others.sort(key=lambda clock: clock.started_at)
        facts = {
            "incident": key,
            "state": incident.state,
            "closure": incident.closure,
            "side": incident.side,
            "severity": incident.severity,
            "response": _response(responses[-1]) if responses else None,
            "customer_side_until": _text(incident.until),
            "escalation_level": incident.level,
            "vendor_elapsed_seconds": sum(until - since for since, until in spans["vendor"]),
            "vendor_working_seconds": sum(
                hours.elapsed(since, until) for since, until in spans["vendor"]
            ),
            "customer_elapsed_seconds": sum(until - since for since, until in spans["customer"]),
            "sides": [[side, _text(since), _text(until)] for side, since, until in incident.sides],
        }
        return facts | ({"clocks": [_clock(clock) for clock in others]} if others else {})


def fire_warning(clock: Clock, at: int) -> None:
    for number, warning in enumerate(clock.warnings_due_at):
        if warning == at:
            clock.warned_at[number], clock.warnings_due_at[number] = at, None


def _edition(call_required: set[int]) -> dict[int, dict[str, Any]]:
    return {
        severity: {
            "response": response,
            "call_required": severity in call_required,
            "further": {},
        }
        for severity, response in RESPONSES.items()
    }


def _calendar(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timezone": given["timezone"],
        "week": given.get("week", {}),
        "closed": sorted(given.get("closed", [])),
        "special": given.get("special", {}),
    }


def _response(clock: Clock) -> dict[str, Any]:
    return {
        "started_at": _text(clock.started_at),
        "due_at": _text(clock.due_at),
        "responded_at": _text(clock.met_at),
        "breached_at": _text(clock.breached_at),
        "warned_at": [_text(warned_at) for warned_at in clock.warned_at],
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "kind": clock.kind,
        "started_at": _text(clock.started_at),
        "due_at": _text(clock.due_at),
        "met_at": _text(clock.met_at),
        "breached_at": _text(clock.breached_at),
        "ended_at": _text(clock.ended_at),
        "warned_at": [_text(warned_at) for warned_at in clock.warned_at],
    }


def _text(at: int | None) -> str | None:
    return None if at is None else text_of(at)
