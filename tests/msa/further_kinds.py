"""A scenario in which clocks of every kind run."""

from typing import Any

from tests.conftest import PARIS_WEEK

FILING = {"do": "file", "by": "alice", "certificate": "msa", "channel": "portal", "title": "Title"}
FURTHER: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "paris",
        "name": "Paris",
        "calendar": {"timezone": "Europe/Paris", "week": PARIS_WEEK},
    },
    {"do": "staff", "key": "tom", "role": "tam", "office": "paris"},
    {"do": "customer", "key": "acme", "name": "Acme"},
    {
        "do": "programme",
        "key": "plan",
        "edition": "msa-enterprise-fr-2022",
        "targets": {
            "2": {
                "further": {
                    "next_response": {"minutes": 120, "unit": "working"},
                    "update": {"minutes": 480, "unit": "working"},
                    "workaround": {"minutes": 960, "unit": "working"},
                    "resolution": {"minutes": 4320, "unit": "elapsed"},
                }
            },
            "3": {"response": None, "further": {"update": {"minutes": 1440, "unit": "elapsed"}}},
            "4": {"response": {"minutes": 60, "unit": "elapsed"}, "call_required": True},
        },
    },
    {
        "do": "certificate",
        "key": "msa",
        "customer": "acme",
        "programme": "plan",
        "office": "paris",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": "tom",
        "contacts": [{"key": "alice", "name": "Alice", "email": "alice@acme.example"}],
    },
    *(
        {"at": f"2026-03-{at}:00Z", "text": "text", **line}
        for at, line in [
            ("02T08:10", FILING | {"key": "i1", "category": "product-malfunction"}),
            ("02T09:00", FILING | {"key": "i2", "category": "product-partial"}),
            ("02T19:00", FILING | {"key": "i3", "category": "product-other"}),
            ("03T09:00", {"do": "offer_solution", "incident": "i1", "by": "tom"}),
            ("03T15:00", {"do": "decline", "incident": "i1", "by": "alice"}),
            ("04T10:00", {"do": "ask", "incident": "i1", "by": "tom"}),
            ("05T09:00", {"do": "answer", "incident": "i1", "by": "alice"}),
            ("05T10:00", {"do": "record_workaround", "incident": "i1", "by": "tom"}),
            ("06T09:00", {"do": "respond", "incident": "i2", "by": "tom"}),
            ("06T10:00", {"do": "offer_solution", "incident": "i1", "by": "tom"}),
            ("06T11:00", {"do": "accept", "incident": "i1", "by": "alice"}),
            ("09T09:00", {"do": "reopen", "incident": "i1", "by": "alice"}),
            ("20T09:00", {"do": "end"}),
        ]
    ),
]
