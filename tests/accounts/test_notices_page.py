"""The pages of notices: reading them, and choosing how to be told."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils.html import escape

from accounts.models import MailTrouble, Notice, NoticeKind, NoticePreference, QuietHours, User
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

PAGE = "/notices/"
PREFERENCES = "/notices/preferences/"
EVERYBODY = ("alice", "tom", "dana", "erik", "hanna", "bruno", "ada")
CONTACT_WAYS = {
    "our_move": "at_once",
    "progress": "digest",
    "closed": "portal",
    "escalation": "at_once",
    "agreement": "digest",
}


def tell(user: User, number: int = 1, **fields) -> Notice:
    return Notice.objects.create(
        **{
            "user": user,
            "key": f"{number}-{user.pk}",
            "kind": NoticeKind.PROGRESS,
            "reference": "INC-2026-000001",
            "heading": f"Notice {number}: <b>",
            "path": "/incidents/INC-2026-000001/",
            "at": MONDAY_NINE + timedelta(minutes=number),
            **fields,
        }
    )


@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_reads_their_own_newest_first(cast: Cast, signed_in, name: str) -> None:
    reader = getattr(cast, name)
    first, second = tell(reader, 1), tell(reader, 2)
    tell(cast.bob, 3)
    response = signed_in(reader).get(PAGE)
    assert response.status_code == 200
    assert list(response.context["page"]) == [second, first]
    assert escape("Notice 2: <b>") in response.text
    assert response.text.count('aria-label="Notices: 2 unread"') == 1


@pytest.mark.parametrize("address", [PAGE, PREFERENCES, "/notices/bell/"])
def test_a_stranger_signs_in_first(client, cast: Cast, address: str) -> None:
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={address}")


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("alice", 11), ("tom", 10)])
def test_the_list_asks_as_often_for_many(
    cast: Cast, signed_in, django_assert_num_queries, name: str, queries: int, rows: int
) -> None:
    reader = getattr(cast, name)
    for number in range(rows):
        tell(reader, number)
    browser = signed_in(reader)
    browser.get(PAGE)
    with django_assert_num_queries(queries):
        browser.get(PAGE)


def test_one_click_marks_it_read_and_leads_there(cast: Cast, signed_in) -> None:
    one, other = tell(cast.alice, 1), tell(cast.alice, 2)
    response = signed_in(cast.alice).post(f"/notices/{one.pk}/reading/")
    assert (response.status_code, response["Location"]) == (302, "/incidents/INC-2026-000001/")
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.read_at is not None
    assert other.read_at is None


def test_read_again_it_keeps_its_first_instant(cast: Cast, signed_in) -> None:
    read_at = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    one = tell(cast.alice, read_at=read_at)
    signed_in(cast.alice).post(f"/notices/{one.pk}/reading/")
    one.refresh_from_db()
    assert one.read_at == read_at


@pytest.mark.parametrize("name", ["bob", "olga", "tom", "ada"])
def test_nobody_learns_of_another_s(cast: Cast, signed_in, name: str) -> None:
    one = tell(cast.alice)
    assert signed_in(getattr(cast, name)).post(f"/notices/{one.pk}/reading/").status_code == 404
    assert Notice.objects.get().read_at is None


@pytest.mark.parametrize("address", ["/notices/1/reading/", "/notices/read/"])
def test_reading_is_no_get(cast: Cast, signed_in, address: str) -> None:
    assert signed_in(cast.alice).get(address).status_code == 405


def test_all_that_stood_there_is_read_and_nothing_newer(cast: Cast, signed_in) -> None:
    first, second = tell(cast.alice, 1), tell(cast.alice, 2)
    others, newer = tell(cast.bob, 3), tell(cast.alice, 4)
    response = signed_in(cast.alice).post("/notices/read/", {"up_to": second.pk})
    assert (response.status_code, response["Location"]) == (302, PAGE)
    unread = Notice.objects.filter(read_at=None).order_by("pk")
    assert list(unread) == [others, newer]
    assert first.pk < second.pk


@pytest.mark.parametrize("up_to", ["", "x", "-1", "9" * 40, "²"])
def test_a_nonsense_number_reads_nothing(cast: Cast, signed_in, up_to: str) -> None:
    tell(cast.alice)
    assert signed_in(cast.alice).post("/notices/read/", {"up_to": up_to}).status_code == 302
    assert Notice.objects.get().read_at is None


def test_only_what_is_unread_and_page_by_page(cast: Cast, signed_in) -> None:
    for number in range(27):
        tell(cast.alice, number, read_at=MONDAY_NINE if number % 2 else None)
    browser = signed_in(cast.alice)
    assert len(browser.get(PAGE).context["page"]) == 25
    assert len(browser.get(PAGE, {"page": "2"}).context["page"]) == 2
    assert len(browser.get(PAGE, {"show": "unread"}).context["page"]) == 14


def test_an_empty_list_says_what_would_be_there(cast: Cast, signed_in) -> None:
    browser = signed_in(cast.alice)
    assert "Nothing yet" in browser.get(PAGE).text
    assert "Nothing is unread" in browser.get(PAGE, {"show": "unread"}).text


def test_the_bell_answers_a_poll_only_with_news(cast: Cast, signed_in) -> None:
    browser = signed_in(cast.alice)
    assert browser.get("/notices/bell/", {"v": "0"}).status_code == 204
    tell(cast.alice)
    fresh = browser.get("/notices/bell/", {"v": "0"})
    assert fresh.status_code == 200
    assert 'data-poll="/notices/bell/" data-version="1"' in fresh.text
    assert browser.get("/notices/bell/", {"v": "1"}).status_code == 204


def test_the_bell_of_staff_asks_nothing_by_itself(cast: Cast, signed_in) -> None:
    assert "/notices/bell/" not in signed_in(cast.tom).get(PAGE).text


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("alice", ["our_move", "progress", "closed", "escalation", "agreement"]),
        ("tom", ["duty", "progress", "closed", "escalation", "agreement"]),
    ],
)
def test_each_side_chooses_among_what_it_can_be_told(
    cast: Cast, signed_in, name: str, kinds: list[str]
) -> None:
    form = signed_in(getattr(cast, name)).get(PREFERENCES).context["form"]
    assert list(form.fields) == [*kinds, "quiet_from", "quiet_to"]
    assert [form[kind].value() for kind in kinds] == ["at_once"] * 5


def test_choices_are_kept_and_shown_again(cast: Cast, signed_in) -> None:
    browser = signed_in(cast.alice)
    sent = {**CONTACT_WAYS, "quiet_from": "22:00", "quiet_to": "07:30"}
    response = browser.post(PREFERENCES, sent)
    assert (response.status_code, response["Location"]) == (302, PREFERENCES)
    assert dict(NoticePreference.objects.values_list("kind", "way")) == CONTACT_WAYS
    hours = QuietHours.objects.values_list("user", "starts", "ends").get()
    assert hours == (cast.alice.pk, time(22), time(7, 30))
    assert browser.get(PREFERENCES).text.count("checked") == 5
    browser.post(PREFERENCES, CONTACT_WAYS)
    assert list(QuietHours.objects.all()) == []


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"quiet_from": "22:00"}, {"quiet_to": ["Please give both times, or neither."]}),
        ({"quiet_to": "07:00"}, {"quiet_from": ["Please give both times, or neither."]}),
        (
            {"quiet_from": "07:00", "quiet_to": "07:00"},
            {"quiet_to": ["Quiet hours must not end when they begin."]},
        ),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, {"quiet_from": ["Enter a valid time."]}),
        (
            {"closed": "pigeon"},
            {"closed": ["Select a valid choice. pigeon is not one of the available choices."]},
        ),
    ],
)
def test_bad_input_is_said_and_what_was_typed_stays(
    cast: Cast, signed_in, changed: dict[str, str], errors: dict[str, list[str]]
) -> None:
    response = signed_in(cast.alice).post(PREFERENCES, {**CONTACT_WAYS, **changed})
    assert response.status_code == 422
    assert response.context["form"].errors == errors
    assert list(NoticePreference.objects.all()) == []
    for name, typed in changed.items():
        assert response.context["form"][name].value() == typed


@pytest.mark.parametrize("name", ["alice", "tom"])
def test_who_cannot_be_reached_by_mail_is_told_on_every_page(
    cast: Cast, signed_in, name: str
) -> None:
    reader = getattr(cast, name)
    browser = signed_in(reader)
    assert "comes back" not in browser.get(PAGE).text
    MailTrouble.objects.create(address=reader.email, bounced_at=MONDAY_NINE)
    assert f"Mail to {reader.email} comes back." in browser.get(PAGE).text
