"""An agreement that promises more than an answer, and an incident under it."""

from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")

SETTING: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "lyon",
        "name": "Lyon",
        "calendar": {
            "timezone": "Europe/Paris",
            "week": {day: [["09:00", "13:00"], ["14:00", "18:00"]] for day in WEEKDAYS},
            "closed": {"2026-05-01": "Labour Day", "2026-05-14": "Ascension"},
            "special": {"2026-05-13": [["09:00", "12:00"]]},
        },
    },
    {"do": "staff", "key": "toma", "name": "Toma", "role": "tam", "office": "lyon"},
    {"do": "customer", "key": "quill", "name": "Quill"},
    {
        "do": "programme",
        "key": "plus",
        "edition": "msa-enterprise-fr-2022",
        "targets": {
            "3": {
                "further": {
                    "workaround": {"minutes": 4320, "unit": "elapsed"},
                    "resolution": {"minutes": 9600, "unit": "working"},
                }
            },
            "4": {"further": {"resolution": {"minutes": 28800, "unit": "working"}}},
        },
    },
    {
        "do": "certificate",
        "key": "c1",
        "number": "PLUS-1",
        "customer": "quill",
        "programme": "plus",
        "office": "lyon",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": "toma",
        "contacts": [{"key": "ann", "name": "Ann", "email": "ann@quill.example"}],
    },
]


def filing(category: str, at: str) -> dict[str, Any]:
    return {
        "do": "file",
        "at": at,
        "key": "i1",
        "by": "ann",
        "certificate": "c1",
        "category": category,
        "channel": "portal",
        "title": "Scans of the archive stop",
        "text": "Every night.",
    }


def act(do: str, at: str, by: str = "toma", **fields: Any) -> dict[str, Any]:
    return {"do": do, "at": at, "incident": "i1", "by": by, "text": "…", **fields}
