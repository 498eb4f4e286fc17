"""A contact's list: searched, narrowed, ordered and paged, for them alone."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import answering, responding
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOON = MONDAY_NINE + 3 * HOUR


def page(signed_in, person, at=NOON, **query):
    with clock.at(at):
        return signed_in(person).get("/incidents/", query)


def titles(response) -> list[str]:
    return [line.row.incident.title for line in response.context["lines"]]


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.fixture
def four(cast):
    ours = cast.file("product-malfunction", title="ours")
    yours = cast.file("product-network-down", title="yours", at=MONDAY_NINE + HOUR)
    closed = cast.file("service-information", title="closed", at=MONDAY_NINE + 2 * HOUR)
    cast.file(title="of Bob", by=cast.bob, at=NOON - HOUR / 2)
    cast.file(title="of Globex", by=cast.olga)
    responding.ask_customer(
        incident=yours, actor=cast.tom, text="Which database?", at=NOON - HOUR / 3
    )
    answering.withdraw(incident=closed, actor=cast.alice, text="", at=NOON - HOUR / 4)
    return ours, yours, closed


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["closed", "yours", "of Bob", "ours"]),
        ({"turn": "yours"}, ["yours"]),
        ({"turn": "ours"}, ["of Bob", "ours"]),
        ({"turn": "closed"}, ["closed"]),
        ({"severity": "1"}, ["yours"]),
        ({"whose": "mine"}, ["closed", "yours", "ours"]),
        ({"certificate": "MSA-1"}, ["closed", "yours", "of Bob", "ours"]),
        ({"q": "databases"}, ["yours"]),
        ({"q": "inc 1"}, ["ours"]),
        ({"q": "nothing like it"}, []),
        ({"since": "2026-03-02", "until": "2026-03-02"}, ["closed", "yours", "of Bob", "ours"]),
        ({"since": "2026-03-03"}, []),
        ({"until": "2026-03-01"}, []),
        ({"sort": "oldest"}, ["ours", "yours", "closed", "of Bob"]),
        ({"sort": "received"}, ["of Bob", "closed", "yours", "ours"]),
        ({"sort": "severity", "whose": "mine"}, ["yours", "ours", "closed"]),
        ({"q": "every morning", "turn": "ours", "whose": "mine"}, ["ours"]),
    ],
)
def test_the_list_is_narrowed_by_its_address(cast, signed_in, four, query, expected):
    assert titles(page(signed_in, cast.alice, **query)) == expected


def test_a_product_narrows(cast, signed_in, four):
    assert len(titles(page(signed_in, cast.alice, product=cast.product.pk))) == 4


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "The period ends before it begins."),
        ({"certificate": "MSA-2"}, "MSA-2 is not one of the available choices."),
        ({"severity": "9"}, "9 is not one of the available choices."),
        ({"turn": "nobody"}, "nobody is not one of the available choices."),
    ],
)
def test_what_is_not_understood_narrows_nothing_and_says_so(cast, signed_in, four, query, message):
    response = page(signed_in, cast.alice, **query)
    assert response.status_code == 200
    assert message in words(response)


@pytest.mark.parametrize(
    "query",
    [
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"page": "99"},
        {"page": "x"},
        {"sort": "x"},
    ],
)
def test_the_ends_of_time_and_of_the_list(cast, signed_in, four, query):
    assert len(titles(page(signed_in, cast.alice, **query))) == 4


def test_each_line_says_whose_move_it_is(cast, signed_in, four):
    shown = words(page(signed_in, cast.alice))
    assert "Waiting for you We asked you Closes without a reply on 12:40 · 2 Apr" not in shown
    assert "Waiting for you We asked you Closes without a reply on" in shown
    assert "Waiting for us Received answer by" in shown
    assert "Closed Withdrawn closed 15 minutes ago" in shown


def test_an_empty_list_helps(cast, signed_in):
    assert "What you file stands here" in words(page(signed_in, cast.alice))
    assert "Try fewer words, or take a filter away." in words(page(signed_in, cast.alice, q="x"))


def test_a_new_message_is_marked(cast, signed_in, four):
    shown = page(signed_in, cast.alice)
    assert [line.row.incident.title for line in shown.context["lines"] if line.is_new] == ["yours"]
    assert [line.is_new for line in page(signed_in, cast.bob).context["lines"]] == [False] * 4


@pytest.mark.parametrize("person", ["tom", "erik", "dana", "hanna", "bruno", "ada"])
def test_staff_keep_the_queue(cast, signed_in, person):
    response = page(signed_in, getattr(cast, person))
    assert (response.status_code, response["Location"]) == (302, "/queue/")


def test_pages_of_twenty_five(cast, signed_in):
    for number in range(27):
        cast.file(title=f"number {number}")
    assert len(titles(page(signed_in, cast.alice))) == 25
    assert len(titles(page(signed_in, cast.alice, page=2, q="number"))) == 2


def test_as_many_queries_for_three_as_for_one(cast, signed_in):
    counts = []
    for _ in range(2):
        cast.file()
        cast.file()
        with CaptureQueriesContext(connection) as queries:
            assert page(signed_in, cast.alice, q="morning").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_home_leads_here(cast, signed_in):
    with clock.at(NOON):
        assert 'href="/incidents/"' in signed_in(cast.alice).get("/").content.decode()
