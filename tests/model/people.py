"""Who may do what (SPEC 4): one table, and one question for sight."""

from dataclasses import dataclass, field
from typing import Any

BY_CONTACTS = {"answer", "accept", "decline", "withdraw", "escalate", "reopen"}
BY_HANDLERS = {
    "respond",
    "reply",
    "ask",
    "offer_solution",
    "take_back",
    "record_workaround",
    "change_severity",
    "log_call",
    "reopen",
    "escalate",
    "acknowledge",
    "answer_escalation",
}
VERBS = {
    "contact": BY_CONTACTS,
    "tam": BY_HANDLERS,
    "duty_manager": BY_HANDLERS,
    "team_head": BY_HANDLERS,
    "business_manager": {"acknowledge", "answer_escalation"},
    "engineer": {"respond", "reply", "ask", "offer_solution"},
}
LEVEL_OF = {"tam": 1, "duty_manager": 1, "team_head": 2, "business_manager": 3}


@dataclass
class Person:
    key: str
    role: str
    office: str | None = None


@dataclass
class Certificate:
    office: str
    valid_from: str
    valid_until: str
    tam: str
    deputy: str | None
    targets: dict[int, dict[str, Any]]
    week: dict[str, Any] | None
    contacts: list[str]


@dataclass
class Shift:
    person: str
    office: str
    since: int
    until: int


@dataclass
class People:
    known: dict[str, Person] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)

    def on_shift(self, person: Person, office: str, at: int) -> bool:
        return any(
            shift.person == person.key
            and shift.office == office
            and shift.since <= at < shift.until
            for shift in self.shifts
        )

    def looks_after(self, person: Person, certificate: Certificate, at: int) -> bool:
        """Tell whether its incidents are this member of staff's work at an instant."""
        match person.role:
            case "tam":
                return person.key in {certificate.tam, certificate.deputy}
            case "duty_manager":
                return self.on_shift(person, certificate.office, at)
            case "team_head":
                return person.office == certificate.office
        return False

    def of_role(self, role: str, office: str) -> list[str]:
        """The office's own; where it has none, those of the other offices."""
        all_of_them = [person for person in self.known.values() if person.role == role]
        own = [person.key for person in all_of_them if person.office == office]
        return own or [person.key for person in all_of_them]
