"""The list of own sessions, how one ends, and what a changed password does."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.urls import reverse

from accounts.signing_in.devices import device_of
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE, PASSWORD, StaffSightClient

pytestmark = pytest.mark.django_db

LIST = "/security/sessions/"
NEW = "a quiet harbour"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36"
)


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


def begin(person, user_agent=FIREFOX, password=PASSWORD):
    client = StaffSightClient(headers={"User-Agent": user_agent})
    answer = client.post("/sign-in/", {"username": person.email, "password": password})
    assert answer.status_code == 302
    return client


def listed(client):
    return [
        (str(session.device), session.current) for session in client.get(LIST).context["sessions"]
    ]


def test_each_place_where_one_is_signed_in_is_listed_this_one_first(cast):
    here = begin(cast.alice)
    begin(cast.alice, SAFARI)
    begin(cast.bob, CHROME)

    assert listed(here) == [("Firefox on Linux", True), ("Safari on iPhone", False)]


def test_the_list_asks_as_much_for_one_as_for_three(cast, django_assert_num_queries):
    here = begin(cast.alice)
    here.get(LIST)
    with django_assert_num_queries(10):
        here.get(LIST)
    begin(cast.alice, SAFARI)
    begin(cast.alice, CHROME)
    with django_assert_num_queries(10):
        here.get(LIST)


def test_last_use_is_noted_every_ten_minutes(cast):
    here = begin(cast.alice)
    for minutes, noted in ((9, 0), (10, 10), (15, 10), (20, 20)):
        with clock.at(MONDAY_NINE + timedelta(minutes=minutes)):
            here.get("/")
        session = UserSession.objects.get()
        assert session.last_seen_at - session.created_at == timedelta(minutes=noted)


def test_one_is_ended_by_its_owner_only(cast):
    here, there = begin(cast.alice), begin(cast.alice, SAFARI)
    (pk,) = UserSession.objects.filter(user_agent=SAFARI).values_list("pk", flat=True)

    assert begin(cast.bob).post(f"{LIST}{pk}/end/").status_code == 404
    assert here.get(f"{LIST}{pk}/end/").status_code == 405
    assert here.post(f"{LIST}{pk}/end/").url == LIST
    assert there.get("/").url == "/sign-in/?next=/"
    assert here.post(f"{LIST}{pk}/end/").status_code == 404
    assert listed(here) == [("Firefox on Linux", True)]


def test_all_others_are_ended(cast):
    here, others = begin(cast.alice), [begin(cast.alice, SAFARI), begin(cast.alice, CHROME)]
    bob = begin(cast.bob)

    assert here.post(f"{LIST}others/end/").url == LIST
    assert [other.get("/").url for other in others] == ["/sign-in/?next=/"] * 2
    assert (here.get("/").status_code, bob.get("/").status_code) == (200, 200)


def test_signing_out_ends_it(cast):
    here, there = begin(cast.alice), begin(cast.alice, SAFARI)
    there.post(reverse("logout"))
    assert listed(here) == [("Firefox on Linux", True)]


def test_another_password_ends_the_others_and_is_told(cast):
    here, there = begin(cast.alice), begin(cast.alice, SAFARI)

    answer = here.post(
        "/security/password/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )

    assert (answer.status_code, answer.url) == (302, "/security/")
    assert here.get("/").status_code == 200
    assert there.get("/").url == "/sign-in/?next=/"
    assert listed(here) == [("Firefox on Linux", True)]
    relay.drain(HANDLERS)
    assert list(Email.objects.values_list("to_address", "subject")) == [
        ("alice@acme.example", "[Your account] Your password is changed")
    ]
    begin(cast.alice, password=NEW)


def test_an_administrators_new_password_ends_them_all(cast):
    here = begin(cast.alice)
    cast.alice.set_password(NEW)
    cast.alice.save()
    assert here.get("/").url == "/sign-in/?next=/"
    assert listed(begin(cast.alice, SAFARI, NEW)) == [("Safari on iPhone", True)]


@pytest.mark.parametrize(
    ("sent", "field", "error"),
    [
        (
            {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW},
            "old_password",
            "Your old password was entered incorrectly. Please enter it again.",
        ),
        (
            {"old_password": PASSWORD, "new_password1": NEW, "new_password2": "other"},
            "new_password2",
            "The two password fields didn’t match.",
        ),
    ],
)
def test_what_is_wrong_with_a_password_is_told(cast, sent, field, error):
    page = begin(cast.alice).post("/security/password/", sent)
    assert (page.status_code, page.context["form"].errors[field]) == (422, [error])


def test_the_present_password_is_not_guessed_here(cast):
    here = begin(cast.alice)
    wrong = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    answers = [here.post("/security/password/", wrong).status_code for _time in range(11)]
    assert answers == [422] * 10 + [429]
    right = here.post("/security/password/", {**wrong, "old_password": PASSWORD})
    assert right.status_code == 429


@pytest.mark.parametrize("path", ["/security/", LIST, "/security/password/"])
def test_nobody_sees_them_before_signing_in(client, cast, path):
    assert client.get(path).url == f"/sign-in/?next={path}"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/138.0.0.0", "Edge on Windows"),
        ("curl/8.14", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_device_in_words(user_agent, words):
    assert str(device_of(user_agent)) == words
