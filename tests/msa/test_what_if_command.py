"""`manage.py what_if`: what it prints and writes, and what it refuses."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from msa import clock
from msa.scenarios.lines import read
from tests.conftest import see_everything
from tests.msa.month import NOW, Month, instant

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(cast):
    return Month(cast)


def test_prints_what_differs(month):
    assert run("--close", "2026-03-02", "--certificate", "MSA-1") == [
        "3 incidents, played until 2026-03-31 22:00:00 UTC.",
        "",
        "                            promised  kept   missed  still running"
        "  closed before it was due",
        "First response, severity 2  1         0 → 1  1 → 0   0              0",
        "First response, severity 3  1         1      0       0              0",
        "First response, severity 4  1         0      0       1              0",
        "",
        "Median response                3:00:00",
        "Slowest response               5:00:00",
        "On our side, in working time   396:00:00 → 379:00:00",
        "On our side, around the clock  1426:00:00",
        "",
        "Breaches gained: 0",
        "",
        "Breaches lost: 1",
        f"  {month.missed.reference}, severity 2, First response:"
        " due 2026-03-02 13:00:00 UTC, missed → due 2026-03-03 12:00:00 UTC, kept",
        "",
        "Otherwise different: 1",
        f"  {month.kept.reference}, severity 3, First response:"
        " due 2026-03-02 14:00:00 UTC, kept → due 2026-03-03 14:00:00 UTC, kept",
        "",
        "Played without the change, different from the record: 0",
    ]


def test_prints_json(month, tmp_path):
    targets = tmp_path / "targets.json"
    targets.write_text('{"3": {"response": {"minutes": 300, "unit": "elapsed"}}}')
    (line,) = run("--json", "--targets", str(targets))
    found = json.loads(line)
    assert found["before"]["responses"] == {
        "2": {"missed": 1},
        "3": {"kept": 2},
        "4": {"running": 1},
    }
    assert found["after"]["responses"]["3"] == {"kept": 1, "missed": 1}
    assert found["gained"] == found["differences"][-1:]
    assert found["gained"] == [
        {
            "incident": month.tight.reference,
            "severity": 3,
            "kind": "response",
            "before": {
                "due_at": "2026-03-02T16:00:00Z",
                "met_at": "2026-03-02T16:00:00Z",
                "breached_at": None,
                "verdict": "kept",
            },
            "after": {
                "due_at": "2026-03-02T15:00:00Z",
                "met_at": "2026-03-02T16:00:00Z",
                "breached_at": "2026-03-02T15:00:00Z",
                "verdict": "missed",
            },
        }
    ]


@pytest.mark.usefixtures("month")
def test_writes_the_period_as_a_scenario(tmp_path):
    path = tmp_path / "march.jsonl"
    run("--export", str(path))
    lines = read(path.read_text("utf-8").splitlines(), now=NOW)
    assert [line.do for line in lines if line.at] == [
        *("file", "file", "respond", "file", "respond", "respond", "file", "end")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--office", "Rome"], "There is no office “Rome”; there are: Paris."),
        (["--certificate", "X"], "There is no certificate “X”; there are: MSA-1, MSA-2."),
        (["--close", "tomorrow"], "“tomorrow” is no date; write it such as 2026-07-14."),
        (
            ["--open", "2026-03-01"],
            "2026-03-01 falls on a weekday without hours; say with which hours it would be open.",
        ),
        (
            ["--open", "2026-03-01=9-8"],
            "“9-8” does not open before it closes on the same day; a night shift is two"
            " windows, up to 24:00 and from 00:00.",
        ),
        (
            ["--week", "monday 9-5"],
            "“monday 9-5” is no weekly hours; write them such as"
            " mon-thu 09:00-18:00; fri 09:00-13:00.",
        ),
        (["--calendar", "gone.json"], "gone.json: cannot be read: No such file or directory"),
        (["--until", "2026-02-01"], "--until 2026-02-01 lies before --from 2026-03-01."),
        (["--from", "March"], "“March” is no date; write it such as 2026-07-14."),
        (["--from", ""], "--from: expected one date, such as 2026-07-01."),
    ],
)
def test_refuses_what_it_cannot_read(cast, arguments, message):
    cast.file(at=instant("2026-03-02T08:00"))
    with pytest.raises(CommandError) as refusal:
        run(*arguments)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--calendar", "[]", "expected an object with keys and values"),
        (
            "--calendar",
            '{"timezone": "Mars", "week": {}}',
            "timezone: expected the name of a time zone, such as Europe/Paris.",
        ),
        (
            "--calendar",
            "{",
            "expected JSON: Expecting property name enclosed in double quotes:"
            " line 1 column 2 (char 1)",
        ),
        ("--targets", "{}", "expected a severity from 1 to 4 with what it would be promised"),
        (
            "--targets",
            '{"3": {"response": {"minutes": 0, "unit": "working"}}}',
            "3.response.minutes: expected a whole number of minutes above 0, found 0",
        ),
        (
            "--targets",
            '{"3": {"further": {"update": {"minutes": 9, "unit": "days"}}}}',
            '3.further.update.unit: expected "elapsed" or "working", found "days"',
        ),
        (
            "--targets",
            '{"5": {}}',
            "5: unknown key; expected one of 1, 2, 3, 4",
        ),
        (
            "--targets",
            '{"3": {"call_required": "yes"}}',
            '3.call_required: expected true or false, found "yes"',
        ),
    ],
)
def test_names_file_and_key_of_what_is_wrong(tmp_path, option, content, message):
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(CommandError) as refusal:
        run(option, str(path))
    assert str(refusal.value) == f"{path}: {message}"


def run(*arguments):
    """Run the command on March, at the start of April."""
    out = StringIO()
    period = ["--from", "2026-03-01", "--until", "2026-03-31"]
    with clock.at(NOW):
        call_command("what_if", *period, *arguments, stdout=out)
    see_everything()
    return out.getvalue().splitlines()
