"""What a team has to do: as a whole, by person only where the office says so, and planned."""

import re
from datetime import timedelta

import pytest

from accounts.actions.obligations import keep_registers
from accounts.models import Office
from incidents.actions.deadlines import sweep
from incidents.actions.responding import ask_customer
from msa import clock
from tam.actions.assignment import assign
from tam.models import Absence
from tam.queries.workload import load_by_person, planned_weeks, team_load
from tests.conftest import MONDAY_NINE, PARIS_WEEK, see_everything

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CRITICAL = "product-crash-or-loss"  # severity 1: half an hour
HIGH = "product-malfunction"  # severity 2: four hours


def words(response):
    main = response.content.decode().partition('<main id="main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def open_page(client, query=""):
    with clock.at(MONDAY_NINE):
        return client.get(f"/workload/{query}")


def test_the_team_as_a_whole(cast):
    cast.file(CRITICAL, MONDAY_NINE)
    cast.file(HIGH, MONDAY_NINE + HOUR, by=cast.olga)
    asked = cast.file(HIGH, MONDAY_NINE)
    ask_customer(incident=asked, actor=cast.tom, text="Which?", at=MONDAY_NINE + MINUTE)
    at = MONDAY_NINE + HOUR
    sweep(at=at)
    load = team_load(cast.office, at)
    assert (load.open, load.ours, load.due_today, load.overdue) == (3, 2, 1, 1)
    assert load.by_severity == [(1, 1), (2, 1), (3, 0), (4, 0)]


def test_by_person_it_is_whom_it_was_assigned_to_else_the_tam(cast):
    cast.file(HIGH, MONDAY_NINE)
    handed = cast.file(HIGH, MONDAY_NINE)
    assign(incident=handed, actor=cast.tom, to=cast.erik, at=MONDAY_NINE + MINUTE)
    found = load_by_person(cast.office, MONDAY_NINE + HOUR)
    assert [(row.person.name, row.load.open, row.load.ours) for row in found] == [
        ("Erik", 1, 1),
        ("Tess", 0, 0),
        ("Tom", 1, 1),
    ]


def test_the_coming_weeks(cast):
    absences = [
        Absence.objects.create(person=person, starts_at=since, ends_at=until)
        for person, since, until in (
            (cast.tom, MONDAY_NINE + 6 * DAY, MONDAY_NINE + 8 * DAY),
            (cast.dana, MONDAY_NINE - DAY, MONDAY_NINE + HOUR),
            (cast.tess, MONDAY_NINE + 60 * DAY, MONDAY_NINE + 61 * DAY),
        )
    ]
    keep_registers(at=MONDAY_NINE + 40 * DAY)
    see_everything()
    weeks = planned_weeks(cast.office, MONDAY_NINE)
    assert [week.first_day.isoformat() for week in weeks] == [
        "2026-03-02",
        "2026-03-09",
        "2026-03-16",
        "2026-03-23",
        "2026-03-30",
        "2026-04-06",
    ]
    assert [(week.people_away, week.team) for week in weeks] == [(2, 5), (1, 5), *[(0, 5)] * 4]
    assert weeks[0].absences == [absences[1], absences[0]]
    later = planned_weeks(cast.office, MONDAY_NINE + 35 * DAY)
    due = [[str(owed) for owed in week.obligations] for week in later]
    assert due == [[], [], [], ["Quarterly report · 2026 Q1"] * 2, [], []]


@pytest.mark.parametrize(
    ("name", "status", "people_shown"),
    [
        ("tom", 200, False),
        ("hanna", 200, True),
        ("ada", 200, True),
        ("dana", 200, False),
        ("erik", 404, False),
        ("bruno", 404, False),
        ("alice", 404, False),
    ],
)
def test_who_sees_it_and_who_sees_people(cast, signed_in, name, status, people_shown):
    client = signed_in(getattr(cast, name))
    page = open_page(client)
    assert (page.status_code, "By person" in words(page)) == (status, False)
    Office.objects.update(workload_by_person=True)
    assert ("By person" in words(open_page(client))) is people_shown


def test_administrators_choose_the_office_and_others_have_their_own(cast, signed_in):
    lyon = Office.objects.create(name="Lyon", timezone="Europe/Paris", week=PARIS_WEEK)
    ada, tom = signed_in(cast.ada), signed_in(cast.tom)
    assert "Workload Lyon" in words(open_page(ada))
    assert "Workload Paris" in words(open_page(ada, f"?office={cast.office.pk}"))
    assert "Workload Lyon" in words(open_page(ada, "?office=x"))
    assert "Workload Paris" in words(open_page(tom, f"?office={lyon.pk}"))


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same(cast, signed_in, count, django_assert_num_queries):
    Office.objects.update(workload_by_person=True)
    for person in (cast.tom, cast.tess, cast.dana)[:count]:
        cast.file(HIGH, MONDAY_NINE)
        Absence.objects.create(person=person, starts_at=MONDAY_NINE, ends_at=MONDAY_NINE + DAY)
    client = signed_in(cast.hanna)
    # The middleware's, the sidebar's and the tests' client's; the office, the load, the load and
    # the people, and three of the plan.
    with django_assert_num_queries(7 + 7):
        assert open_page(client).status_code == 200


def test_a_week_without_anything_is_one_line(cast, signed_in):
    Absence.objects.create(
        person=cast.tom, starts_at=MONDAY_NINE + DAY, ends_at=MONDAY_NINE + 2 * DAY
    )
    page = words(open_page(signed_in(cast.tom)))
    assert page.count("Nobody is away, and nothing is due.") == 5
    assert page.count("Due to customers") == 1
