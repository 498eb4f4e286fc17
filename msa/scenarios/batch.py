"""Rehearsing very many scenarios, a process for each core."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any

from django.db import connections

from msa import clock
from msa.scenarios.lines import checked
from msa.scenarios.stage import rehearse

AT_A_TIME = 200  # scenarios in hand: enough for every process, and few enough to hold in memory


def rehearse_all(scenarios: Iterable[object]) -> Iterator[dict[str, Any]]:
    """Yield the report of each scenario, in their order; raises `ScenarioError` of the first.

    Each is played alone and rolled back, in a process with a database connection of its own.
    """
    # What is forked must not share a connection with its parent.
    connections.close_all()
    waiting = iter(scenarios)
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as processes:
        while some := list(islice(waiting, AT_A_TIME)):
            yield from processes.map(_rehearse, some)


def _rehearse(scenario: object) -> dict[str, Any]:
    return rehearse(checked(scenario, now=clock.now()))
