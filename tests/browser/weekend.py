"""An office before a weekend, as the journeys of the staged clock find it."""

from typing import Any, Final

CLARA: Final = "clara@orrery.example"  # a contact
LUC: Final = "luc.aubry@northlight.example"  # her technical account manager
DANA: Final = "dana.roux@northlight.example"  # on duty from Friday evening to Monday morning
BRUNO: Final = "bruno.sand@northlight.example"  # business manager

OFFICE_DAYS = ("mon", "tue", "wed", "thu", "fri")
CRASH: Final = "The gateway restarts every few minutes"
REPORTS: Final = "Weekly reports come out empty"


def _staff(key: str, role: str, name: str, email: str) -> dict[str, Any]:
    return {
        "do": "staff",
        "key": key,
        "role": role,
        "office": "lyon",
        "name": name,
        "email": email,
        "language": "en",
    }


LINES: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "lyon",
        "name": "Lyon",
        "country": "FR",
        "calendar": {
            "timezone": "Europe/Paris",
            "week": {day: [["09:00", "18:00"]] for day in OFFICE_DAYS},
        },
        "phone": {"line": "+33 4 99 00 41 00", "msa": "+33 4 99 00 41 10"},
        "acknowledge": {"1": 60},
    },
    _staff("luc", "tam", "Luc Aubry", LUC),
    _staff("dana", "duty_manager", "Dana Roux", DANA),
    _staff("hanna", "team_head", "Hanna Berg", "hanna.berg@northlight.example"),
    _staff("bruno", "business_manager", "Bruno Sand", BRUNO),
    {"do": "customer", "key": "orrery", "name": "Orrery Instruments", "country": "FR"},
    {
        "do": "certificate",
        "key": "orrery",
        "number": "MSA-FR-10203",
        "customer": "orrery",
        "programme": "msa-enterprise-fr-2022",
        "office": "lyon",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": "luc",
        "contacts": [{"key": "clara", "name": "Clara Hoffmann", "email": CLARA, "language": "en"}],
    },
    {
        "do": "shift",
        "person": "dana",
        "office": "lyon",
        "from": "2026-11-27T18:00:00+01:00",
        "until": "2026-11-30T09:00:00+01:00",
    },
    {
        "at": "2026-11-27T15:20:00+01:00",
        "do": "file",
        "key": "reports",
        "by": "clara",
        "certificate": "orrery",
        "category": "product-partial",
        "title": REPORTS,
        "text": "Since the update of Wednesday the weekly report has no rows.",
    },
    {"at": "2026-11-27T17:50:00+01:00", "do": "end"},
]
