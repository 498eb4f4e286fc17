"""The example scenarios, each with the report that it must have."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msa.scenarios.lines import ScenarioError, checked, read
from msa.scenarios.player import Player
from msa.scenarios.report import report
from msa.scenarios.stage import rehearse

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = [
    json.loads(line) for line in (DATA / "example-scenarios.jsonl").read_text().splitlines()
]
NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)  # a Wednesday


def test_all_thirty_examples_are_there():
    assert len(EXAMPLES) == 30


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(30))
def test_example(number):
    example = EXAMPLES[number]
    assert rehearse(checked(example["scenario"], now=NOW)) == example["expect"]


@pytest.mark.django_db
@pytest.mark.parametrize("number", [3, 13, 23])
def test_an_example_played_for_good_with_its_letters(number):
    example = EXAMPLES[number]
    player = Player(today=NOW.date())
    player.play(checked(example["scenario"], now=NOW))
    assert report(player) == example["expect"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (["{"], "Line 1: not JSON: Expecting property name enclosed in double quotes"),
        (["[]"], "Line 1: expected a JSON object."),
        (["{}"], "Line 1: “do” is missing; it names the act."),
        (['{"do": "end", "at": "soon"}'], "Line 1: “at” is not an instant: soon"),
        (
            ['{"do": "end", "at": "2026-03-02T09:00:00"}'],
            "Line 1: “at” has no offset from UTC: 2026-03-02T09:00:00",
        ),
        (
            [
                '{"do": "end", "at": "2026-03-02T09:00:00Z"}',
                '{"do": "end", "at": "2026-03-02T08:59:59Z"}',
            ],
            "Line 2: time goes backwards; lines stand in order of “at”.",
        ),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(source, message):
    with pytest.raises(ScenarioError) as refusal:
        read(source, now=NOW)
    assert str(refusal.value).split(": line ")[0].startswith(message)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"do": "dance"}, "Line 1: “dance” is no act."),
        (
            {"do": "end"},
            "Line 1: “at” is missing; every act has an instant.",
        ),
        (
            {"do": "answer", "at": "2026-03-02T09:00:00Z", "incident": "i1", "by": "al"},
            "Line 1: “al” is not known as by.",
        ),
        ({"do": "staff", "key": "x", "role": "king"}, "Line 1: “king” is no role of staff."),
    ],
)
def test_an_act_that_cannot_be_understood_ends_the_play(line, message):
    with pytest.raises(ScenarioError) as refusal:
        Player(today=NOW.date()).play(checked([line], now=NOW))
    assert str(refusal.value) == message


def test_relative_instants_are_resolved_and_sorted():
    lines = read(
        [
            '{"do": "office", "key": "paris", "calendar": {"timezone": "Europe/Paris"}}',
            '{"do": "end", "at": "now-25m", "key": "last"}',
            '{"do": "end", "at": "day-3 09:42", "office": "paris", "key": "first"}',
            '{"do": "end", "at": "now-2d4h", "key": "second"}',
        ],
        now=NOW,
    )
    assert [(line.fields["key"], line.at) for line in lines[1:]] == [
        ("first", datetime(2026, 10, 30, 8, 42, tzinfo=UTC)),
        ("second", datetime(2026, 11, 2, 6, 0, tzinfo=UTC)),
        ("last", datetime(2026, 11, 4, 9, 35, tzinfo=UTC)),
    ]
