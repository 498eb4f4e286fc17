"""The panel beside an incident: whose it is, and what is known of the customer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from incidents.actions.handing import hand_over
from incidents.actions.relating import relate
from msa import clock
from tam.actions.assignment import assign, give_to_team, hand_back
from tam.actions.handling_notes import write_handling_note
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

LATER = MONDAY_NINE + timedelta(hours=1)
SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)


@pytest.fixture
def incident(cast):
    return cast.file()


def look(signed_in, who, incident, at=LATER, *, panel=True):
    headers = {"HX-Request": "true"} if panel else {}
    with clock.at(at):
        return signed_in(who).get(f"/incidents/{incident.reference}/desk/", headers=headers)


def words(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("tom", 200),
        ("tess", 200),
        ("dana", 200),
        ("hanna", 200),
        ("ada", 200),
        ("erik", 404),
        ("bruno", 404),
        ("alice", 404),
        ("olga", 404),
    ],
)
def test_who_sees_it(cast, signed_in, incident, name, status):
    assert look(signed_in, getattr(cast, name), incident).status_code == status


def test_a_page_of_its_own_without_a_script(cast, signed_in, incident):
    panel = look(signed_in, cast.tom, incident)
    page = look(signed_in, cast.tom, incident, panel=False)
    assert "<html" not in words(panel)
    assert "<html" in words(page)
    assert {panel.headers["Vary"], page.headers["Vary"]} == {page.headers["Vary"]}
    assert "HX-Request" in page.headers["Vary"]


def test_whose_it_is(cast, signed_in, incident):
    lab = Team.objects.create(name="Lab")
    nobody = words(look(signed_in, cast.tom, incident))
    assign(incident=incident, actor=cast.hanna, to=cast.erik, at=LATER)
    give_to_team(incident=incident, actor=cast.erik, team=lab, at=LATER)
    given = look(signed_in, cast.tom, incident)

    assert "Nobody in particular" in nobody
    assert given.context["hands"].holder.user == cast.erik
    assert [handing.team for handing in given.context["hands"].teams] == [lab]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tom", (True, True, True, False)),
        ("ada", (False, False, False, False)),
        ("erik", (False, False, True, True)),
    ],
)
def test_what_one_may_do(cast, signed_in, incident, name, expected):
    if name == "erik":
        hand_over(incident, [cast.erik], MONDAY_NINE)
    context = look(signed_in, getattr(cast, name), incident).context
    names = ("may_take", "may_assign", "may_hand_to_team", "may_give_back")
    assert tuple(context[each] for each in names) == expected


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (LATER, "Responsible now: <b>Tom</b>, as account manager, until"),
        (SATURDAY, "Responsible now: <b>Dana</b>, as duty manager, until"),
    ],
)
def test_who_is_responsible(cast, signed_in, incident, at, said):
    assert said in words(look(signed_in, cast.tom, incident, at))


def test_nobody_is_said_loudly(cast, signed_in, incident):
    cast.dana.shifts.all().delete()
    assert "Nobody is responsible now" in words(look(signed_in, cast.tom, incident, SATURDAY))


def test_the_agreement(cast, signed_in, incident):
    cast.alice.phone, cast.alice.mobile = "+33 1 99 00 41 00", "+33 6 99 00 41 01"
    cast.alice.save()
    cast.tom.timezone = "Asia/Tokyo"
    cast.tom.save()
    answer = look(signed_in, cast.tom, incident, SATURDAY)
    page, agreement = words(answer), answer.context["agreement"]
    assert (agreement.standing, agreement.days_left, agreement.quota) == ("in_force", 299, None)
    assert "closed now" in page
    assert "Opens" in page
    assert "9 Mar 2026 17:00 JST" in page
    assert "9 Mar 2026 09:00 CET" in page
    assert 'href="tel:+33199004100"' in page
    assert 'href="tel:+33699004101"' in page


def test_what_is_left_of_a_quota(cast, signed_in, incident):
    programme = cast.certificate.programme
    programme.incidents_per_year = 6
    programme.save(update_fields=["incidents_per_year"])
    assert "5 of 6" in words(look(signed_in, cast.tom, incident))


def test_three_other_incidents_by_the_queues_order(cast, signed_in, incident):
    severe = cast.file("product-network-down", MONDAY_NINE)
    others = [cast.file(at=MONDAY_NINE + timedelta(minutes=n)) for n in range(1, 6)]
    answer = look(signed_in, cast.tom, incident)
    assert answer.context["others"].shown == [severe, *others[:2]]
    assert answer.context["others"].count == 6
    assert f'href="/queue/?customer={cast.acme.pk}"' in words(answer)


def test_an_engineer_sees_only_what_is_theirs(cast, signed_in, incident):
    cast.file()
    hand_over(incident, [cast.erik], MONDAY_NINE)
    write_handling_note(customer=cast.acme, actor=cast.tom, text="Ring first.", at=MONDAY_NINE)
    answer = look(signed_in, cast.erik, incident)
    assert answer.context["others"].count == 0
    assert "Ring first." in words(answer)
    assert "handling-notes" not in words(answer)
    assert f"/certificates/{cast.certificate.number}/" not in words(answer)


def test_related_ones_and_the_way_to_relate(cast, signed_in, incident):
    other = cast.file(title="Updates fail")
    relate(incident=incident, other=other, actor=cast.tom, at=MONDAY_NINE)
    answer = look(signed_in, cast.tom, incident)
    assert answer.context["related"] == [other]
    assert f'href="/incidents/{incident.reference}/relations/"' in words(answer)


def test_who_had_it_so_far(cast, signed_in, incident):
    assign(incident=incident, actor=cast.tom, to=cast.erik, at=MONDAY_NINE)
    hand_back(incident=incident, actor=cast.erik, at=LATER)
    history = look(signed_in, cast.tom, incident, panel=False).context["history"]
    assert [(row.user, row.by, row.since, row.until) for row in history] == [
        (cast.erik, cast.tom, MONDAY_NINE, LATER)
    ]


def test_it_costs_the_same_however_much_there_is(cast, signed_in, incident):
    counts = []
    for more in (1, 2):
        for number in range(more):
            other = cast.file()
            relate(incident=incident, other=other, actor=cast.tom, at=LATER)
            team = Team.objects.create(name=f"{more} {number}")
            give_to_team(incident=incident, actor=cast.tom, team=team, at=LATER)
            cast.file()
        with CaptureQueriesContext(connection) as captured:
            look(signed_in, cast.tom, incident, panel=False)
        counts.append(len(captured))
    assert counts[0] == counts[1]
