"""Passkeys: made, used as a second factor, and to sign in without a password."""

import json
import re
from html import unescape

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.actions.certificates import remove_contact
from accounts.models import SecondFactor
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.accounts.software_key import PRESENT, SoftwareKey
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

CODE, NEW, ALONE = "/sign-in/code/", "/security/passkeys/new/", "/sign-in/passkey/"
WRONG = "This code is not right."


@pytest.fixture(autouse=True)
def clean():
    cache.clear()


def sign_in(client, person):
    return client.post("/sign-in/", {"username": person.email, "password": PASSWORD})


def options(page):
    (text,) = re.findall(r'data-options="([^"]+)"', page.content.decode())
    return json.loads(unescape(text))["publicKey"]


def add(client, key, *, name="Telephone", **flags):
    credential = key.make(options(client.get(NEW)), **flags)
    sent = {"name": name, "credential": credential, "passwordless": "on"}
    return client.post(NEW, sent)


@pytest.fixture
def key(client, cast):
    """Alice's passkey; she is signed out."""
    key = SoftwareKey()
    sign_in(client, cast.alice)
    add(client, key)
    client.post(reverse("logout"))
    return key


def begin_alone(client):
    answer = client.get(ALONE, headers={"Accept": "application/json"})
    return answer.json()["request_options"]["publicKey"]


def test_a_passkey_is_made_and_told(client, cast):
    sign_in(client, cast.alice)

    answer = add(client, SoftwareKey())

    assert answer.url == "/security/recovery-codes/"
    assert [factor.wrap().name for factor in SecondFactor.objects.filter(type="webauthn")] == [
        "Telephone"
    ]
    relay.drain(HANDLERS)
    assert list(Email.objects.values_list("to_address", "subject")) == [
        ("alice@acme.example", "[Your account] A passkey is added")
    ]


def test_its_name_may_be_left_out(client, cast):
    sign_in(client, cast.alice)
    add(client, SoftwareKey(), name="")
    add(client, SoftwareKey(), name="")
    factors = SecondFactor.objects.filter(type="webauthn").order_by("pk")
    assert [factor.wrap().name for factor in factors] == ["Passkey", "Passkey 2"]


def test_the_second_step_by_a_passkey(client, cast, key):
    assert sign_in(client, cast.alice).url == CODE

    answer = client.post(CODE, {"credential": key.use(options(client.get(CODE)))})

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": 1}', "x"])
def test_what_is_no_passkey_does_not_let_in(client, cast, key, credential):
    sign_in(client, cast.alice)
    client.get(CODE)
    assert client.post(CODE, {"credential": credential}).status_code == 422
    assert client.get("/").url == "/sign-in/?next=/"


def test_another_site_s_answer_does_not_let_in(client, cast, key, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    sign_in(client, cast.alice)
    asked = options(client.get(CODE))
    key.origin = "https://elsewhere.example"
    assert client.post(CODE, {"credential": key.use(asked)}).status_code == 422


def test_another_key_and_an_old_challenge_do_not_let_in(client, cast, key):
    sign_in(client, cast.alice)
    first = options(client.get(CODE))
    second = options(client.get(CODE))
    assert client.post(CODE, {"credential": key.use(first)}).status_code == 422
    assert client.post(CODE, {"credential": SoftwareKey().use(second)}).status_code == 422


def test_without_a_password(client, cast, key):
    answer = client.post(ALONE, {"credential": key.use(begin_alone(client))})

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(cast.alice.pk)


def test_alone_it_must_have_verified_the_person(client, cast, key):
    asked = begin_alone(client)
    answer = client.post(ALONE, {"credential": key.use(asked, flags=PRESENT)})
    assert answer.url == "/sign-in/"
    assert str(list(client.get("/sign-in/").context["messages"])[-1]) == WRONG


def test_whoever_no_certificate_names_stays_outside(client, cast, key):
    remove_contact(contact=cast.alice.contact_slots.get())

    answer = client.post(ALONE, {"credential": key.use(begin_alone(client))})

    assert answer.url == "/sign-in/"
    assert client.get("/").url == "/sign-in/?next=/"


def test_a_closed_account_stays_closed(client, cast, key):
    cast.alice.is_active = False
    cast.alice.save()
    client.post(ALONE, {"credential": key.use(begin_alone(client))})
    assert client.get("/").url == "/sign-in/?next=/"


def test_it_is_renamed_and_removed_by_its_owner_only(client, signed_in, cast, key):
    factor = SecondFactor.objects.get(type="webauthn")
    client.post(ALONE, {"credential": key.use(begin_alone(client))})
    address = f"/security/passkeys/{factor.pk}/"

    assert client.post(address, {"name": "Old telephone"}).url == "/security/"
    factor.refresh_from_db()
    assert factor.wrap().name == "Old telephone"
    assert client.post(address, {"name": "x" * 61}).status_code == 200
    bob = type(client)()
    sign_in(bob, cast.bob)
    assert bob.get(address).status_code == 404
    assert bob.post(f"{address}removal/").status_code == 404
    assert client.post(f"{address}removal/").url == "/security/"
    assert not SecondFactor.objects.exists()


def test_a_passkey_satisfies_what_staff_need(client, cast, settings):
    settings.STAFF_SECOND_FACTOR = True
    sign_in(client, cast.tom)
    assert client.get("/queue/").url == "/security/"
    add(client, SoftwareKey())
    assert client.get("/queue/").status_code == 200
