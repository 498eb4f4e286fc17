"""Single sign-on: a real provider on loopback, and who gets in by it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.urls import reverse

from accounts.actions.certificates import remove_contact
from accounts.errors import NotAllowed
from accounts.models import BoundIdentity, Role, SingleSignOn, User
from accounts.signing_in import secrets
from accounts.signing_in.factors import release_identity
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.accounts.provider import running_provider
from tests.conftest import MONDAY_NINE, PASSWORD

pytestmark = pytest.mark.django_db

NOW = int(clock.now().timestamp())  # the library's own clock is the real one
BEGIN = "/sign-in/organisation/acme/"
ANSWER = "/sign-in/organisation/acme/answer/"
UNKNOWN = (
    "Your organisation knows you, but none of its certificates names you as a contact. "
    "Ask a contact of your organisation to have you added."
)
FAILED = "Single sign-on did not succeed. Please try again, or ask your organisation."
ONLY = "Your organisation has its people sign in by single sign-on only."


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture(scope="module")
def running():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running, cast):
    """A provider of Acme that vouches for Alice."""
    running.claims = {
        "iss": running.issuer,
        "aud": "desk",
        "sub": "acme-alice",
        "email": "Alice@acme.example",
        "email_verified": True,
        "iat": NOW,
        "exp": NOW + 7200,
    }
    running.userinfo, running.signing_key = {}, None
    running.token_requests.clear()
    connect(running, cast.acme)
    return running


def connect(provider, customer, *, name="acme", **settings):
    return SingleSignOn.objects.create(
        provider="openid_connect",
        provider_id=name,
        name=name.title(),
        client_id="desk",
        settings={
            "server_url": provider.issuer,
            "customer": customer.pk,
            "domains": [f"{name}.example"],
            "only": False,
            "trusts_addresses": False,
            "closed_secret": secrets.close("the client's secret"),
            **settings,
        },
    )


def come_back(client, **answer):
    """Go to the provider and come back with its code."""
    gone = client.get(BEGIN)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(gone.url).query).items()}
    return client.get(ANSWER, {"code": "one-time", "state": asked["state"], **answer})


def said(client):
    return [str(message) for message in client.get("/sign-in/").context["messages"]]


def test_a_contact_of_the_customer_gets_in_and_is_bound(client, provider, cast):
    answer = come_back(client)

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").status_code == 200
    assert list(SocialAccount.objects.values_list("user__name", "provider", "uid")) == [
        ("Alice", "acme", "acme-alice")
    ]


def test_the_request_has_a_state_a_challenge_and_our_address(client, provider):
    asked = parse_qs(urlsplit(client.get(BEGIN).url).query)

    assert asked["client_id"] == ["desk"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == ["http://testserver/sign-in/organisation/acme/answer/"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 16


def test_the_secret_goes_to_the_provider_and_lies_encrypted(client, provider):
    come_back(client)

    (sent,) = provider.token_requests
    assert sent["client_secret"] == ["the client's secret"]
    kept = SingleSignOn.objects.get()
    assert kept.secret == ""
    assert "secret" not in kept.settings["closed_secret"]


def test_whoever_is_bound_comes_in_by_the_subject_whatever_the_address(client, provider, cast):
    come_back(client)
    client.post(reverse("logout"))
    provider.claims |= {"email": "elsewhere@acme.example", "email_verified": False}

    assert come_back(client).url == "/"
    assert client.session["_auth_user_id"] == str(cast.alice.pk)


def test_the_binding_is_told_by_a_letter(client, provider):
    come_back(client)
    relay.drain(HANDLERS)

    assert list(Email.objects.values_list("to_address", "subject")) == [
        ("alice@acme.example", "[Your account] Your organisation's single sign-on is in use")
    ]


def test_an_unverified_address_finds_nobody(client, provider):
    for verified in (False, None, "true"):
        provider.claims["email_verified"] = verified
        assert come_back(client).url == "/sign-in/"
        assert said(client) == [
            "Your organisation does not say that your e-mail address is verified, so we cannot "
            "know you by it. Please tell whoever runs its single sign-on."
        ]
    assert not SocialAccount.objects.exists()


def test_a_provider_whose_addresses_are_trusted_need_not_say_so(client, provider):
    del provider.claims["email_verified"]
    connection = SingleSignOn.objects.get()
    connection.settings["trusts_addresses"] = True
    connection.save()

    assert come_back(client).url == "/"


@pytest.mark.parametrize(
    "email", ["olga@globex.example", "tom@northlight.example", "new@acme.example"]
)
def test_nobody_else_gets_in_and_nobody_is_entered(client, provider, email):
    provider.claims["email"] = email
    people = User.objects.count()

    assert come_back(client).url == "/sign-in/"
    assert said(client) == [UNKNOWN]
    assert (User.objects.count(), SocialAccount.objects.count()) == (people, 0)
    assert client.get("/").url == "/sign-in/?next=/"


def test_a_binding_does_not_follow_to_another_customer(client, provider, cast):
    SocialAccount.objects.create(user=cast.olga, provider="acme", uid="acme-alice")

    assert come_back(client).url == "/sign-in/"
    assert said(client) == [UNKNOWN]


def test_whoever_no_certificate_names_stays_outside(client, provider, cast):
    remove_contact(contact=cast.alice.contact_slots.get())

    assert come_back(client).url == "/sign-in/"
    assert said(client) == [
        "No certificate names you as a contact, so you cannot sign in. "
        "Ask a contact of your organisation to have you added."
    ]


def test_an_address_that_has_gone_to_somebody_new_does_not_get_the_former_persons_place(
    client, provider, cast
):
    come_back(client)
    client.post(reverse("logout"))
    provider.claims["sub"] = "acme-alicia"

    assert come_back(client).url == "/sign-in/"
    assert said(client) == [
        "You are known here as somebody else at your organisation's single sign-on. "
        "Please have our administrators release you."
    ]
    identity = BoundIdentity.objects.get()
    with pytest.raises(NotAllowed):
        release_identity(identity=identity, actor=cast.tom)
    release_identity(identity=identity, actor=cast.ada)
    assert come_back(client).url == "/"


def wrong_audience(provider):
    provider.claims["aud"] = "another"


def wrong_party(provider):
    provider.claims |= {"aud": ["desk", "another"], "azp": "another"}


def wrong_issuer(provider):
    provider.claims["iss"] = "https://elsewhere.example"


def too_old(provider):
    provider.claims["exp"] = NOW - 60


def wrong_signature(provider):
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def no_subject(provider):
    del provider.claims["sub"]


def another_in_userinfo(provider):
    del provider.claims["email"]
    provider.userinfo = {"sub": "x", "email": "alice@acme.example", "email_verified": True}


@pytest.mark.parametrize(
    "spoil",
    [
        wrong_audience,
        wrong_party,
        wrong_issuer,
        too_old,
        wrong_signature,
        no_subject,
        another_in_userinfo,
    ],
)
def test_a_token_that_is_not_right_lets_nobody_in(client, provider, spoil):
    spoil(provider)

    assert come_back(client).url == "/sign-in/"
    assert said(client) == [FAILED]
    assert not SocialAccount.objects.exists()


def test_the_address_may_come_from_userinfo(client, provider):
    del provider.claims["email"], provider.claims["email_verified"]
    provider.userinfo = {
        "sub": "acme-alice",
        "email": "alice@acme.example",
        "email_verified": True,
    }

    assert come_back(client).url == "/"


def test_an_answer_without_our_state_is_none(client, provider):
    assert come_back(client, state="made-up").url == "/sign-in/"
    assert said(client) == [FAILED]
    assert provider.token_requests == []


def test_cancelling_there_leads_back(client, provider):
    state = parse_qs(urlsplit(client.get(BEGIN).url).query)["state"][0]

    answer = client.get(ANSWER, {"error": "access_denied", "state": state})

    assert answer.url == "/sign-in/"
    assert said(client) == ["You did not sign in at your organisation."]


def test_an_identity_is_not_bound_to_whoever_is_signed_in(client, signed_in, provider, cast):
    client = signed_in(cast.bob)
    gone = client.get(BEGIN, {"process": "connect"})
    state = parse_qs(urlsplit(gone.url).query)["state"][0]

    assert client.get(ANSWER, {"code": "c", "state": state}).url == "/sign-in/"
    assert not SocialAccount.objects.exists()


def test_a_provider_that_is_away_is_said_to_be(client, provider):
    connection = SingleSignOn.objects.get()
    connection.settings["server_url"] = "http://127.0.0.1:9"
    connection.save()

    assert client.get(BEGIN).url == "/sign-in/"
    assert said(client) == [FAILED]


def test_a_provider_that_there_is_not(client, provider):
    assert client.get("/sign-in/organisation/nobody/").status_code == 404


def test_the_address_leads_to_the_provider_whoever_has_it(client, provider):
    for email in ("alice@acme.example", "Nobody@ACME.example"):
        page = client.get("/sign-in/organisation/", {"email": email, "next": "/incidents/new/"})
        assert page.status_code == 200
        assert f'href="{BEGIN}?next=/incidents/new/"' in page.content.decode()


def test_an_address_of_no_provider_is_told_and_kept(client, provider):
    page = client.get("/sign-in/organisation/", {"email": "a@globex.example"})

    assert page.context["form"].errors["email"] == [
        "No single sign-on is set up for this address. Sign in with your password."
    ]
    assert page.context["form"]["email"].value() == "a@globex.example"


def test_the_sign_in_page_offers_it_only_where_there_is_one(client, cast, running):
    assert "Sign in at your organisation" not in client.get("/sign-in/").content.decode()
    connect(running, cast.acme)
    assert "Sign in at your organisation" in client.get("/sign-in/").content.decode()


def test_where_it_is_the_only_way_no_password_helps(client, provider, cast):
    connection = SingleSignOn.objects.get()
    connection.settings["only"] = True
    connection.save()

    answer = client.post("/sign-in/", {"username": "alice@acme.example", "password": PASSWORD})
    assert answer.context["form"].non_field_errors() == [ONLY]
    wrong = client.post("/sign-in/", {"username": "alice@acme.example", "password": "wrong"})
    assert wrong.context["form"].non_field_errors() == [
        "There is nobody with this e-mail and password."
    ]
    olga = client.post("/sign-in/", {"username": "olga@globex.example", "password": PASSWORD})
    assert olga.status_code == 302
    assert come_back(client).url == "/"


def fields(cast, provider, **changed):
    return {
        "name": "Acme",
        "customer": str(cast.acme.pk),
        "domains": "Acme.example\n@acme.test",
        "only": "on",
        "issuer": provider.issuer + "/",
        "client_id": "desk",
        "new_secret": "hush",
        **changed,
    }


def test_an_administrator_enters_one_and_never_sees_the_secret_again(signed_in, running, cast):
    client = signed_in(cast.ada)

    answer = client.post("/admin/accounts/singlesignon/add/", fields(cast, running))

    assert answer.status_code == 302
    made = SingleSignOn.objects.get()
    assert (made.provider_id, made.issuer, made.customer_key, made.domains, made.only) == (
        "acme",
        running.issuer,
        cast.acme.pk,
        ["acme.example", "acme.test"],
        True,
    )
    assert secrets.open_(made.settings["closed_secret"]) == "hush"
    page = client.get(f"/admin/accounts/singlesignon/{made.pk}/change/").content.decode()
    assert "hush" not in page
    assert made.settings["closed_secret"] not in page
    assert "http://testserver/sign-in/organisation/acme/answer/" in page
    client.post(
        f"/admin/accounts/singlesignon/{made.pk}/change/",
        fields(cast, running, new_secret="", name="Acme & Co"),
    )
    made = SingleSignOn.objects.get()
    assert (made.name, made.provider_id) == ("Acme & Co", "acme")
    assert secrets.open_(made.settings["closed_secret"]) == "hush"


@pytest.mark.parametrize(
    ("changed", "field", "error"),
    [
        ({"new_secret": ""}, "new_secret", "A new connection needs the client secret."),
        (
            {"domains": "no domain"},
            "domains",
            "“no” is no domain; expected one such as example.com.",
        ),
        (
            {"issuer": "http://127.0.0.1:9"},
            "issuer",
            "There is no OpenID Connect provider that names itself so: check the address.",
        ),
    ],
)
def test_what_is_wrong_with_a_connection_is_told(signed_in, running, cast, changed, field, error):
    page = signed_in(cast.ada).post(
        "/admin/accounts/singlesignon/add/", fields(cast, running, **changed)
    )
    assert page.context["adminform"].form.errors[field] == [error]


def test_a_provider_speaks_https(signed_in, running, cast, settings):
    client = signed_in(cast.ada)
    settings.SESSION_COOKIE_SECURE = True
    client.cookies["sessionid"]["secure"] = ""
    page = client.post("/admin/accounts/singlesignon/add/", fields(cast, running))
    assert page.context["adminform"].form.errors["issuer"] == [
        "The address of a provider begins with https://."
    ]


def test_a_customer_and_a_domain_have_one_provider(signed_in, provider, cast):
    page = signed_in(cast.ada).post("/admin/accounts/singlesignon/add/", fields(cast, provider))
    assert page.context["adminform"].form.errors == {
        "customer": ["This customer has a single sign-on already."],
        "domains": ["acme.example belongs to Acme already."],
    }


@pytest.mark.parametrize("person", ["tom", "hanna", "alice"])
def test_only_administrators_see_connections(signed_in, provider, cast, person):
    client = signed_in(getattr(cast, person))
    assert client.get("/admin/accounts/singlesignon/").status_code == 403


def test_roles_are_those_of_the_person(provider, client):
    come_back(client)
    assert User.objects.get(email="alice@acme.example").role == Role.CONTACT
