"""Specialist teams as administrators keep them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from msa import clock
from tam.actions.assignment import give_to_team
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/team/"


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def form(**typed):
    return {"name": "Lab", "field": "lab", "office": "", "email": "", "is_active": "on"} | typed


def errors_of(answer):
    assert answer.status_code == 200
    return {key: list(value) for key, value in answer.context["adminform"].form.errors.items()}


def test_a_team_is_kept_with_its_members(cast, admin):
    answer = admin.post(f"{LIST}add/", form(members=[cast.erik.pk, cast.tom.pk]))
    assert answer.status_code == 302
    team = Team.objects.get()
    assert (team.name, team.field, team.is_active) == ("Lab", "lab", True)
    assert list(team.members.order_by("name")) == [cast.erik, cast.tom]


@pytest.mark.parametrize("name", ["alice", "bruno", "ada"])
def test_members_work_on_incidents(cast, admin, name):
    person = getattr(cast, name)
    answer = admin.post(f"{LIST}add/", form(members=[person.pk]))
    assert errors_of(answer) == {
        "members": [f"Select a valid choice. {person.pk} is not one of the available choices."]
    }


@pytest.mark.parametrize(
    ("typed", "status"),
    [({}, 200), ({"email": "lab@northlight.example"}, 302), ({"is_active": ""}, 302)],
)
def test_somebody_reads_what_is_handed_to_it(admin, typed, status):
    answer = admin.post(f"{LIST}add/", form(**typed))
    assert answer.status_code == status
    if status == 200:
        assert errors_of(answer) == {
            "members": ["A team that takes incidents needs members, or an address that is read."]
        }


def test_a_team_that_has_had_an_incident_stays(cast, admin):
    team = Team.objects.create(name="Lab")
    give_to_team(incident=cast.file(), actor=cast.tom, team=team, at=MONDAY_NINE)
    answer = admin.post(f"{LIST}{team.pk}/delete/", {"post": "yes"}, follow=True)
    assert Team.objects.get() == team
    assert "Clear “takes incidents” instead." in answer.content.decode()


def test_the_list_costs_the_same_however_many(cast, admin):
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            Team.objects.create(name=name, office=cast.office).members.add(cast.erik)
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(LIST).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
