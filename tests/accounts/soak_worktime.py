"""Compare working time with the minute walk over very many random cases.

    make soak

Stops at the first difference, prints what shows it again, and exits with 1.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from accounts.worktime import Calendar, due, elapsed, is_open, next_opening
from tests.accounts.minute_walk import Walk, random_instants, random_office

DAYS = 10  # watched before and after the date a place is known for
CASES_PER_OFFICE = 400  # enough to make the walk's cost small, few enough to see many offices
OFFICES_PER_LINE = 200  # of progress: one every minute or so


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare working time with the minute walk.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first office; they count up")
    options = parser.parse_args()
    done = 0
    zones: set[str] = set()
    for offices in count(start=1):
        seed = options.seed + offices - 1
        for case, ours, theirs in compared(seed):
            if ours != theirs:
                say(f"seed {seed}: {json.dumps(case)}\n  worktime {ours}\n  walk     {theirs}")
                return 1
            done += 1
            zones.add(case["office"]["timezone"])
            if done == options.cases:
                say(
                    f"{done} cases over {offices} offices in {len(zones)} time zones agree"
                    f" (seeds {options.seed} to {seed})."
                )
                return 0
        if offices % OFFICES_PER_LINE == 0:
            say(f"{done} cases over {offices} offices agree so far.")
    raise AssertionError("Counting has no end.")


def compared(seed: int) -> Iterator[tuple[dict[str, Any], object, object]]:
    """Yield cases of one random office, each with our answer and the walk's."""
    random = Random(seed)
    office, first, last = random_office(random, DAYS)
    walk = Walk(office, first, last)
    calendar = Calendar.from_data(office)
    for _ in range(CASES_PER_OFFICE):
        start, end = random_instants(random, first, last)
        case = {"office": office, "start": start.isoformat()}
        match random.randrange(5):
            case 0 | 1:
                seconds = random.choice((1, 1800, 14_400, 28_800, random.randrange(90_000)))
                expected = walk.due(start, seconds)
                if expected is None:
                    continue
                answer: object = due(calendar, start, timedelta(seconds=seconds))
                yield case | {"due_seconds": seconds}, answer, expected
            case 2:
                took = elapsed(calendar, start, end)
                expected_took = timedelta(seconds=walk.elapsed_seconds(start, end))
                yield case | {"end": end.isoformat()}, took, expected_took
            case 3:
                yield case | {"ask": "is_open"}, is_open(calendar, start), walk.is_open(start)
            case _:
                expected = walk.next_opening(start)
                if expected is not None:
                    yield case | {"ask": "next"}, next_opening(calendar, start), expected


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
