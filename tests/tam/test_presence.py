"""Who else is on an incident: shown to colleagues, kept nowhere (SPEC 20)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings

from incidents.actions import responding
from msa import clock
from tam.presence import Doing, Present, beat
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(minutes=10)
AWAY = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
    }
}


@pytest.fixture(autouse=True)
def nobody_there():
    cache.clear()
    with clock.at(LATER):
        yield
    cache.clear()


@pytest.fixture
def incident(cast):
    return cast.file()


def tell(client, incident, doing="reading", seen=None):
    seen = incident.journal_length if seen is None else seen
    return client.post(f"/incidents/{incident.reference}/presence/", {"doing": doing, "seen": seen})


def words(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_each_is_told_of_the_others(cast, incident, signed_in):
    tom, tess, dana = (signed_in(person) for person in (cast.tom, cast.tess, cast.dana))
    assert words(tell(tom, incident)) == ""
    assert words(tell(dana, incident, "replying")) == "T Tom is reading"
    assert words(tell(tess, incident)) == "D Dana is replying T Tom is reading"
    assert words(tell(tom, incident)) == "D Dana is replying T Tess is reading"
    tell(dana, incident)
    assert words(tell(tom, incident)) == "D Dana is reading T Tess is reading"


def test_who_replies_in_one_window_replies():
    for doing, window in ((Doing.REPLYING, "a"), (Doing.READING, "b")):
        beat(incident=7, person=1, name="Tom", doing=doing, window=window)
    assert beat(incident=7, person=2, name="Dana", doing=Doing.READING) == [
        Present(1, "Tom", Doing.REPLYING)
    ]
    beat(incident=7, person=1, name="Tom", doing=Doing.READING, window="a")
    assert beat(incident=7, person=2, name="Dana", doing=Doing.READING) == [
        Present(1, "Tom", Doing.READING)
    ]


@pytest.mark.parametrize("window", ["x" * 500, "a b", "<", "ab-1"])
def test_what_a_window_calls_itself_does_not_matter(cast, incident, signed_in, window):
    path = f"/incidents/{incident.reference}/presence/"
    form = {"doing": "reading", "seen": "1", "window": window}
    assert signed_in(cast.tom).post(path, form).status_code == 200


@pytest.mark.parametrize("seen", ["9" * 5000, "-1", "x", "٣", ""])
def test_what_a_page_says_wrongly_of_the_journal_is_passed_over(cast, incident, signed_in, seen):
    responding.add_note(incident=incident, actor=cast.tess, text="Hers", at=LATER)
    response = tell(signed_in(cast.tom), incident, seen=seen)
    assert (response.status_code, words(response)) == (200, "")


def test_another_incident_is_another_room(cast, incident, signed_in):
    other = cast.file()
    tell(signed_in(cast.dana), other)
    assert words(tell(signed_in(cast.tom), incident)) == ""


def test_who_is_not_heard_of_any_more_is_gone():
    beat(incident=7, person=1, name="Tom", doing=Doing.READING)
    assert beat(incident=7, person=2, name="Dana", doing=Doing.READING) == [
        Present(1, "Tom", Doing.READING)
    ]
    cache.delete("presence-7-1-")
    assert beat(incident=7, person=2, name="Dana", doing=Doing.READING) == []


def test_nothing_of_it_lives_longer_than_it_must():
    beat(incident=7, person=1, name="Tom", doing=Doing.READING)
    store: Any = cache
    redis = store._cache.get_client()
    lives = {key.decode(): redis.ttl(key) for key in redis.keys("*presence-7*")}
    assert {key.rpartition(":")[2] for key in lives} == {"presence-7-all", "presence-7-1-"}
    assert 0 < lives[":1:presence-7-1-"] <= 25
    assert 0 < lives[":1:presence-7-all"] <= 3600


def test_what_others_did_meanwhile_is_offered(cast, incident, signed_in):
    seen, tom = incident.journal_length, signed_in(cast.tom)
    responding.add_note(incident=incident, actor=cast.tom, text="Mine", at=LATER)
    assert words(tell(tom, incident, seen=seen)) == ""
    responding.respond(incident=incident, actor=cast.tess, text="We look.", at=LATER)
    assert words(tell(tom, incident, seen=seen)) == "Tess acted on this incident meanwhile. Show"
    incident.refresh_from_db()
    assert words(tell(tom, incident)) == ""


@pytest.mark.parametrize("seen", ["", "x", "-1", "٣", "9" * 30])
def test_a_page_that_has_lost_count_is_told_nothing(cast, incident, signed_in, seen):
    responding.respond(incident=incident, actor=cast.tess, text="We look.", at=LATER)
    response = tell(signed_in(cast.tom), incident, seen=seen)
    assert (response.status_code, words(response)) == (200, "")


def test_without_the_cache_nobody_is_there_and_news_still_come(cast, incident, signed_in):
    tom, seen = signed_in(cast.tom), incident.journal_length
    responding.respond(incident=incident, actor=cast.tess, text="We look.", at=LATER)
    sessions = "django.contrib.sessions.backends.db"
    with override_settings(CACHES=AWAY, SESSION_ENGINE=sessions):
        response = tell(tom, incident, seen=seen)
        page = tom.get(f"/incidents/{incident.reference}/")
    assert words(response) == "Tess acted on this incident meanwhile. Show"
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("person", "status"),
    [("tom", 200), ("dana", 200), ("ada", 200), ("alice", 404), ("olga", 404), ("erik", 404)],
)
def test_only_colleagues_are_told(cast, incident, signed_in, person, status):
    tell(signed_in(cast.tess), incident)
    response = tell(signed_in(getattr(cast, person)), incident)
    assert response.status_code == status
    assert (b"Tess" in response.content) == (status == 200)


def test_a_customers_page_asks_nobody(cast, incident, signed_in):
    page = signed_in(cast.alice).get(f"/incidents/{incident.reference}/").content.decode()
    assert "presence" not in page
    assert "data-length" not in page


def test_it_costs_the_same_with_one_and_three_others(
    cast, incident, signed_in, django_assert_num_queries
):
    tom = signed_in(cast.tom)
    tell(tom, incident)
    for others in ([cast.tess], [cast.dana, cast.hanna]):
        for other in others:
            tell(signed_in(other), incident)
        with django_assert_num_queries(7):
            tell(tom, incident)
