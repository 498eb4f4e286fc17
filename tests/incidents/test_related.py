"""Incidents that belong together, and those that look alike."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Refused
from accounts.models import Product
from incidents.actions import answering, responding
from incidents.actions.handing import hand_over
from incidents.actions.relating import relate, unrelate
from incidents.models import Relation
from incidents.queries.related import look_alikes, related_to
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LATER = MONDAY_NINE + timedelta(hours=1)


@pytest.fixture
def pair(cast):
    return cast.file(title="Scans stop half-way"), cast.file(title="Updates fail")


def told(incident):
    kinds = incident.journal.filter(kind__in=["related", "unrelated"]).order_by("number")
    return [(entry.kind, entry.actor.name, entry.data) for entry in kinds]


def page(signed_in, who, incident, at=LATER):
    with clock.at(at):
        return signed_in(who).get(f"/incidents/{incident.reference}/relations/")


def send(signed_in, who, incident, reference, at=LATER):
    with clock.at(at):
        return signed_in(who).post(
            f"/incidents/{incident.reference}/relations/", {"reference": reference}
        )


def test_both_tell_and_it_stands_once(cast, pair):
    first, second = pair
    relate(incident=second, other=first, actor=cast.tom, at=LATER)
    relate(incident=first, other=second, actor=cast.tess, at=LATER)

    relation = Relation.objects.get()
    assert (relation.incident, relation.other, relation.related_by) == (first, second, cast.tom)
    assert told(first) == [("related", "Tom", {"other": second.pk})]
    assert told(second) == [("related", "Tom", {"other": first.pk})]


def test_it_is_unsaid_once(cast, pair):
    first, second = pair
    relate(incident=first, other=second, actor=cast.tom, at=LATER)
    for _ in range(2):
        unrelate(incident=second, other=first, actor=cast.tom, at=LATER)
    assert Relation.objects.count() == 0
    assert [kind for kind, *_ in told(first)] == ["related", "unrelated"]


def test_closed_ones_are_related_too(cast, pair):
    first, second = pair
    answering.withdraw(incident=first, actor=cast.alice, text="", at=LATER)
    relate(incident=first, other=second, actor=cast.tom, at=LATER)
    assert related_to(second, cast.tom, LATER) == [first]


def test_neither_itself_nor_another_customers(cast, pair):
    first, _second = pair
    foreign = cast.file(by=cast.olga)
    with pytest.raises(Refused, match="This is the incident itself"):
        relate(incident=first, other=first, actor=cast.tom, at=LATER)
    with pytest.raises(Refused, match="Only incidents of one customer are related"):
        relate(incident=first, other=foreign, actor=cast.tom, at=LATER)


def test_only_what_one_sees_is_listed(cast, pair):
    first, second = pair
    hand_over(first, [cast.erik], MONDAY_NINE)
    relate(incident=first, other=second, actor=cast.tom, at=LATER)
    assert related_to(first, cast.tom, LATER) == [second]
    assert related_to(first, cast.erik, LATER) == []


def test_alike_are_product_and_category_or_words(cast):
    incident = cast.file(title="Scans stop half-way on servers")
    other_product = Product.objects.create(name="Northlight Mail")
    same_case = cast.file(title="Console is slow")
    words = cast.file("product-crash-or-loss", title="All SCANS stop on the SERVERS")
    unlike = cast.file("product-crash-or-loss", title="Licence expired")
    foreign = cast.file(by=cast.olga, title="Scans stop half-way on servers")
    assert {unlike.product, foreign.product} == {cast.product}
    assert other_product != cast.product

    assert look_alikes(incident, cast.tom, LATER) == [words, same_case]


@pytest.mark.parametrize(("days", "found"), [(364, True), (366, False)])
def test_solved_ones_look_alike_for_a_year(cast, days, found):
    solved = cast.file()
    responding.offer_solution(incident=solved, actor=cast.tom, text="Update.", at=LATER)
    answering.accept(incident=solved, actor=cast.alice, text="", at=LATER)
    incident = cast.file()
    assert look_alikes(incident, cast.tom, LATER + timedelta(days=days)) == (
        [solved] if found else []
    )


def test_withdrawn_and_related_ones_are_not_suggested(cast, pair):
    first, second = pair
    withdrawn = cast.file()
    answering.withdraw(incident=withdrawn, actor=cast.alice, text="", at=LATER)
    assert look_alikes(first, cast.tom, LATER) == [second]
    relate(incident=first, other=second, actor=cast.tom, at=LATER)
    assert look_alikes(first, cast.tom, LATER) == []


def test_the_page_relates_and_unrelates(cast, signed_in, pair):
    first, second = pair
    answer = send(signed_in, cast.tom, first, f" {second.reference.lower()} ")
    assert (answer.status_code, answer.url) == (302, f"/incidents/{first.reference}/relations/")
    assert second.reference in page(signed_in, cast.tom, first).content.decode()

    with clock.at(LATER):
        gone = signed_in(cast.tom).post(
            f"/incidents/{first.reference}/relations/{second.reference}/removal/"
        )
    assert gone.status_code == 302
    assert Relation.objects.count() == 0


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("", "This field is required."),
        ("INC-2026-999999", "There is no such incident."),
        ("itself", "This is the incident itself."),
        ("foreign", "Only incidents of one customer are related."),
    ],
)
def test_what_cannot_be_related_is_said(cast, signed_in, pair, reference, error):
    known = {"itself": pair[0], "foreign": cast.file(by=cast.olga)}
    typed = known[reference].reference if reference in known else reference
    answer = send(signed_in, cast.tom, pair[0], typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"reference": [error]}


def test_what_one_does_not_see_is_not_there(cast, signed_in, pair):
    first, second = pair
    hand_over(first, [cast.erik], MONDAY_NINE)
    answer = send(signed_in, cast.erik, first, second.reference)
    assert answer.context["form"].errors == {"reference": ["There is no such incident."]}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("tom", 200),
        ("dana", 200),
        ("hanna", 200),
        ("erik", 404),
        ("bruno", 404),
        ("alice", 404),
        ("ada", 403),
    ],
)
def test_who_relates(cast, signed_in, pair, name, status):
    assert page(signed_in, getattr(cast, name), pair[0]).status_code == status


def test_the_page_costs_the_same_however_many(cast, signed_in):
    incident = cast.file()
    counts = []
    for more in (1, 2):
        for _ in range(more):
            relate(incident=incident, other=cast.file(), actor=cast.tom, at=LATER)
            cast.file()
        with clock.at(LATER), CaptureQueriesContext(connection) as captured:
            signed_in(cast.tom).get(f"/incidents/{incident.reference}/relations/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
