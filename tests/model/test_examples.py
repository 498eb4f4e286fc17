"""The model must know the thirty examples by itself before it may judge the product."""

import json
from pathlib import Path

import pytest

from tests.model.desk import report_of

EXAMPLES = Path(__file__).parents[1] / "data" / "example-scenarios.jsonl"


@pytest.mark.parametrize("number", range(30))
def test_example(number):
    example = json.loads(EXAMPLES.read_text().splitlines()[number])
    assert report_of(example["scenario"]) == example["expect"]
