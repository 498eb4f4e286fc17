"""Signing in and out, and the language and colours that a person chooses."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisGone

from accounts.actions.certificates import remove_contact
from accounts.views import limits
from msa import clock
from tests.conftest import MONDAY_NINE, PASSWORD

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in/"
NOBODY = "There is nobody with this e-mail and password."


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


def sign_in(client, email: str, password: str = PASSWORD, **fields: str):
    return client.post(SIGN_IN, {"username": email, "password": password, **fields})


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def errors(response) -> list[str]:
    return list(response.context["form"].non_field_errors())


def test_the_page_asks_for_e_mail_and_password_and_offers_five_languages(client, cast):
    page = client.get(SIGN_IN)

    assert page.status_code == 200
    body = page.content.decode()
    assert re.findall(r'<label for="\w+">([^<]+)', body) == ["E-mail", "Password"]
    assert re.findall(r'name="language" value="([\w-]+)"', body) == [
        "en",
        "fr",
        "zh-hans",
        "nl",
        "ru",
    ]


def test_a_contact_comes_home(client, cast):
    answer = sign_in(client, "alice@acme.example")

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("person", ["tom", "tess", "dana", "erik", "hanna", "bruno", "ada"])
def test_staff_go_on_to_the_queue(client, cast, person):
    sign_in(client, f"{person}@northlight.example")

    answer = client.get("/")

    assert (answer.status_code, answer.url) == (302, "/queue/")


def test_letter_case_and_blanks_of_the_e_mail_do_not_matter(client, cast):
    assert sign_in(client, "  Alice@ACME.example ").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [("alice@acme.example", "wrong"), ("nobody@acme.example", PASSWORD)],
)
def test_a_wrong_password_and_an_unknown_person_read_the_same(client, cast, email, password):
    answer = sign_in(client, email, password)

    assert (answer.status_code, errors(answer)) == (200, [NOBODY])


def test_somebody_whose_account_is_closed_reads_the_same(client, cast):
    cast.tom.is_active = False
    cast.tom.save()

    assert errors(sign_in(client, "tom@northlight.example")) == [NOBODY]


def test_a_contact_whom_no_certificate_names_is_told_so(client, cast):
    remove_contact(contact=cast.bob.contact_slots.get())

    answer = sign_in(client, "bob@acme.example")

    assert errors(answer) == [
        "No certificate names you as a contact, so you cannot sign in. "
        "Ask a contact of your organisation to have you added."
    ]
    assert client.get("/").url == "/sign-in/?next=/"


def test_with_a_wrong_password_nobody_learns_whether_a_certificate_names_them(client, cast):
    remove_contact(contact=cast.bob.contact_slots.get())

    assert errors(sign_in(client, "bob@acme.example", "wrong")) == [NOBODY]


@pytest.mark.parametrize("email", ["alice@acme.example", "nobody@acme.example"])
def test_after_ten_failures_for_an_address_no_password_is_judged(client, cast, email):
    answers = [sign_in(client, email, "wrong").status_code for _time in range(11)]
    assert answers == [200] * 10 + [429]
    held_up = sign_in(client, f" {email.title()} ")
    assert held_up.status_code == 429
    assert 1 <= int(held_up["Retry-After"]) <= 900
    assert re.fullmatch(
        r"Signing in has failed too often\. Please wait \d+ minutes?, or choose a new password\.",
        errors(held_up)[0],
    )
    assert client.get("/").url == "/sign-in/?next=/"
    assert sign_in(client, "bob@acme.example").status_code == 302


def test_after_fifty_failures_from_a_network_it_waits_and_others_do_not(client, cast):
    answers = [sign_in(client, f"p{n}@acme.example", "wrong").status_code for n in range(51)]
    assert answers == [200] * 50 + [429]
    assert sign_in(client, "alice@acme.example").status_code == 429
    elsewhere = {"username": "alice@acme.example", "password": PASSWORD}
    assert client.post(SIGN_IN, elsewhere, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_who_signs_in_or_is_named_nowhere_has_not_failed(client, cast):
    remove_contact(contact=cast.bob.contact_slots.get())
    for _time in range(12):
        assert sign_in(client, "alice@acme.example").status_code == 302
        client.post(reverse("logout"))
        assert sign_in(client, "bob@acme.example").status_code == 200


def test_what_is_left_empty_is_no_failure(client, cast):
    answers = [sign_in(client, "alice@acme.example", "").status_code for _time in range(12)]
    assert answers == [200] * 12
    assert sign_in(client, "alice@acme.example").status_code == 302


def test_without_redis_signing_in_is_not_limited(client, cast, monkeypatch):
    def gone(*_arguments, **_named):
        raise RedisGone("no Redis")

    monkeypatch.setattr(limits, "get_usage", gone)
    for _time in range(12):
        assert errors(sign_in(client, "alice@acme.example", "wrong")) == [NOBODY]
    assert sign_in(client, "alice@acme.example").status_code == 302


def test_a_removed_contact_is_out_at_the_next_request(signed_in, cast):
    client = signed_in(cast.bob)
    assert client.get("/").status_code == 200
    remove_contact(contact=cast.bob.contact_slots.get())

    answer = client.get("/", follow=True)

    assert answer.redirect_chain == [("/sign-in/", 302)]
    assert "No certificate names you as a contact any more; you cannot sign in." in words(answer)


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/incidents/new/", "/incidents/new/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
    ],
)
def test_signing_in_leads_on_within_the_product_only(client, cast, wanted, led_to):
    assert sign_in(client, "alice@acme.example", next=wanted).url == led_to


def test_whoever_is_signed_in_need_not_sign_in(signed_in, cast):
    assert signed_in(cast.alice).get(SIGN_IN).url == "/"


def test_signing_out(signed_in, cast):
    client = signed_in(cast.alice)

    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == "/sign-in/"
    assert client.get("/").url == "/sign-in/?next=/"
    assert client.post(reverse("logout")).url == "/sign-in/"


def test_the_language_of_somebody_signed_in_is_theirs_everywhere(signed_in, cast):
    answer = signed_in(cast.alice).post("/language/", {"language": "nl", "next": "/incidents/new/"})

    cast.alice.refresh_from_db()
    assert (answer.status_code, answer.url) == (302, "/incidents/new/")
    assert cast.alice.language == "nl"
    assert answer.cookies["django_language"].value == "nl"
    page = signed_in(cast.alice).get("/")
    assert page.headers["Content-Language"] == "nl"


def test_before_sign_in_a_cookie_keeps_the_language(client, cast):
    answer = client.post("/language/", {"language": "ru", "next": "/sign-in/"})

    assert answer.cookies["django_language"].value == "ru"
    assert client.get(SIGN_IN).headers["Content-Language"] == "ru"


def test_a_language_that_is_not_offered_changes_nothing(signed_in, cast):
    answer = signed_in(cast.alice).post(
        "/language/", {"language": "tlh", "next": "https://elsewhere.example/"}
    )

    cast.alice.refresh_from_db()
    assert (answer.url, cast.alice.language, dict(answer.cookies)) == ("/", "en", {})
    assert signed_in(cast.alice).get("/language/").status_code == 405


def test_colours_are_kept_in_a_cookie(client, cast):
    answer = client.post("/theme/", {"theme": "dark", "next": "/sign-in/"})

    assert (answer.url, answer.cookies["theme"].value) == ("/sign-in/", "dark")
    assert 'data-theme="dark"' in client.get(SIGN_IN).content.decode()


def test_unknown_colours_and_foreign_addresses_are_ignored(client, cast):
    answer = client.post("/theme/", {"theme": "pink", "next": "https://elsewhere.example/"})

    assert (answer.url, dict(answer.cookies)) == ("/", {})


@pytest.mark.django_db
def test_who_is_signed_in_is_not_sent_to_sign_in_again(cast, signed_in):
    response = signed_in(cast.tom).get("/sign-in/?next=/sign-in/")
    assert (response.status_code, response["Location"]) == (302, "/")
