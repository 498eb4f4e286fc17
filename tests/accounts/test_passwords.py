"""Forgotten passwords: the same answer for everybody, a link for those who may sign in."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisGone

from accounts.actions.certificates import remove_contact
from accounts.notifications import LETTERS
from accounts.views import limits
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email, Message
from tests.conftest import MONDAY_NINE, PASSWORD

pytestmark = pytest.mark.django_db

FORGOTTEN = "/password/forgotten/"
SENT = "/password/forgotten/sent/"
NEW = "a quiet harbour"


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


def ask(client, email, **request):
    return client.post(FORGOTTEN, {"email": email}, **request)


def letters():
    relay.drain(LETTERS)
    return list(Email.objects.filter(subject__contains="password").order_by("pk"))


def link(mail):
    found = re.search(r"http://testserver(/\S+)", mail.text)
    assert found is not None
    return found.group(1)


def choose(client, path, password=NEW):
    page = client.get(path, follow=True)
    if page.status_code != 200:
        return page
    address = page.redirect_chain[-1][0]
    return client.post(address, {"new_password1": password, "new_password2": password})


def test_the_sign_in_page_leads_here(client, cast):
    assert f'<a href="{FORGOTTEN}">Forgotten your password?</a>' in (
        client.get("/sign-in/").content.decode()
    )
    assert client.get(FORGOTTEN).status_code == 200


@pytest.mark.parametrize(
    ("email", "written_to"),
    [
        ("bob@acme.example", ["bob@acme.example"]),
        (" BOB@Acme.example", ["bob@acme.example"]),
        ("ada@northlight.example", ["ada@northlight.example"]),
        ("nobody@acme.example", []),
        ("removed@acme.example", []),
        ("closed@northlight.example", []),
    ],
)
def test_everybody_reads_the_same_and_some_get_a_letter(client, cast, email, written_to):
    cast.alice.email = "removed@acme.example"
    cast.alice.save()
    remove_contact(contact=cast.alice.contact_slots.get())
    cast.erik.email, cast.erik.is_active = "closed@northlight.example", False
    cast.erik.save()

    answer = ask(client, email)

    assert (answer.status_code, answer.url) == (302, SENT)
    assert Message.objects.filter(topic="people.password_forgotten").count() == 1
    assert "a link is on its way. It is good once, for 24 hours." in " ".join(
        client.get(SENT).content.decode().split()
    )
    assert [mail.to_address for mail in letters()] == written_to


def test_the_same_work_is_done_for_an_unknown_address(client, cast, django_assert_num_queries):
    for email in ("bob@acme.example", "nobody@acme.example"):
        with django_assert_num_queries(5):
            ask(client, email)


def test_the_link_sets_a_password_and_ends_other_sessions(client, signed_in, cast):
    elsewhere = signed_in(cast.bob)
    ask(client, "bob@acme.example")
    (mail,) = letters()

    answer = choose(client, link(mail))

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").url == "/sign-in/?next=/"
    cast.bob.refresh_from_db()
    assert cast.bob.check_password(NEW)


def test_the_link_is_good_for_a_day_and_once(client, cast):
    ask(client, "bob@acme.example")
    path = link(letters()[0])
    with clock.at(MONDAY_NINE + timedelta(days=1, seconds=1)):
        page = client.get(path)
    assert page.status_code == 410
    assert "This link has been used, or it is too old. Ask for a new one" in page.content.decode()
    choose(client, path)
    client.logout()
    assert client.get(path).status_code == 410


def test_to_sign_in_makes_the_link_void(client, cast):
    ask(client, "bob@acme.example")
    path = link(letters()[0])
    client.post("/sign-in/", {"username": "bob@acme.example", "password": PASSWORD})
    assert client.get(path).status_code == 410


def test_the_letter_of_a_removed_contact_is_void(client, cast):
    ask(client, "bob@acme.example")
    path = link(letters()[0])
    remove_contact(contact=cast.bob.contact_slots.get())
    page = client.get(path)
    assert page.status_code == 410
    assert "No certificate names you as a contact any more" in page.content.decode()


@pytest.mark.parametrize("email", ["", "nope", "a" * 260 + "@acme.example"])
def test_what_is_no_address_is_told_and_kept(client, cast, email):
    answer = ask(client, email)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["email"]
    assert answer.context["form"]["email"].value() == email


def test_one_letter_in_five_minutes_is_enough(client, cast):
    for minutes in (0, 1, 4):
        with clock.at(MONDAY_NINE + timedelta(minutes=minutes)):
            ask(client, "bob@acme.example")
    assert len(letters()) == 1
    with clock.at(MONDAY_NINE + timedelta(minutes=5)):
        ask(client, "bob@acme.example")
    assert len(letters()) == 2


def test_one_address_is_asked_for_five_times_an_hour_and_nobody_sees_it(client, cast):
    answers = [ask(client, "bob@acme.example").url for _time in range(7)]
    assert answers == [SENT] * 7
    assert Message.objects.filter(topic="people.password_forgotten").count() == 5


def test_from_one_network_it_is_asked_twenty_times_an_hour(client, cast):
    answers = [ask(client, f"p{number}@acme.example").status_code for number in range(21)]
    assert answers == [302] * 20 + [429]
    held_up = ask(client, "bob@acme.example")
    assert 1 <= int(held_up["Retry-After"]) <= 3600
    assert "Too many passwords were asked for from here." in held_up.content.decode()
    assert held_up.context["form"]["email"].value() == "bob@acme.example"
    assert ask(client, "bob@acme.example", REMOTE_ADDR="192.0.2.7").status_code == 302


def test_without_redis_nobody_is_held_up(client, cast, monkeypatch):
    def gone(*_arguments, **_named):
        raise RedisGone("no Redis")

    monkeypatch.setattr(limits, "get_usage", gone)
    assert [ask(client, "bob@acme.example").status_code for _time in range(25)] == [302] * 25
    assert len(letters()) == 1


def test_whoever_is_signed_in_has_not_forgotten(signed_in, cast):
    assert signed_in(cast.bob).get(FORGOTTEN).url == "/"


def test_nothing_on_the_pages_is_inline_or_kept(client, cast):
    ask(client, "bob@acme.example")
    for path in (FORGOTTEN, SENT, link(letters()[0])):
        page = client.get(path, follow=True)
        body = page.content.decode()
        assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)[^>]*>", body) == []
    assert "no-store" in page["Cache-Control"]
