"""What lies with one's teams."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from incidents.actions import answering
from msa import clock
from tam.actions.assignment import assign, give_to_team, take
from tam.queries.inbox import count_for, inbox_of
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LATER = MONDAY_NINE + timedelta(hours=1)


@pytest.fixture
def lab(cast):
    team = Team.objects.create(name="Lab")
    team.members.add(cast.erik)
    return team


def handed(cast, lab, title, category="product-malfunction", at=MONDAY_NINE):
    incident = cast.file(category, at, title=title)
    give_to_team(incident=incident, actor=cast.tom, team=lab, at=at)
    return incident


def look(signed_in, who):
    with clock.at(LATER):
        return signed_in(who).get("/inbox/")


def rows(user):
    inbox = inbox_of(user, LATER)
    return [
        (row.incident.title, [str(handing.team) for handing in row.handings], row.holder)
        for row in inbox.rows
    ]


def test_unassigned_first_then_as_in_the_queue(cast, lab):
    taken = handed(cast, lab, "Taken", "product-network-down")
    handed(cast, lab, "Less", "product-malfunction")
    handed(cast, lab, "More", "product-network-down")
    take(incident=taken, actor=cast.erik, at=LATER)

    assert rows(cast.erik) == [
        ("More", ["Lab"], None),
        ("Less", ["Lab"], None),
        ("Taken", ["Lab"], "Erik"),
    ]
    assert count_for(cast.erik) == 2


def test_only_open_ones_of_ones_own_teams(cast, lab):
    other = Team.objects.create(name="Patches")
    handed(cast, other, "Theirs")
    assign(incident=cast.file(), actor=cast.tom, to=cast.erik, at=MONDAY_NINE)
    closed = handed(cast, lab, "Closed")
    answering.withdraw(incident=closed, actor=cast.alice, text="", at=LATER)
    both = handed(cast, lab, "Both")
    other.members.add(cast.erik)
    give_to_team(incident=both, actor=cast.tom, team=other, at=LATER)

    assert rows(cast.erik) == [
        ("Theirs", ["Patches"], None),
        ("Both", ["Patches", "Lab"], None),
    ]
    assert (count_for(cast.erik), count_for(cast.tom)) == (2, 0)


@pytest.mark.parametrize("name", ["tom", "dana", "erik", "hanna", "bruno", "ada"])
def test_all_staff_have_one(cast, signed_in, name):
    answer = look(signed_in, getattr(cast, name))
    assert answer.status_code == 200
    assert "You are in no team" in answer.content.decode()


def test_contacts_have_none(cast, signed_in):
    assert look(signed_in, cast.alice).status_code == 404


def test_what_is_there_is_said(cast, lab, signed_in):
    empty = look(signed_in, cast.erik).content.decode()
    incident = handed(cast, lab, "Sample")
    full = look(signed_in, cast.erik).content.decode()

    assert "Nothing lies with your teams" in empty
    assert f'action="/incidents/{incident.reference}/assignment/take/"' in full
    assert "1 not taken yet" in full


def test_the_page_costs_the_same_however_much(cast, lab, signed_in):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            handed(cast, lab, "Sample")
        with CaptureQueriesContext(connection) as captured:
            look(signed_in, cast.erik)
        counts.append(len(captured))
    assert counts[0] == counts[1]
