"""The demo: a scenario relative to today, and the people in it."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.actions.obligations import keep_registers
from accounts.models import Customer, User
from accounts.tenancy import set_scope
from msa.scenarios.lines import read
from msa.scenarios.player import Player

SCENARIO = settings.BASE_DIR / "demo" / "scenario.jsonl"
PASSWORD = "northlight"  # noqa: S105 (printed at every start of the demo: no secret)


class DemoError(Exception):
    """The demo does not go as it is written."""


@transaction.atomic
def load(*, now: datetime) -> int:
    """Play the demo; return how many incidents it has, 0 if there are customers already."""
    set_scope(staff=True)
    if Customer.objects.exists():
        return 0
    player = Player(today=now.date(), password=PASSWORD)
    with SCENARIO.open(encoding="utf-8") as file:
        player.play(read(file, now=now))
    if player.refused:
        raise DemoError(f"The rules refused lines {player.refused} of the demo.")
    keep_registers(at=now)
    return len(player.incidents)


def people() -> list[User]:
    """Return the demo's people who can sign in, staff first; none if the demo is not loaded."""
    emails = list(_emails())
    return sorted(
        User.objects.filter(email__in=emails, is_active=True).select_related("customer", "office"),
        key=lambda user: (user.is_contact, emails.index(user.email)),
    )


def _emails() -> Iterator[str]:
    with SCENARIO.open(encoding="utf-8") as file:
        for line in file:
            fields: dict[str, Any] = json.loads(line)
            if fields["do"] == "staff":
                yield fields["email"]
            for contact in fields.get("contacts", []):
                yield contact["email"]
