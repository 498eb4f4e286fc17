"""The items of a handover, in words."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.models import Office, User
from incidents.models import ClockKind, Incident
from incidents.states import FACTS, State, StateFacts
from tam.models import HandoverItem
from tam.queries.handover_items import ACKNOWLEDGEMENT, EXPIRY, SECTION_LIMIT, TOLD


@dataclass(frozen=True, slots=True)
class Line:
    """One incident as it stood; `incident` None: the reader may not see it any more."""

    reference: str
    incident: Incident | None
    severity: int
    state: StateFacts
    level: int
    due_at: datetime | None
    due: str
    overdue: bool
    acts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    label: str
    lines: Sequence[Line]
    is_cut: bool


def sections_of(items: Iterable[HandoverItem], seen: Collection[int]) -> list[Section]:
    """Return the sections that have something to tell; `seen`: the incidents the reader sees."""
    listed = list(items)
    sections = []
    for section in HandoverItem.Section:
        lines = [_line(item, seen) for item in listed if item.section == section]
        if lines:
            is_cut = len(lines) >= SECTION_LIMIT
            sections.append(Section(section.value, str(section.label), lines, is_cut))
    return sections


def zone_besides(reader: User, office: Office, at: datetime) -> str:
    """Return the office's zone where its clock reads another time than the reader's, else ""."""
    theirs, ours = (at.astimezone(ZoneInfo(zone)) for zone in (reader.timezone, office.timezone))
    return "" if theirs.utcoffset() == ours.utcoffset() else office.timezone


def _line(item: HandoverItem, seen: Collection[int]) -> Line:
    facts = item.facts
    return Line(
        item.incident.reference,
        item.incident if item.incident_id in seen else None,
        facts["severity"],
        FACTS[State(facts["state"])],
        facts["level"],
        datetime.fromisoformat(facts["due_at"]) if facts["due_at"] else None,
        _due(facts["due"]),
        facts["overdue"],
        [_times(kind, times) for kind, times in _in_order(facts.get("acts", {}))],
    )


def _due(kind: str) -> str:
    match kind:
        case "":
            return ""
        case str() if kind == EXPIRY:
            return _("Closes without a reply")
        case str() if kind == ACKNOWLEDGEMENT:
            return _("Escalation to acknowledge")
    return str(ClockKind(kind).label)


def _in_order(acts: dict[str, int]) -> list[tuple[str, int]]:
    """Return acts in the order of `TOLD`: what JSON keeps has none."""
    return [(kind, acts[kind]) for kind in TOLD if kind in acts]


def _times(kind: str, times: int) -> str:
    return str(TOLD[kind]) if times == 1 else f"{TOLD[kind]} × {times}"
