"""How long a thousand scenarios of thirty acts take.

    make bench

They are made by chance from a fixed seed: incidents of every severity, answered, asked, escalated,
missed and closed, with hours and nights between the acts. Every line is an act, those that set the
stage among them. They run through `manage.py play --batch` on an embedded PostgreSQL of their own.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

from bench.desk import prepared_desk

SCENARIOS = 1000
ACTS = 30
SEED = 1
LONGEST_PAUSE_MINUTES = 9 * 60

OFFICE_DAYS = ("mon", "tue", "wed", "thu", "fri")
SETTING: list[dict[str, Any]] = [
    {
        "do": "office",
        "key": "paris",
        "name": "Paris",
        "calendar": {
            "timezone": "Europe/Paris",
            "week": {day: [["09:00", "18:00"]] for day in OFFICE_DAYS},
            "closed": ["2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25"],
        },
    },
    *(
        {"do": "staff", "key": role, "role": role, "office": "paris"}
        for role in ("tam", "engineer", "duty_manager", "team_head", "business_manager")
    ),
    {"do": "customer", "key": "acme", "name": "Acme"},
    {
        "do": "certificate",
        "key": "c1",
        "customer": "acme",
        "programme": "msa-enterprise-fr-2022",
        "office": "paris",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": "tam",
        "contacts": [
            {"key": "alice", "name": "Alice", "email": "alice@acme.example"},
            {"key": "bob", "name": "Bob", "email": "bob@acme.example"},
        ],
    },
]
CATEGORIES = ("product-network-down", "product-malfunction", "product-partial", "product-other")
BY_STAFF = ("respond", "ask", "offer_solution", "record_workaround", "take_back")
BY_CONTACTS = ("answer", "accept", "decline", "escalate", "reopen", "withdraw")


def main() -> None:
    with (
        tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file,
        prepared_desk(demo=False) as run,
    ):
        file.writelines(f"{json.dumps({'scenario': scenario})}\n" for scenario in scenarios())
        file.flush()
        began = perf_counter()
        play = ("manage.py", "play", "--batch", file.name, "--report", "-")
        played = run(*play, stdout=subprocess.PIPE)
        seconds = perf_counter() - began
    reports = [json.loads(line) for line in played.stdout.splitlines()]
    refused = sum(len(report["refused"]) for report in reports)
    print(
        f"{len(reports)} scenarios of {ACTS} acts, {refused / len(reports):.1f} of them refused:"
        f" {seconds:.0f} s, {seconds / len(reports) * 1000:.0f} ms each, on {os.cpu_count()} cores"
    )


def scenarios() -> Iterator[list[dict[str, Any]]]:
    for number in range(SCENARIOS):
        yield [*SETTING, *acts(Random(SEED * SCENARIOS + number))]


def acts(random: Random) -> Iterator[dict[str, Any]]:
    at = datetime(2026, 4, 27, 7, tzinfo=UTC)
    filed = 0
    for _ in range(ACTS - len(SETTING)):
        at += timedelta(minutes=random.randrange(1, LONGEST_PAUSE_MINUTES))
        line: dict[str, Any] = {"at": at.isoformat()}
        kind = random.randrange(10) if filed else 0
        if kind <= 1:
            filed += 1
            line |= {"do": "file", "key": f"i{filed}", "by": "alice", "certificate": "c1"}
            line |= {"category": random.choice(CATEGORIES), "title": "Scans stop", "text": "Why?"}
            yield line
            continue
        line |= {"incident": f"i{random.randint(1, filed)}", "text": "Please see below."}
        if kind <= 5:
            line |= {"do": random.choice(BY_STAFF), "by": "tam"}
        elif kind <= 8:
            line |= {"do": random.choice(BY_CONTACTS), "by": random.choice(("alice", "bob"))}
        else:
            line |= {"do": "change_severity", "by": "tam", "severity": random.randint(1, 4)}
        yield line


if __name__ == "__main__":
    main()
