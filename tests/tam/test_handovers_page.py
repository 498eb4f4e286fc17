"""The pages of handovers: who reads them, who may accept, what is kept of a note."""

import re
from datetime import datetime, timedelta

import pytest

from accounts.actions import offices
from accounts.models import Office, User
from msa import clock
from tam.actions import handovers
from tam.models import Handover
from tests.conftest import MONDAY_NINE, PARIS_WEEK, Cast

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CLOSING = MONDAY_NINE + 9 * HOUR
EVERYBODY = ["alice", "erik", "tom", "tess", "dana", "hanna", "bruno", "ada"]


@pytest.fixture(autouse=True)
def evening():
    with clock.at(CLOSING + 5 * MINUTE):
        yield


@pytest.fixture
def handover(cast: Cast) -> Handover:
    cast.file("service-request", title="At Acme")
    handovers.watch(at=MONDAY_NINE)
    handovers.watch(at=CLOSING)
    return Handover.objects.get()


def copy(handover: Handover, at: datetime, receiver: User) -> Handover:
    items = list(handover.items.all())
    other = Handover.objects.create(
        office=handover.office,
        giver=handover.giver,
        receiver=receiver,
        since=handover.since,
        at=at,
        made_at=at,
    )
    for item in items:
        item.pk, item.handover = None, other
        item.save()
    return other


def answers(cast: Cast, signed_in, path: str, *, post: bool = False) -> dict[str, int]:
    return {
        who: (
            signed_in(getattr(cast, who)).post(path, {"text": "x"})
            if post
            else signed_in(getattr(cast, who)).get(path)
        ).status_code
        for who in EVERYBODY
    }


def test_the_lists_are_for_staff(cast: Cast, signed_in):
    for path in ("/handovers/", "/handovers/next/"):
        assert answers(cast, signed_in, path) == {
            "alice": 404,
            "erik": 200,
            "tom": 200,
            "tess": 200,
            "dana": 200,
            "hanna": 200,
            "bruno": 200,
            "ada": 200,
        }


def test_a_handover_is_read_by_its_people_and_their_head(cast: Cast, signed_in, handover):
    assert answers(cast, signed_in, f"/handovers/{handover.pk}/") == {
        "alice": 404,
        "erik": 404,
        "tom": 200,
        "tess": 404,
        "dana": 200,
        "hanna": 200,
        "bruno": 404,
        "ada": 200,
    }


@pytest.mark.parametrize(
    ("who", "status", "accepted_by"),
    [
        ("alice", 404, None),
        ("erik", 404, None),
        ("tess", 404, None),
        ("bruno", 404, None),
        ("tom", 403, None),
        ("ada", 403, None),
        ("dana", 302, "Dana"),
        ("hanna", 302, "Hanna"),
    ],
)
def test_the_receiver_accepts_or_the_head_in_their_place(
    cast: Cast, signed_in, handover, who, status, accepted_by
):
    path = f"/handovers/{handover.pk}/acceptance/"
    assert signed_in(getattr(cast, who)).post(path).status_code == status
    handover.refresh_from_db()
    assert (handover.accepted_by.name if handover.accepted_by else None) == accepted_by


def test_what_another_has_accepted_is_not_accepted_again(cast: Cast, signed_in, handover):
    signed_in(cast.hanna).post(f"/handovers/{handover.pk}/acceptance/")
    dana = signed_in(cast.dana)
    page = dana.post(f"/handovers/{handover.pk}/acceptance/", follow=True).content.decode()
    assert "This handover is accepted already." in page
    assert "Accepted by Hanna" in page


def test_only_the_giver_writes_the_note(cast: Cast, signed_in, handover):
    assert answers(cast, signed_in, f"/handovers/{handover.pk}/note/", post=True) == {
        "alice": 404,
        "erik": 404,
        "tom": 302,
        "tess": 404,
        "dana": 403,
        "hanna": 403,
        "bruno": 404,
        "ada": 403,
    }


def test_a_note_that_is_too_long_stays_in_the_form(cast: Cast, signed_in, handover):
    text = "x" * 10_001
    page = signed_in(cast.tom).post(f"/handovers/{handover.pk}/note/", {"text": text})
    assert (page.status_code, text in page.content.decode()) == (422, True)


def test_a_note_for_a_handover_that_was_accepted_meanwhile_stays_in_the_form(
    cast: Cast, signed_in, handover
):
    handovers.accept(handover=handover, actor=cast.dana, at=CLOSING + MINUTE)
    page = signed_in(cast.tom).post(f"/handovers/{handover.pk}/note/", {"text": "One more thing."})
    assert (page.status_code, "One more thing." in page.content.decode()) == (409, True)


def test_who_is_not_responsible_has_nothing_to_hand_over(cast: Cast, signed_in):
    page = signed_in(cast.tom).get("/handovers/next/").content.decode()
    assert "You are responsible for nothing now" in page


def test_when_nobody_follows_the_page_says_so(cast: Cast, signed_in):
    cast.office.shifts.all().delete()
    with clock.at(MONDAY_NINE + HOUR):
        page = signed_in(cast.tom).get("/handovers/next/").content.decode()
    assert "Nobody takes over" in page


def test_a_note_for_an_office_that_is_not_ones_own_is_refused(cast: Cast, signed_in):
    form = {"office": cast.office.pk, "text": "Hello"}
    assert signed_in(cast.ada).post("/handovers/next/", form).status_code == 404
    assert signed_in(cast.alice).post("/handovers/next/", form).status_code == 404


def test_the_lists_and_their_filters(cast: Cast, signed_in, handover):
    yesterday = copy(handover, CLOSING - timedelta(days=1), cast.tess)
    handovers.accept(handover=yesterday, actor=cast.tess, at=CLOSING)
    shown = {
        (who, query): [
            each.pk
            for each in signed_in(getattr(cast, who)).get("/handovers/" + query).context["page"]
        ]
        for who, query in (
            ("dana", ""),
            ("dana", "?list=received"),
            ("dana", "?list=office"),
            ("tess", ""),
            ("tess", "?list=received"),
            ("tom", "?list=given"),
            ("hanna", "?list=office"),
            ("hanna", f"?list=office&person={cast.tess.pk}"),
            ("hanna", "?list=office&day=2026-03-02"),
            ("hanna", "?list=office&day=yesterday"),
        )
    }
    assert shown == {
        ("dana", ""): [handover.pk],
        ("dana", "?list=received"): [handover.pk],
        ("dana", "?list=office"): [handover.pk],
        ("tess", ""): [],
        ("tess", "?list=received"): [yesterday.pk],
        ("tom", "?list=given"): [handover.pk, yesterday.pk],
        ("hanna", "?list=office"): [handover.pk, yesterday.pk],
        ("hanna", f"?list=office&person={cast.tess.pk}"): [yesterday.pk],
        ("hanna", "?list=office&day=2026-03-02"): [handover.pk],
        ("hanna", "?list=office&day=yesterday"): [handover.pk, yesterday.pk],
    }
    wrong = signed_in(cast.hanna).get("/handovers/?list=office&day=yesterday").content.decode()
    assert "Enter a valid date." in wrong
    assert 'value="yesterday"' in wrong


def test_who_sees_an_incident_no_more_reads_no_title(cast: Cast, signed_in, handover):
    cast.office.shifts.all().delete()
    page = signed_in(cast.dana).get(f"/handovers/{handover.pk}/").content.decode()
    assert ("At Acme" in page, "An incident that you see no more" in page) == (False, True)


@pytest.mark.parametrize("path", ["/handovers/?list=office", "/handovers/next/", "/handovers/{}/"])
def test_more_rows_cost_no_more_queries(
    cast: Cast, signed_in, handover, path, django_assert_max_num_queries
):
    hanna = signed_in(cast.dana if "next" in path else cast.hanna)
    url = path.format(handover.pk)
    hanna.get(url)
    with django_assert_max_num_queries(40) as before:
        hanna.get(url)
    for hours in (1, 2):
        copy(handover, CLOSING - hours * HOUR, cast.tess)
        late = cast.file("service-request", MONDAY_NINE + hours * HOUR)
        item = handover.items.first()
        item.pk, item.incident, item.section = None, late, "open"
        item.save()
    with django_assert_max_num_queries(40) as after:
        hanna.get(url)
    assert len(after) == len(before)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_a_day_at_the_end_of_the_calendar_has_no_handovers(
    cast: Cast, signed_in, handover: Handover, day: str, zone: str
):
    User.objects.filter(pk=cast.tom.pk).update(timezone=zone)
    tom = signed_in(cast.tom)
    assert tom.get("/handovers/?list=given").context["page"].paginator.count == 1
    page = tom.get(f"/handovers/?list=given&day={day}")
    assert (page.status_code, page.context["page"].paginator.count) == (200, 0)


def test_several_offices_are_folded_with_their_counts(cast: Cast, signed_in):
    lyon = Office.objects.create(name="Lyon", timezone="Europe/Paris", week=PARIS_WEEK)
    offices.revise_calendar(office=lyon, actor=None, at=MONDAY_NINE)
    cast.globex_certificate.office = lyon
    cast.globex_certificate.save()
    cast.file("service-request", title="At Acme")
    cast.file("service-request", title="At Globex", by=cast.olga)
    with clock.at(MONDAY_NINE + HOUR):
        page = signed_in(cast.tom).get("/handovers/next/").content.decode()
    summaries = re.findall(r"<summary>(.*?)</summary>", page, re.DOTALL)
    shown = [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in summaries]
    assert sorted(shown) == ["Lyon 1 due 1 done Nobody takes over", "Paris 1 due 1 done"]
    assert re.findall(r'<details class="handover-office"( open)?>', page) == ["", ""]


def test_what_was_done_is_one_line_each(cast: Cast, signed_in, handover):
    page = signed_in(cast.dana).get(f"/handovers/{handover.pk}/").content.decode()
    [line] = re.findall(r'<li class="is-done">(.*?)</li>', page, re.DOTALL)
    reference = handover.items.first().incident.reference
    assert " ".join(re.sub(r"<[^>]*>", " ", line).split()) == f"{reference} At Acme Filed"
