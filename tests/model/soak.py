"""Compare the product with the model over very many random lives.

    python -m tests.model.soak --cases 1000 --seed 1

Prints each life that differs, made small, as JSON Lines that `manage.py play` reads, with what
differs below it; stops after a few and exits with 1.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

ACTS = 28  # in a life: some twenty lines of agreements stand before them
LIVES_PER_LINE = 100  # of progress: one every minute or so


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the product with the model.")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first life; they count up")
    parser.add_argument("--differences", type=int, default=1, help="to stop after")
    options = parser.parse_args()
    with database():
        return compared(options.cases, options.seed, options.differences)


@contextmanager
def database() -> Iterator[None]:
    """Start stores as the tests do, with the shipped programmes in them, and end them again."""
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import setup_databases

    from msa.management.commands.migrate import become_application, become_owner
    from tests.conftest import load_shipped_data
    from tests.stores import discard

    stores = settings.STORES
    stores.layout.create()
    stores.start()
    try:
        become_owner(connection)
        setup_databases(verbosity=0, interactive=False)
        become_application(connection)
        load_shipped_data()
        yield
    finally:
        connection.close()
        discard(stores)


def compared(cases: int, first_seed: int, enough: int) -> int:
    from tests.model.compare import difference, told
    from tests.model.lives import random_life

    found = 0
    for done in range(cases):
        seed = first_seed + done
        scenario = random_life(Random(seed), ACTS)
        rehearsal = seed % 3 != 0  # the others with letters and the outbox, which takes longer
        if difference(scenario, rehearsal=rehearsal):
            found += 1
            say(f"Seed {seed}:\n{told(scenario, rehearsal=rehearsal)}\n")
            if found == enough:
                return 1
        if (done + 1) % LIVES_PER_LINE == 0:
            say(f"{done + 1} lives compared, {found} differ (seeds {first_seed} to {seed}).")
    say(f"{cases} lives compared, {found} differ.")
    return 1 if found else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
