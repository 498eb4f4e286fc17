"""The program that a third party checks evidence with, against every life and every forgery."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from incidents.evidence.document import as_file, evidence_of
from msa.scenarios.lines import ScenarioError
from tests.conftest import load_shipped_data, see_everything
from tests.incidents.evidence_cases import CHECKER, checker, differences, lived, play
from tests.model.lives import random_life

EXAMPLES = Path(__file__).parents[1] / "data" / "example-scenarios.jsonl"
SCENARIOS = [json.loads(line)["scenario"] for line in EXAMPLES.read_text().splitlines()]

PARTS = (
    "as_of",
    "calendars",
    "certificate",
    "clocks",
    "events",
    "format",
    "head",
    "incident",
    "office",
    "people",
    "programme",
    "recorded_until",
    "sides",
    "targets",
    "vendor",
    "version",
)

# What rests on the vendor's word (docs/evidence.md): no event's hash covers it.
UNPROVEN = re.compile(
    r"certificate\.(issued_at|version)"
    r"|certificate\.printed\.(contacts|customer|deputy|office|products|promises|tam)\b.*"
    r"|certificate\.printed\.(timezone|valid_\w+|week)\b.*"
    r"|events\.\d+\.message\.files\.\d+\.(name|size_bytes)"
    r"|incident\.(author|customer\.name|product|product_version|reference|title)"
    r"|office\.name"
    r"|recorded_until"  # may be a withheld event's
    r"|people\.\d+\.(name|role|side)"
    r"|targets\.(?!response\.3\.call_required).*"  # the call that it had to wait for
    r"|vendor"
)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [6, 18, 27])
def test_it_accepts_what_the_examples_lead_to(number):
    for key, incident in play(SCENARIOS[number]).items():
        assert (key, differences(evidence_of(incident))) == (key, [])


@pytest.mark.django_db
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 2**32 - 1))
def test_it_accepts_a_random_life(seed):
    with transaction.atomic():
        try:
            incidents = play(random_life(Random(seed), 20), rehearsal=True)
        except ScenarioError:
            incidents = {}
        found = {key: differences(evidence_of(incident)) for key, incident in incidents.items()}
        transaction.set_rollback(True)
    assert {key: lines for key, lines in found.items() if lines} == {}


@pytest.mark.django_db
def test_it_accepts_a_life_with_all_kinds_of_clocks():
    evidence = evidence_of(lived())

    assert differences(evidence) == []
    assert [(clock["kind"], clock["verdict"]) for clock in evidence["clocks"]] == [
        ("response", "missed"),
        ("workaround", "missed"),
        ("resolution", "kept"),
        ("resolution", "running"),
        ("update", "kept"),
        ("next_response", "missed"),
        ("update", "kept"),
        ("next_response", "kept"),
        ("update", "kept"),
        ("update", "missed"),
        ("update", "kept"),
        ("next_response", "kept"),
        ("update", "ended"),
        ("update", "kept"),
        ("next_response", "kept"),
        ("update", "running"),
    ]


@pytest.fixture(scope="module")
def forging(django_db_setup, django_db_blocker) -> Any:
    """The evidence of a full life, as read from its file; played once for all parts."""
    with django_db_blocker.unblock(), transaction.atomic():
        see_everything()
        load_shipped_data()
        evidence = json.loads(as_file(evidence_of(lived())))
        transaction.set_rollback(True)
    return evidence


@pytest.mark.parametrize("part", PARTS)
def test_the_seal_shows_every_change_of_one_value(forging, part):
    accepted = [
        path for path in paths_in(forging[part], (part,)) if not forged(forging, path, ["the seal"])
    ]
    assert accepted == []


@pytest.mark.parametrize("part", PARTS)
def test_what_hashes_and_rules_prove_needs_no_seal(forging, part):
    names = [name for name, _check in checker.CHECKS if name != "the seal"]
    paths = [path for path in paths_in(forging[part], (part,)) if not unproven(path)]
    assert [path for path in paths if not forged(forging, path, names)] == []


def test_every_part_is_forged(forging):
    assert set(forging) == {*PARTS, "seal"}


def unproven(path: tuple[Any, ...]) -> bool:
    return UNPROVEN.fullmatch(".".join(map(str, path))) is not None


def paths_in(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each single value; of long lists of the same, the first two and the last."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_in(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            if path[-1] != "counted" or index in {0, 1, len(value) - 1}:
                yield from paths_in(inner, (*path, index))
    else:
        yield path


def forged(evidence: Any, path: tuple[Any, ...], names: list[str]) -> bool:
    """Change one value, and tell whether one of the checks shows it; change it back."""
    holder = evidence
    for key in path[:-1]:
        holder = holder[key]
    original, holder[path[-1]] = holder[path[-1]], another(holder[path[-1]])
    try:
        return any(any(check(evidence)) for name, check in checker.CHECKS if name in names)
    except (LookupError, TypeError, ValueError, AttributeError):
        return True  # `main` says that this is no evidence, and ends with 1
    finally:
        holder[path[-1]] = original


def another(value: Any) -> Any:
    """Return a value of the same sort that differs: an instant stays an instant."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if re.fullmatch(r"\d{4}-.*T.*", value):
            return f"{value[:15]}{'1' if value[15] != '1' else '2'}{value[16:]}"
        case str() if re.fullmatch(r"\d\d:\d\d", value):
            return f"{value[:4]}1"
        case str():
            return f"{value[:-1]}{'0' if value[-1:] != '0' else '1'}"
        case None:
            return "2026-03-27T15:00:00+00:00"
        case _:
            return ["0"]


def test_by_itself_it_needs_the_standard_library_only():
    tree = ast.parse(CHECKER.read_text())
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else _names(node))
    }
    assert imported == {
        "datetime",
        "functools",
        "hashlib",
        "hmac",
        "json",
        "pathlib",
        "sys",
        "zoneinfo",
    }


def _names(node: ast.Import) -> list[str]:
    return [alias.name for alias in node.names]


def run(*arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-I", CHECKER, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.django_db
def test_it_says_what_it_checked(cast, tmp_path):
    file = tmp_path / "evidence.json"
    file.write_bytes(as_file(evidence_of(cast.file())))

    assert run(str(file)) == (
        0,
        [
            "ok    the format",
            "ok    the seal",
            "ok    the chain of events",
            "ok    the texts and files",
            "ok    the calendars",
            "ok    the facts of the incident",
            "ok    the sides and their times",
            "ok    the clocks as the events tell of them",
            "ok    the clocks: due times, sums, verdicts",
            "response: running; used 0:00:00 of 4:00:00, due 2026-03-02T12:00:00+00:00",
            "Everything agrees.",
        ],
    )


@pytest.mark.django_db
def test_it_names_what_differs(cast, tmp_path):
    evidence = evidence_of(cast.file())
    evidence["clocks"][0]["due_at"] = "2026-03-02T13:00:00+00:00"
    file = tmp_path / "evidence.json"
    file.write_bytes(as_file(evidence))

    code, lines = run(str(file))

    assert code == 1
    assert lines[1:3] == ["WRONG the seal", "      the content does not have the seal's digest"]
    assert lines[-1] == "3 differences."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        ("{}", "KeyError: 'format'"),
        ("[]", "TypeError: list indices must be integers or slices, not str"),
        ("[" * 100_000, "RecursionError: maximum recursion depth exceeded while decoding"),
    ],
)
def test_what_is_no_evidence_is_rejected(tmp_path, content, message):
    file = tmp_path / "evidence.json"
    file.write_text(content)
    code, lines = run(str(file))
    assert code == 1
    assert lines[-1].startswith(f"This is no evidence that can be read: {message}")


def test_without_a_file_it_says_how_it_is_used():
    code, lines = run()
    assert (code, lines[0]) == (
        2,
        "Check an evidence file without the program that made it: python3 check_evidence.py FILE.",
    )
