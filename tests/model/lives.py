"""Random lives: scenarios whose acts lie where something happens, or just beside it.

The model plays each line at once, so that the next act can be put on a due instant, a warning, an
opening, a month's end or a clock change. Most acts fit their incident's state; the others must be
refused. All comes from the `Random` that is handed in.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.model.desk import CALL_REQUIRED, SEVERITY_OF, Desk
from tests.model.hours import seconds_of, text_of
from tests.model.life import Incident

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Zones with an instant near which their clock does something; or nothing.
PLACES = (
    ("Europe/Paris", "2026-03-29T01:00:00Z"),
    ("Europe/Amsterdam", "2026-10-25T01:00:00Z"),
    ("Asia/Shanghai", "2026-02-28T16:00:00Z"),
    ("Europe/Moscow", "2026-12-31T21:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Africa/Cairo", "2026-04-23T22:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("America/Havana", "2026-03-08T05:00:00Z"),
    ("Asia/Kathmandu", "2026-01-30T18:15:00Z"),
    ("America/St_Johns", "2028-02-29T03:30:00Z"),
    ("Pacific/Chatham", "2026-09-26T14:00:00Z"),
)
WINDOWS = (
    [["09:00", "18:00"]],
    [["09:00", "18:00"]],
    [["08:30", "12:00"], ["13:15", "17:45"]],
    [["00:00", "24:00"]],
    [["00:00", "06:00"], ["22:00", "24:00"]],
    [["01:30", "03:30"], ["12:00", "13:15"]],
    [["23:00", "24:00"]],
)
CHANNELS = ("portal", "portal", "phone", "email", "api")
FITTING = {
    "received": (
        ("respond", 3),
        ("ask", 3),
        ("offer_solution", 2),
        ("log_call", 4),
        ("reply", 1),
        ("change_severity", 5),
        ("record_workaround", 2),
        ("escalate", 2),
        ("answer", 1),
        ("withdraw", 1),
    ),
    "in_progress": (
        ("respond", 2),
        ("ask", 3),
        ("offer_solution", 3),
        ("log_call", 2),
        ("reply", 2),
        ("change_severity", 3),
        ("record_workaround", 2),
        ("escalate", 2),
        ("answer", 3),
        ("withdraw", 1),
    ),
    "awaiting_customer": (
        ("answer", 4),
        ("offer_solution", 2),
        ("take_back", 2),
        ("log_call", 1),
        ("reply", 1),
        ("change_severity", 2),
        ("record_workaround", 1),
        ("withdraw", 1),
    ),
    "solution_offered": (
        ("accept", 4),
        ("decline", 4),
        ("answer", 2),
        ("take_back", 2),
        ("log_call", 1),
        ("reply", 1),
        ("change_severity", 2),
        ("record_workaround", 1),
        ("withdraw", 1),
    ),
    "closed": (("reopen", 1),),
}
ACTS = sorted({act for acts in FITTING.values() for act, _ in acts})
BY_CONTACTS = {"answer", "accept", "decline", "withdraw"}
STAFF = {
    "tom": ("tam", "north"),
    "tess": ("tam", "north"),
    "dan": ("duty_manager", "north"),
    "hanna": ("team_head", "north"),
    "erik": ("engineer", "north"),
    "sven": ("tam", "south"),
    "dora": ("duty_manager", "south"),
    "bea": ("business_manager", "south"),
}


def random_life(random: Random, acts: int) -> list[dict[str, Any]]:
    """Return a scenario with so many acts at instants, and an `end`."""
    return _Life(random).lived(acts)


class _Life:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.desk = Desk()
        self.lines: list[dict[str, Any]] = []
        self.now = 0
        self.edges: list[int] = []
        self.look_at: str | None = None

    def lived(self, acts: int) -> list[dict[str, Any]]:
        self.agree()
        self.file()
        for _ in range(acts - 1):
            self.let_time_pass()
            chance = self.random.random()
            if chance < 0.15:
                self.file()
            elif chance < 0.22:
                self.change_a_calendar()
            else:
                self.act()
        self.let_time_pass()
        self.add({"do": "end", "at": self.at()})
        return self.lines

    def add(self, line: dict[str, Any]) -> None:
        self.desk.play(len(self.lines), line)
        self.lines.append(line)

    def at(self) -> str:
        return text_of(self.now)

    # Agreements.

    def agree(self) -> None:
        zone, known_for = self.random.choice(PLACES)
        other_zone, _ = self.random.choice(PLACES)
        change = seconds_of(known_for)
        self.now = change - self.random.choice((0, 1, 3, 25, 40)) * DAY
        self.now += self.random.randrange(-DAY, DAY) // 300 * 300
        self.edges.append(change)
        for office, office_zone in (("north", zone), ("south", other_zone)):
            line: dict[str, Any] = {"do": "office", "key": office, "name": office}
            line |= {"calendar": self.calendar(office_zone)}
            if self.random.random() < 0.5:
                line["acknowledge"] = self.minutes()
            self.add(line)
        for person, (role, office) in STAFF.items():
            if self.random.random() < 0.9 or person in {"tom", "tess", "sven"}:
                self.add({"do": "staff", "key": person, "role": role, "office": office})
        for customer in ("acme", "globex"):
            self.add({"do": "customer", "key": customer, "name": customer.title()})
        self.add_certificates()
        self.add_shifts()

    def minutes(self) -> dict[str, int]:
        """Return by when escalations are to be acknowledged, at some severities."""
        return {
            severity: self.random.choice((15, 30, 120, 480, 1500))
            for severity in "1234"
            if self.random.random() < 0.8
        }

    def add_certificates(self) -> None:
        programmes = sorted(CALL_REQUIRED)
        if self.random.random() < 0.7:
            self.add_programme(self.random.choice(programmes))
            programmes = ["more"]
        self.add_certificate("c1", "acme", "north", ("alice", "bob"), programmes)
        if self.random.random() < 0.5:
            self.add_certificate("c2", "acme", "south", ("bob", "carol"), programmes)
        if self.random.random() < 0.5:
            self.add_certificate("c3", "globex", "north", ("gil",), programmes)

    def add_programme(self, edition: str) -> None:
        targets: dict[str, Any] = {}
        for severity in "1234":
            changed: dict[str, Any] = {}
            if self.random.random() < 0.3:
                changed["response"] = self.target() if self.random.random() < 0.6 else None
            if self.random.random() < 0.3:
                changed["call_required"] = self.random.random() < 0.5
            if self.random.random() < 0.7:
                kinds = ("next_response", "update", "workaround", "resolution")
                changed["further"] = {
                    kind: self.target() for kind in kinds if self.random.random() < 0.6
                }
            if changed:
                targets[severity] = changed
        self.add({"do": "programme", "key": "more", "edition": edition, "targets": targets})

    def target(self) -> dict[str, Any]:
        minutes = self.random.choice((30, 60, 240, 360, 480, 960, 2880))
        return {"minutes": minutes, "unit": self.random.choice(("elapsed", "working"))}

    def add_certificate(
        self,
        key: str,
        customer: str,
        office: str,
        contacts: tuple[str, ...],
        programmes: list[str],
    ) -> None:
        first, last = self.day(-self.random.choice((0, 1, 90))), self.day(400)
        if self.random.random() < 0.2:
            last = self.day(self.random.choice((1, 20, 45)))
            zone = ZoneInfo(self.desk.calendars[office]["timezone"])
            midnight = datetime.fromisoformat(last).replace(tzinfo=zone) + timedelta(days=1)
            self.edges.append(int(midnight.timestamp()))
        line: dict[str, Any] = {
            "do": "certificate",
            "key": key,
            "customer": customer,
            "programme": self.random.choice(programmes),
            "office": office,
            "valid_from": first,
            "valid_until": last,
            "tam": "tom" if office == "north" else "sven",
            "contacts": [
                {"key": name, "name": name.title(), "email": f"{name}@{customer}.example"}
                for name in contacts
            ],
        }
        if self.random.random() < 0.3:
            line["deputy"] = "tess"
        if self.random.random() < 0.3:
            line["week"] = self.week()
        self.add(line)

    def add_shifts(self) -> None:
        for person in ("dan", "dora"):
            if person not in self.desk.people.known:
                continue
            office = STAFF[person][1]
            since = self.now - 3 * DAY
            for _ in range(self.random.choice((1, 1, 3))):
                until = since + self.random.choice((1, 5, 200)) * DAY
                shift = {"do": "shift", "person": person, "office": office}
                self.add(shift | {"from": text_of(since), "until": text_of(until)})
                self.edges += [since, until]
                since = until + self.random.choice((1, 2)) * DAY

    def calendar(self, zone: str) -> dict[str, Any]:
        calendar: dict[str, Any] = {"timezone": zone, "week": self.week()}
        if self.random.random() < 0.5:
            calendar["closed"] = sorted({self.day(self.random.randrange(40)) for _ in range(3)})
            calendar["special"] = {
                self.day(self.random.randrange(40)): self.random.choice(WINDOWS) for _ in range(3)
            }
        return calendar

    def week(self) -> dict[str, Any]:
        days = self.random.choice((WEEKDAYS[:5], WEEKDAYS[:5], WEEKDAYS, ("wed", "sat"), ("sun",)))
        windows = self.random.choice(WINDOWS)
        return dict.fromkeys(days, windows)

    def day(self, days_from_now: int) -> str:
        day = datetime.fromtimestamp(self.now, UTC) + timedelta(days=days_from_now)
        return day.date().isoformat()

    # Time.

    def let_time_pass(self) -> None:
        """Go to where something happens, mostly to the incident that is looked at next."""
        self.look_at = self.random.choice([None, *list(self.desk.incidents)[-4:]])
        chance = self.random.random()
        if chance < 0.12:
            return
        if chance < 0.7:
            incident = self.desk.incidents.get(self.look_at or "")
            near = self.turns_of(incident) if incident and self.random.random() < 0.75 else []
            near = near or [*self.edges, *self.turns_of_offices()]
            beside = [at + shift for at in near for shift in (-1, 0, 0, 1)]
            ahead = [at for at in beside if self.now <= at < self.now + 60 * DAY]
            self.now = self.random.choice(ahead or [self.now + 1])
        elif chance < 0.92:
            self.now += self.random.choice((1, 30, 60, 600, 1800, 3600, 4 * 3600, DAY))
        else:
            self.now += self.random.choice((3, 7, 14, 30)) * DAY

    def turns_of(self, incident: Incident) -> list[int]:
        """Return the instants ahead at which something happens, or would after a change."""
        found = [incident.until] if incident.until is not None else []
        if incident.closed_at is not None:
            found.append(incident.closed_at + 14 * DAY)
        found += [step.climbs_at for step in incident.escalations if step.climbs_at is not None]
        for clock in incident.clocks:
            if clock.can_move:
                warnings = [at for at in clock.warnings_due_at if at is not None]
                found += [clock.started_at, clock.due_at, *warnings]
                for severity in (1, 2, 3, 4):
                    found += clock.due_if(incident.target(clock.kind, severity))
        return [at for at in found if at >= self.now - 1]

    def turns_of_offices(self) -> list[int]:
        turns = []
        for certificate in self.desk.certificates.values():
            hours = self.desk.hours_of(certificate)
            turns += [hours.next_opening(self.now), hours.due(self.now, 1) - 1]
            turns += [self.now + 1800, hours.due(self.now, 1800)]
        return turns

    # Acts.

    def file(self) -> None:
        key = f"i{sum(line['do'] == 'file' for line in self.lines) + 1}"
        certificate = self.random.choice(sorted(self.desk.certificates))
        contacts = self.desk.certificates[certificate].contacts
        by = self.random.choice(contacts if self.random.random() < 0.9 else self.everybody())
        line = {
            "do": "file",
            "at": self.at(),
            "key": key,
            "by": by,
            "certificate": certificate,
            "category": self.random.choice(sorted(SEVERITY_OF)),
            "channel": self.random.choice(CHANNELS),
            "title": f"case {key}",
            "text": "It fails.",
        }
        if by in STAFF and self.random.random() < 0.8:
            line["contact"] = self.random.choice(contacts)
        self.add(line)

    def act(self) -> None:
        filed = [line["key"] for line in self.lines if line["do"] == "file"]
        key = self.look_at or self.random.choice(filed[-4:])
        incident = self.desk.incidents.get(key)
        if incident and self.random.random() < 0.85:
            acts = FITTING[incident.state]
            do = self.random.choices([act for act, _ in acts], [often for _, often in acts])[0]
        else:
            do = self.random.choice(ACTS)
        if incident and incident.escalations and self.random.random() < 0.15:
            do = self.random.choice(("acknowledge", "answer_escalation"))
        line = {"do": do, "at": self.at(), "incident": key, "by": self.somebody(do, incident)}
        match do:
            case "change_severity":
                line["severity"] = self.random.randint(1, 4)
            case "log_call":
                contacts = incident.certificate.contacts if incident else ["alice"]
                usual = self.random.random() < 0.95
                line["caller"] = self.random.choice(contacts if usual else self.everybody())
                line["qualified"] = self.random.random() < 0.4
        self.add(line | {"text": "…"})

    def somebody(self, do: str, incident: Incident | None) -> str:
        if incident is None or self.random.random() < 0.12:
            return self.random.choice(self.everybody())
        by_contact = do in BY_CONTACTS or (
            do in {"escalate", "reopen"} and self.random.random() < 0.7
        )
        if by_contact:
            return self.random.choice(incident.certificate.contacts)
        at = self.now
        may = [key for key in self.everybody() if self.desk_allows(key, do, incident, at)]
        return self.random.choice(may or self.everybody())

    def desk_allows(self, key: str, do: str, incident: Incident, at: int) -> bool:
        person = self.desk.people.known[key]
        return person.role != "contact" and self.desk.may(person, do, incident, at)

    def everybody(self) -> list[str]:
        return sorted(self.desk.people.known)

    def change_a_calendar(self) -> None:
        office = self.random.choice(("north", "south"))
        chance = self.random.random()
        if chance < 0.3:
            calendar = self.calendar(self.desk.calendars[office]["timezone"])
            self.add({"do": "calendar", "at": self.at(), "office": office, "calendar": calendar})
            return
        if chance < 0.6:
            certificate = self.random.choice(sorted(self.desk.certificates))
            week = self.week() if self.random.random() < 0.7 else None
            line = {"do": "hours", "at": self.at(), "certificate": certificate}
            self.add(line | {"week": week})
            return
        day = self.day(self.random.choice((0, 1, 1, 2, 3, 7)))
        self.add({"do": "close_day", "at": self.at(), "office": office, "date": day})
