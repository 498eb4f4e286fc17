"""Play a life with the product and with the model; make a life that differs small."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from msa.scenarios.lines import checked
from msa.scenarios.player import Player
from msa.scenarios.report import report
from tests.model.desk import report_of

Scenario = list[dict[str, Any]]
NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)  # no line is relative to it


def played(scenario: Scenario, *, rehearsal: bool = True) -> dict[str, Any]:
    """Return the product's report; nothing stays, whether or not it was only rehearsed."""
    with transaction.atomic():
        player = Player(today=NOW.date(), rehearsal=rehearsal)
        player.play(checked(scenario, now=NOW))
        result = report(player)
        transaction.set_rollback(True)
    return result


def difference(scenario: Scenario, *, rehearsal: bool = True) -> str:
    """Return "" where both report the same or the model cannot read the scenario.

    Else what kind of difference it is: "report", or the name of the error that ended the play.
    """
    try:
        expected = report_of(scenario)
    except KeyError:
        return ""
    try:
        return "" if played(scenario, rehearsal=rehearsal) == expected else "report"
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what we look for)
        return type(error).__name__


def told(scenario: Scenario, *, rehearsal: bool = True) -> str:
    """Make a scenario that differs small; return it as JSON Lines, and what differs."""
    small = _smallest(scenario, rehearsal=rehearsal)
    lines = [json.dumps(line, ensure_ascii=False) for line in small]
    try:
        found = _differences(played(small, rehearsal=rehearsal), report_of(small))
    except Exception as error:  # noqa: BLE001  (the same)
        found = [f"{type(error).__name__}: {error}"]
    return "\n".join([*lines, "", *found])


def _smallest(scenario: Scenario, *, rehearsal: bool) -> Scenario:
    """Leave lines out, many at once and then one by one, as long as it differs the same way."""
    wanted = difference(scenario, rehearsal=rehearsal)
    step = max(len(scenario) // 2, 1)
    while step:
        at = len(scenario)
        while at > 0:
            fewer = scenario[: max(at - step, 0)] + scenario[at:]
            if difference(fewer, rehearsal=rehearsal) == wanted:
                scenario = fewer
            at -= step
        step //= 2
    return scenario


def _differences(product: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    found = []
    if product["refused"] != model["refused"]:
        found.append(f"refused: product {product['refused']}, model {model['refused']}")
    theirs = _facts(product)
    ours = _facts(model)
    return found + [
        f"{fact}: product {theirs.get(fact)}, model {ours.get(fact)}"
        for fact in sorted(theirs.keys() | ours.keys())
        if theirs.get(fact) != ours.get(fact)
    ]


def _facts(report: Mapping[str, Any]) -> dict[str, str]:
    facts = {}
    for incident in report["incidents"]:
        for name, value in incident.items():
            parts = value if name == "clocks" else [value]
            for number, part in enumerate(parts):
                facts[f"{incident['incident']} {name} {number}"] = json.dumps(part)
    return facts
