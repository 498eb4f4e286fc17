"""What happened, with all that a mail may tell of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from accounts.models import Certificate, User
from incidents.models import Attachment, Clock, ClockKind, Incident, JournalEntry, Message
from incidents.states import SEVERITY_LABELS

# What nearly every letter names. Two queries: PostgreSQL plans a join of all these tables for
# longer than it runs.
_ENTRIES: Final = JournalEntry.objects.select_related(
    "actor", "message__author", "incident__author", "incident__customer"
).prefetch_related(
    Prefetch("incident__certificate", Certificate.objects.select_related("office", "tam", "deputy"))
)


@dataclass(frozen=True)
class Event:
    """A journal entry, and what goes with it, fetched when a letter first asks for it."""

    entry: JournalEntry

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> Self:
        """Return the event of a topic `incident.…`."""
        return cls(_ENTRIES.get(pk=payload["entry"]))

    @cached_property
    def clock(self) -> Clock | None:
        """The incident's response clock as it stands now; None where none is promised."""
        clocks = Clock.objects.filter(incident=self.entry.incident_id, kind=ClockKind.RESPONSE)
        return clocks.last()

    @cached_property
    def response(self) -> Mapping[str, Any]:
        """What the event tells of the response clock: of the one that filing started, for that."""
        if self.kind != "filed":
            return self.entry.data if self.is_of_response else {}
        started = JournalEntry.objects.filter(
            incident=self.entry.incident_id,
            number=self.entry.number + 1,
            kind="clock_started",
            data__kind=ClockKind.RESPONSE,
        ).first()
        return started.data if started else {}

    @property
    def is_of_response(self) -> bool:
        """Whether it concerns no clock, or the response clock."""
        return bool(self.entry.data.get("kind", ClockKind.RESPONSE) == ClockKind.RESPONSE)

    @property
    def promise(self) -> str:
        """Name what the event's clock promises."""
        return str(ClockKind(self.entry.data.get("kind", ClockKind.RESPONSE)).label)

    @cached_property
    def files(self) -> Sequence[Attachment]:
        """What is attached to the event's message."""
        return list(self.message.attachments.all()) if self.message else []

    @cached_property
    def caller(self) -> User | None:
        """Who had the call that was logged."""
        caller = self.entry.data.get("caller")
        return User.objects.get(pk=caller) if caller else None

    @cached_property
    def lowers_severity(self) -> bool:
        """Whether it is a workaround that made severity 1 a 2 (SPEC 5)."""
        if self.kind not in {"workaround_recorded", "solution_offered"}:
            return False
        return JournalEntry.objects.filter(
            incident=self.entry.incident_id,
            number__gt=self.entry.number,
            at=self.entry.at,
            kind="severity_changed",
            data__reason="workaround",
        ).exists()

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def incident(self) -> Incident:
        return self.entry.incident

    @property
    def message(self) -> Message | None:
        return self.entry.message

    @property
    def is_internal(self) -> bool:
        return bool(self.message and self.message.is_internal)

    @property
    def is_urgent(self) -> bool:
        return self.incident.severity == 1 or self.lowers_severity

    @property
    def is_told_with_another(self) -> bool:
        """Whether the mail on another event of the same act says it all.

        A workaround's mail names the severity that follows from it, a solution's the workaround
        that it is, a breach's the escalation; a clock that a call or a severity moved is told with
        those.
        """
        data: dict[str, Any] = self.entry.data
        match self.kind:
            case "severity_changed":
                return bool(data["reason"] == "workaround")
            case "workaround_recorded":
                return "with" in data
            case "escalated":
                return bool(data["cause"] == "breach")
            case "clock_moved":
                moved = data["from"]["due_at"] != data["to"]["due_at"]
                return not moved or bool(data["reason"] != "calendar")
        return False

    def words(self, reader: User) -> dict[str, object]:
        """Return what the texts of letters may name, in the active language."""
        data, incident = self.entry.data, self.incident
        return {
            "author": self.name_of(incident.author, reader),
            "caller": self.name_of(self.caller, reader) if self.caller else "",
            "certificate": incident.certificate.number,
            "days": data.get("days", 0),
            "level": data.get("level", 0),
            "name": self.name_of(self.entry.actor, reader),
            "office": incident.certificate.office.name,
            "percentage": data.get("percentage", 0),
            "promise": self.promise,
            "severity": severity_text(data.get("severity", incident.severity)),
            "tam": incident.certificate.tam.name,
            "vendor": settings.VENDOR_NAME,
        }

    def name_of(self, person: User | None, reader: User) -> str:
        """Return a person's name; to the other side also whose they are."""
        if person is None:
            return settings.VENDOR_NAME
        if person.is_contact == reader.is_contact:
            return person.name
        organisation = self.incident.customer.name if person.is_contact else settings.VENDOR_NAME
        return _("%(name)s of %(organisation)s") % {
            "name": person.name,
            "organisation": organisation,
        }


def severity_text(severity: int) -> str:
    return f"{severity} · {SEVERITY_LABELS[severity]}"
