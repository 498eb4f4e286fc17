"""The pages of the plan: who opens what, what they show, and what their forms do."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from accounts.actions import offices
from accounts.models import DutyShift, Office, Role, ShiftPattern, User
from msa import clock
from tam.models import Absence, CoverageAlarm, RosterChange, ShiftSwap
from tests.conftest import MONDAY_NINE, PARIS_WEEK, Cast

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING = datetime(2026, 3, 2, 17, tzinfo=UTC)  # 18:00 in Paris
MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
STAFF = ("tom", "tess", "dana", "erik", "hanna", "bruno", "ada")
READ = ("/roster/", "/roster/?view=month", "/coverage/", "/roster/history/")
OWN = ("/roster/swaps/", "/roster/absences/", "/roster/absences/new/")
PLAN = ("/roster/shifts/new/", "/roster/patterns/new/")
OF_MIDDLEWARE = 6  # session, person, savepoints and scope


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def dirk(cast: Cast) -> User:
    return User.objects.create_user(
        "dirk@northlight.example",
        name="Dirk",
        role=Role.DUTY_MANAGER,
        office=cast.office,
        timezone="Europe/Paris",
    )


@pytest.fixture
def nights(cast: Cast, dirk: User) -> DutyShift:
    """Have a gap on Monday from 18:00 to 20:00, then Dana until the morning."""
    DutyShift.objects.all().delete()
    offices.plan_shift(
        office=cast.office,
        person=dirk,
        starts_at=MORNING,
        ends_at=datetime(2026, 12, 31, tzinfo=UTC),
    )
    return offices.plan_shift(
        office=cast.office, person=cast.dana, starts_at=EVENING + 2 * HOUR, ends_at=MORNING
    )


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def send(client, address: str, step: str = "preview", **fields):
    """Send a form; to save it, first as what is previewed."""
    response = client.post(address, {**fields, "step": "preview"})
    if step == "preview" or response.status_code != 200:
        return response
    form = response.context["form"]
    submission = fields.get("submission", "4a8f7f0e-8a4c-4c67-9d5e-35a5b6a3b3d1")
    sent = {**fields, "submission": submission, "previewed": form["previewed"].value()}
    return client.post(address, {**sent, "step": "save"})


SHIFT = {"starts_at": "2026-03-02T18:00", "ends_at": "2026-03-02T20:00"}


@pytest.mark.parametrize("name", STAFF)
def test_everybody_of_the_vendor_reads(cast: Cast, signed_in, name: str) -> None:
    client = signed_in(getattr(cast, name))
    assert [client.get(address).status_code for address in READ + OWN] == [200] * 7


def test_for_customers_there_is_no_such_page(cast: Cast, signed_in, nights: DutyShift) -> None:
    client = signed_in(cast.alice)
    addresses = (*READ, *OWN, *PLAN, f"/roster/shifts/{nights.pk}/")
    assert [client.get(address).status_code for address in addresses] == [404] * 10


@pytest.mark.parametrize(
    ("name", "status"),
    [("tom", 403), ("dana", 403), ("erik", 403), ("bruno", 403), ("hanna", 200), ("ada", 200)],
)
def test_only_who_plans_opens_the_forms(
    cast: Cast, signed_in, nights: DutyShift, name: str, status: int
) -> None:
    client = signed_in(getattr(cast, name))
    removal = f"/roster/shifts/{nights.pk}/removal/"
    assert [client.get(address).status_code for address in (*PLAN, removal)] == [status] * 3
    posted = client.post(f"/roster/shifts/{nights.pk}/", {**SHIFT, "person": cast.dana.pk})
    assert posted.status_code == status


def test_another_office_is_unknown_to_its_neighbours(cast: Cast, signed_in) -> None:
    other = Office.objects.create(name="Berlin", timezone="Europe/Berlin", week=PARIS_WEEK)
    offices.revise_calendar(office=other, actor=None, at=MONDAY_NINE)
    shift = offices.plan_shift(office=other, person=cast.dana, starts_at=EVENING, ends_at=MORNING)
    addresses = [
        f"/roster/?office={other.pk}",
        f"/coverage/?office={other.pk}",
        f"/roster/shifts/{shift.pk}/",
        "/roster/?office=x",
    ]
    assert [signed_in(cast.hanna).get(one).status_code for one in addresses] == [404] * 4
    assert [signed_in(cast.dana).get(one).status_code for one in addresses] == [200, 200, 200, 404]
    assert [signed_in(cast.ada).get(one).status_code for one in addresses] == [200, 200, 200, 404]


def test_a_week_shows_shifts_gaps_overlaps_and_absences(cast, signed_in, nights, dirk) -> None:
    offices.plan_shift(office=cast.office, person=dirk, starts_at=MORNING - HOUR, ends_at=MORNING)
    Absence.objects.create(person=cast.tess, starts_at=MORNING, ends_at=MORNING + HOUR)
    days = signed_in(cast.erik).get("/roster/").context["days"]
    assert [(day.date.isoformat(), len(day.shifts)) for day in days][:3] == [
        ("2026-03-02", 1),
        ("2026-03-03", 3),
        ("2026-03-04", 1),
    ]
    # From midnight to nine nobody was on the line; the present instant stands at nine.
    assert [(gap.since, gap.until, gap.x, gap.width) for gap in days[0].gaps] == [
        (MONDAY_NINE - 9 * HOUR, MONDAY_NINE, "0.000", "37.500"),
        (EVENING, EVENING + 2 * HOUR, "75.000", "8.333"),
    ]
    assert days[0].now == "37.500"
    assert [(piece.since, piece.until) for piece, _overlap in days[1].overlaps] == [
        (MORNING - HOUR, MORNING)
    ]
    assert [absence.person.name for absence in days[1].absences] == ["Tess"]


def test_a_day_of_the_clock_change_is_as_long_as_it_is(cast: Cast, signed_in) -> None:
    days = signed_in(cast.erik).get("/roster/?day=2026-03-29").context["days"]
    assert [(day.until - day.since) / HOUR for day in days] == [24, 24, 24, 24, 24, 24, 23]


@pytest.mark.parametrize("day", ["", "x", "2026-99-99", "0001-01-01", "9999-12-31"])
def test_any_address_shows_a_period(cast: Cast, signed_in, day: str) -> None:
    client = signed_in(cast.erik)
    for view in ("week", "month", "x"):
        assert client.get(f"/roster/?view={view}&day={day}").status_code == 200


def test_a_month_begins_under_its_weekday(cast: Cast, signed_in) -> None:
    page = signed_in(cast.erik).get("/roster/?view=month&day=2026-04-17")
    assert len(page.context["period"].blanks) == 2  # 1 April 2026 is a Wednesday
    assert len(page.context["days"]) == 30
    assert "April 2026" in text_of(page)


def test_the_coverage_page_leads_to_a_filled_in_form(cast, signed_in, nights) -> None:
    client = signed_in(cast.hanna)
    page = client.get("/coverage/")
    [one] = page.context["coverage"]
    assert [(row.gap.since, row.gap.until, row.is_soon, row.is_now) for row in one.gaps] == [
        (EVENING, EVENING + 2 * HOUR, True, False)
    ]
    link, _same_below = re.findall(
        r'/roster/shifts/new/\?office=\d+&amp;from=[^"]+', page.content.decode()
    )
    form = client.get(link.replace("&amp;", "&")).context["form"]
    assert form["starts_at"].value() == datetime(2026, 3, 2, 18, 0)  # noqa: DTZ001 (local)
    assert form["ends_at"].value() == datetime(2026, 3, 2, 20, 0)  # noqa: DTZ001


def test_who_does_not_plan_sees_gaps_without_the_link(cast, signed_in, nights) -> None:
    html = signed_in(cast.erik).get("/coverage/").content.decode()
    assert "shifts/new" not in html
    assert "MSA-1" not in html  # an engineer has no certificates
    assert "2 further certificates" in html
    assert "MSA-1" in signed_in(cast.tom).get("/coverage/").content.decode()


def test_the_coverage_page_says_when_the_heads_were_told(cast, signed_in, nights) -> None:
    CoverageAlarm.objects.create(
        office=cast.office,
        stage="days_ahead",
        gap_starts_at=EVENING,
        gap_ends_at=EVENING + 2 * HOUR,
        raised_at=MONDAY_NINE - HOUR,
    )
    page = signed_in(cast.erik).get("/coverage/")
    assert "heads told 08:00 · 2 Mar" in text_of(page)


def test_a_shift_is_previewed_and_then_planned_once(cast, signed_in, nights) -> None:
    client, fields = signed_in(cast.hanna), {"person": cast.dana.pk, **SHIFT}
    shown = send(client, "/roster/shifts/new/", **fields)
    assert "Closes 1 gap" in text_of(shown)
    assert DutyShift.objects.count() == 2
    for _again in range(2):
        saved = send(client, "/roster/shifts/new/", "save", **fields)
    assert saved.status_code in {302, 200}
    made = DutyShift.objects.get(starts_at=EVENING)
    assert (made.person, made.ends_at) == (cast.dana, EVENING + 2 * HOUR)
    assert RosterChange.objects.count() == 1


def test_what_was_typed_after_the_preview_is_previewed_again(cast, signed_in, nights) -> None:
    client, fields = signed_in(cast.hanna), {"person": cast.dana.pk, **SHIFT}
    shown = send(client, "/roster/shifts/new/", **fields)
    previewed = shown.context["form"]["previewed"].value()
    other = {**fields, "ends_at": "2026-03-02T19:00", "previewed": previewed, "step": "save"}
    again = client.post("/roster/shifts/new/", other)
    assert again.status_code == 200
    assert "What this does" in text_of(again)
    assert DutyShift.objects.count() == 2


def test_bad_input_is_told_and_stays(cast, signed_in, nights) -> None:
    client = signed_in(cast.hanna)
    fields = {"person": cast.dana.pk, "starts_at": "soon", "ends_at": "2026-03-02T20:00"}
    page = send(client, "/roster/shifts/new/", **fields)
    assert page.status_code == 422
    assert 'value="soon"' in page.content.decode()
    fields["starts_at"] = "2026-03-02T20:00"
    page = send(client, "/roster/shifts/new/", **fields)
    assert page.context["form"].errors == {"ends_at": ["The shift ends before it begins."]}
    fields |= {"starts_at": "2026-03-02T21:00", "ends_at": "2026-03-02T22:00"}
    page = send(client, "/roster/shifts/new/", "save", **fields)
    assert page.context["form"].errors == {"person": ["Dana is on this line then already."]}


def test_a_shift_is_changed_and_removed_with_what_that_opens(cast, signed_in, nights) -> None:
    client, address = signed_in(cast.hanna), f"/roster/shifts/{nights.pk}/"
    fields = {
        "person": cast.dana.pk,
        "starts_at": "2026-03-02T18:00",
        "ends_at": "2026-03-03T09:00",
    }
    assert send(client, address, "save", **fields).status_code == 302
    nights.refresh_from_db()
    assert nights.starts_at == EVENING
    page = text_of(client.get(f"{address}removal/"))
    assert "Opens 1 gap, with nobody responsible: 18:00 · 2 Mar (CET) – 09:00 · 3 Mar (CET)" in page
    assert client.post(f"{address}removal/").status_code == 302
    assert not DutyShift.objects.filter(pk=nights.pk).exists()


def test_a_pattern_tells_what_it_does_before_it_is_made(cast, signed_in, nights) -> None:
    client = signed_in(cast.hanna)
    fields = {
        "person": cast.dana.pk,
        "weekdays": ["mon"],
        "starts": "18:00",
        "ends": "20:00",
        "every_weeks": "1",
        "first_day": "2026-03-02",
        "last_day": "",
    }
    page = text_of(send(client, "/roster/patterns/new/", **fields))
    assert "13 shifts are planned." in page
    assert "Closes 1 gap: – " not in page
    assert "Closes 1 gap: 18:00 · 2 Mar (CET) – 20:00 · 2 Mar (CET)" in page
    assert "Makes 12 overlaps" in page
    assert not ShiftPattern.objects.exists()
    assert send(client, "/roster/patterns/new/", "save", **fields).status_code == 302
    made = ShiftPattern.objects.get()
    assert made.shifts.count() == 13
    assert "Mon" in text_of(client.get("/roster/"))
    assert client.get(f"/roster/patterns/{made.pk}/end/").status_code == 200
    assert signed_in(cast.dana).post(f"/roster/patterns/{made.pk}/end/").status_code == 403
    assert client.post(f"/roster/patterns/{made.pk}/end/").status_code == 302
    assert DutyShift.objects.count() == 2


def test_a_swap_is_asked_seen_and_accepted(cast, signed_in, nights, dirk) -> None:
    dora = User.objects.create_user(
        "dora@northlight.example", name="Dora", role=Role.DUTY_MANAGER, office=cast.office
    )
    address = f"/roster/shifts/{nights.pk}/swap/"
    assert signed_in(dora).get(address).status_code == 403
    client = signed_in(cast.dana)
    sent = {"asked_of": dora.pk, "note": "Theatre", "step": "save"}
    assert client.get(address).status_code == 200
    assert client.post(address, sent).url == "/roster/swaps/"
    swap = ShiftSwap.objects.get()
    assert "Dana asks you to take a shift." in text_of(signed_in(dora).get("/roster/"))
    answer = f"/roster/swaps/{swap.pk}/answer/"
    assert signed_in(dirk).post(answer, {"answer": "accept"}).status_code == 404
    assert client.post(answer, {"answer": "accept"}).status_code == 403
    assert signed_in(dora).post(answer, {"answer": "steal"}).status_code == 404
    assert "Theatre" in text_of(signed_in(dora).get("/roster/swaps/"))
    assert signed_in(dora).post(answer, {"answer": "accept"}).status_code == 302
    nights.refresh_from_db()
    assert nights.person == dora
    history = text_of(signed_in(cast.hanna).get("/roster/history/"))
    assert "Shifts swapped · Dora · Paris" in history
    assert "Before: Dana ·" in history


def test_an_absence_tells_what_it_opens_before_it_is_entered(cast, signed_in, nights) -> None:
    client = signed_in(cast.tom)
    fields = {"starts_at": "2026-03-02T17:00", "ends_at": "2026-03-03T09:00"}
    page = text_of(send(client, "/roster/absences/new/", **fields))
    assert "MSA-1 · Tess · 1 h" in page
    assert "MSA-2 · Nobody · 1 h" in page
    assert "With nobody responsible at Paris:" in page
    assert not Absence.objects.exists()
    assert send(client, "/roster/absences/new/", "save", **fields).status_code == 302
    absence = Absence.objects.get()
    assert (absence.person, absence.starts_at) == (cast.tom, EVENING - HOUR)
    address = f"/roster/absences/{absence.pk}/"
    assert [signed_in(one).get(address).status_code for one in (cast.tess, cast.hanna)] == [
        403,
        200,
    ]
    later = {**fields, "ends_at": "2026-03-03T10:00"}
    assert send(client, address, "save", **later).status_code == 302
    assert client.get(f"{address}removal/").status_code == 200
    assert client.post(f"{address}removal/").status_code == 302
    assert not Absence.objects.exists()


def test_a_head_enters_an_absence_for_somebody_of_the_office(cast, signed_in) -> None:
    fields = {
        "person": cast.tess.pk,
        "starts_at": "2026-03-04T09:00",
        "ends_at": "2026-03-05T09:00",
    }
    assert send(signed_in(cast.hanna), "/roster/absences/new/", "save", **fields).status_code == 302
    assert Absence.objects.get().person == cast.tess


def test_administrators_leave_a_history_too(cast, signed_in) -> None:
    client = signed_in(cast.ada)
    shift = {
        "office": cast.office.pk,
        "person": cast.dana.pk,
        "starts_at_0": "2027-01-04",
        "starts_at_1": "18:00",
        "ends_at_0": "2027-01-05",
        "ends_at_1": "09:00",
    }
    assert client.post("/admin/accounts/dutyshift/add/", shift).status_code == 302
    made = DutyShift.objects.get(starts_at__year=2027)
    assert client.post(f"/admin/accounts/dutyshift/{made.pk}/delete/", {"post": "yes"}).url
    absence = {**shift, "person": cast.tom.pk}
    assert client.post("/admin/tam/absence/add/", absence).status_code == 302
    kinds = RosterChange.objects.order_by("pk").values_list("kind", "changed_by__name")
    assert list(kinds) == [
        ("shift_planned", "Ada"),
        ("shift_removed", "Ada"),
        ("absence_entered", "Ada"),
    ]


@pytest.mark.parametrize(
    ("address", "queries"),
    [("/roster/", 8), ("/coverage/", 7), ("/roster/history/", 4), ("/roster/absences/", 2)],
)
def test_more_rows_cost_no_more_queries(
    cast, signed_in, nights, dirk, django_assert_num_queries, address: str, queries: int
) -> None:
    client = signed_in(cast.hanna)
    for number in (1, 2, 3):
        since = MORNING + number * DAY
        offices.plan_shift(
            office=cast.office, person=cast.dana, starts_at=since, ends_at=since + HOUR
        )
        Absence.objects.create(person=cast.erik, starts_at=since, ends_at=since + HOUR)
        RosterChange.objects.create(
            office=cast.office,
            person=cast.dana,
            kind="shift_planned",
            changed_at=MONDAY_NINE,
            changed_by=cast.hanna,
            data={"starts_at": since.isoformat(), "ends_at": since.isoformat()},
        )
        if number in {1, 3}:
            with django_assert_num_queries(OF_MIDDLEWARE + queries):
                client.get(address)


@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59Z",
        "2026-13-01T00:00Z",
        "x",
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_an_instant_that_no_plan_has_is_passed_over(cast, signed_in, instant, zone) -> None:
    Office.objects.filter(pk=cast.office.pk).update(timezone=zone)
    query = urlencode({"from": instant, "until": instant})
    page = signed_in(cast.hanna).get(f"/roster/shifts/new/?{query}")
    assert page.status_code == 200
    assert [page.context["form"].initial[name] for name in ("starts_at", "ends_at")] == [None, None]


@pytest.mark.parametrize("view", ["week", "month"])
def test_a_day_tells_what_of_a_shift_lies_within_it(cast, signed_in, nights, view: str) -> None:
    page = text_of(signed_in(cast.erik).get(f"/roster/?view={view}"))
    told = [told.strip() for told in re.findall(r"(?:Dana|Dirk) ([^DN]*?(?:\d\d:\d\d|day))", page)]
    assert told[:4] == ["from 20:00", "until 09:00", "from 09:00", "all day"]


def test_gaps_after_the_first_five_are_folded(cast, signed_in) -> None:
    DutyShift.objects.all().delete()
    page = text_of(signed_in(cast.erik).get("/coverage/"))
    assert "5 further gaps" in page  # of ten nights and a weekend within two weeks
    assert "20 further gaps" in page  # of those of the office that are listed
