"""A severity 3 of a Friday evening before a holiday: `python -m tests.browser.friday`."""

from typing import Any, Final

from tests.browser.people import play

CLARA: Final = "clara@orrery.example"  # a contact
TITLE: Final = "Reports of the weekly scan come out empty"

OFFICE_DAYS = ("mon", "tue", "wed", "thu", "fri")
LINES: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "lyon",
        "name": "Lyon",
        "country": "FR",
        "calendar": {
            "timezone": "Europe/Paris",
            "week": {day: [["09:00", "12:30"], ["13:30", "18:00"]] for day in OFFICE_DAYS},
            "closed": {"2026-05-25": "Lundi de Pentecôte"},
        },
        "phone": {"line": "+33 4 99 00 41 00", "msa": "+33 4 99 00 41 10"},
    },
    {
        "do": "staff",
        "key": "luc",
        "role": "tam",
        "office": "lyon",
        "name": "Luc Aubry",
        "email": "luc.aubry@northlight.example",
        "language": "fr",
    },
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
        "at": "2026-05-22T17:20:00+02:00",
        "do": "file",
        "key": "i1",
        "by": "clara",
        "certificate": "orrery",
        "category": "product-partial",
        "title": TITLE,
        "text": "Since the update of Wednesday the weekly report has no rows.",
    },
    {
        "at": "2026-05-26T11:05:00+02:00",
        "do": "respond",
        "incident": "i1",
        "by": "luc",
        "text": "The filter takes the new field for empty; a first analysis is below.",
    },
]

if __name__ == "__main__":
    play(LINES)
