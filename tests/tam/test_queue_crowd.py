"""The queue with a hundred thousand incidents, thirty thousand of them open."""

import gzip
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.crowd import fill
from msa import clock
from msa.management.commands.migrate import become_application, become_owner
from tam.queries.queue_version import _STAMP, Stamp
from tests.conftest import MONDAY_NINE, see_everything
from tests.tam.test_queue import (
    MINUTE,
    OF_MIDDLEWARE,
    OF_THE_CLIENT,
    OF_THE_SHELL,
    attribute,
    references,
)

pytestmark = pytest.mark.django_db

INCIDENTS = 100_000
PAGE_LIMIT_BYTES = 60 * 1024

# Of the page: stamp, figures, listed, whose turn it is (3), rows with their clocks (2), answered in
# time, preference, views, people, teams, last act.
OF_THE_PAGE = 14 + OF_THE_SHELL
OF_A_SEARCH = OF_THE_PAGE + 1  # the figures of what the filters leave


@pytest.mark.django_db(transaction=True)  # whose rows are truncated: rolled back, they lie about
def test_a_hundred_thousand_incidents(cast, signed_in):
    at = MONDAY_NINE + MINUTE * 60 * 24 * 30
    fill(cast.certificate, incidents=INCIDENTS, at=at)
    count_the_crowd()
    hanna = signed_in(cast.hanna)
    at += 2 * MINUTE

    page, queries = asked(hanna, "/queue/", at)
    assert len(references(page)) == 50
    assert re.findall(r'kpi-value">([\d]+)', page.content.decode())[0] == "30000"
    assert len(queries) == OF_MIDDLEWARE + OF_THE_PAGE + OF_THE_CLIENT
    assert len(gzip.compress(page.content, 6)) < PAGE_LIMIT_BYTES

    poll = f"/queue/rows/?v={attribute(page, 'data-version')}"
    unchanged, queries = asked(hanna, poll, at)
    assert unchanged.status_code == 204
    assert len(queries) == OF_MIDDLEWARE + 1 + OF_THE_CLIENT
    assert tables_scanned() == []

    found, queries = asked(hanna, "/queue/?q=console+Customer+17", at)
    assert len(queries) == OF_MIDDLEWARE + OF_A_SEARCH + OF_THE_CLIENT
    assert len(references(found)) == 50

    deep, queries = asked(hanna, "/queue/?page=100", at)
    assert len(references(deep)) == 50
    assert len(queries) == OF_MIDDLEWARE + OF_THE_PAGE + OF_THE_CLIENT


def count_the_crowd():
    """Let the database plan for what there is, as its own upkeep does in time."""
    become_owner(connection)
    with connection.cursor() as cursor:
        cursor.execute("analyze incidents_incident, incidents_clock, incidents_journalentry")
    become_application(connection)
    see_everything()


def asked(client, address, at):
    with clock.at(at), CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    return response, captured.captured_queries


def tables_scanned() -> list[str]:
    """Return the tables that the poll's question reads other than by an index."""
    with connection.cursor() as cursor:
        cursor.execute(f"explain (format json) {_STAMP}")
        (plan,) = cursor.fetchone()
    found = json.loads(plan) if isinstance(plan, str) else plan
    kinds = re.findall(r"'Node Type': '([\w ]+ Scan)'.*?'Relation Name': '(\w+)'", str(found))
    return [table for kind, table in kinds if not kind.startswith("Index")]


@pytest.mark.parametrize(
    ("written_ago", "is_quiet", "settled"),
    [
        (timedelta(seconds=1), False, False),
        (timedelta(seconds=59), False, False),
        (timedelta(seconds=60), False, True),
        (timedelta(seconds=1), True, True),
    ],
)
def test_an_entry_just_written_leaves_doubt_only_while_somebody_else_writes(
    written_ago, is_quiet, settled
):
    stamp = Stamp(7, 0, MONDAY_NINE - written_ago, is_quiet)
    assert stamp.is_settled(MONDAY_NINE) is settled
