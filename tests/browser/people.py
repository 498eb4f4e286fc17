"""Three people of the walks, beside those of the demo: `python -m tests.browser.people`.

Their office never closes, so that a severity 1 clock runs whenever the tests do.
"""

from typing import Any, Final

import django

from tests.browser.desk import PASSWORD

ALICE: Final = "alice@acme.example"  # a contact
TOM: Final = "tom@northlight.example"  # her technical account manager
TESS: Final = "tess@northlight.example"  # his deputy

# Of the demo.
CLAIRE: Final = "claire.fontanel@valmorin.example"  # a contact
INES: Final = "ines.duval@northlight.example"  # her technical account manager
HANNA: Final = "hanna.lindqvist@northlight.example"  # the head of the team
TOMAS: Final = "tomas.brandt@northlight.example"  # a duty manager
NOOR: Final = "noor.haddad@northlight.example"  # another one

ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
LINES: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "brussels",
        "name": "Brussels",
        "country": "BE",
        "calendar": {"timezone": "Europe/Brussels", "week": ALWAYS},
        "phone": {"line": "+32 2 555 41 00", "msa": "+32 2 555 41 10"},
    },
    {
        "do": "staff",
        "key": "tom",
        "role": "tam",
        "office": "brussels",
        "name": "Tom Peeters",
        "email": TOM,
        "language": "en",
        "phone": "+32 2 555 41 21",
    },
    {
        "do": "staff",
        "key": "tess",
        "role": "tam",
        "office": "brussels",
        "name": "Tess Janssen",
        "email": TESS,
        "language": "en",
    },
    {"do": "customer", "key": "acme", "name": "Acme", "country": "BE"},
    {
        "do": "certificate",
        "key": "acme",
        "number": "MSA-BE-1",
        "customer": "acme",
        "programme": "msa-enterprise-fr-2022",
        "office": "brussels",
        "valid_from": "today-10d",
        "valid_until": "today+355d",
        "tam": "tom",
        "deputy": "tess",
        "products": ["Northlight Endpoint"],
        "contacts": [{"key": "alice", "name": "Alice Martin", "email": ALICE, "language": "en"}],
    },
]


def main() -> None:
    play(LINES)


def play(lines: list[dict[str, Any]]) -> None:
    """Play lines into the desk whose environment this process has."""
    django.setup()
    from django.db import transaction

    from msa import clock
    from msa.scenarios.lines import checked
    from msa.scenarios.player import Player

    now = clock.now()
    with transaction.atomic():
        player = Player(today=now.date(), password=PASSWORD)
        player.play(checked(lines, now=now))
    assert player.refused == []


if __name__ == "__main__":
    main()
