"""Second factors: an authenticator app and recovery codes; required of staff, offered to all."""

import re
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from accounts.errors import NotAllowed
from accounts.models import SecondFactor
from accounts.signing_in import secrets
from accounts.signing_in.factors import reset_factors
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

SIGN_IN, CODE, OVERVIEW = "/sign-in/", "/sign-in/code/", "/security/"


@pytest.fixture(autouse=True)
def clean():
    cache.clear()


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR = True


def sign_in(client, person, **fields):
    return client.post(SIGN_IN, {"username": person.email, "password": PASSWORD, **fields})


def code_of(secret, *, away=0):
    return format_hotp_value(hotp_value(secret, int(clock.now().timestamp()) // 30 + away))


def set_up(client):
    """Set up an app as the page says; return its secret and where that leads."""
    secret = client.get("/security/app/").context["form"].secret
    return secret, client.post("/security/app/", {"code": code_of(secret)})


@pytest.fixture
def app(client, cast):
    """Alice's app, its secret; she is signed out."""
    sign_in(client, cast.alice)
    secret, _answer = set_up(client)
    client.post(reverse("logout"))
    cache.clear()  # so that the code of this half minute is good again
    return secret


def letters():
    relay.drain(HANDLERS)
    return list(Email.objects.order_by("pk").values_list("to_address", "subject"))


def test_a_contact_sets_up_an_app_and_is_shown_recovery_codes_once(client, cast):
    sign_in(client, cast.alice)

    _secret, answer = set_up(client)

    assert (answer.status_code, answer.url) == (302, "/security/recovery-codes/")
    page = client.get(answer.url)
    codes = page.context["unused_codes"]
    assert [len(code) for code in codes] == [8] * 10
    body = page.content.decode()
    assert all(f"<li>{code}</li>" in body for code in codes)
    (file,) = re.findall(r'href="(data:text/plain[^"]+)" download="recovery-codes.txt"', body)
    assert unquote(file).splitlines()[-10:] == codes
    again = client.get(answer.url).content.decode()
    assert not any(code in again for code in codes)
    assert letters() == [("alice@acme.example", "[Your account] An authenticator app is set up")]


def test_the_key_lies_encrypted(client, cast, app):
    (kept,) = Authenticator.objects.filter(type="totp").values_list("data__secret", flat=True)
    assert kept != app
    assert secrets.open_(kept) == app


def test_a_wrong_code_sets_nothing_up(client, cast):
    sign_in(client, cast.alice)
    client.get("/security/app/")

    page = client.post("/security/app/", {"code": "000000"})

    assert page.context["form"].errors["code"] == ["This code is not right."]
    assert not Authenticator.objects.exists()


def test_with_an_app_the_password_alone_does_not_let_in(client, cast, app):
    answer = sign_in(client, cast.alice, next="/incidents/new/")

    assert (answer.status_code, answer.url) == (302, CODE)
    assert client.get("/").url == "/sign-in/?next=/"
    assert client.get(OVERVIEW).url == "/sign-in/?next=/security/"
    page = client.post(CODE, {"code": "000000"})
    assert page.status_code == 422
    assert page.context["form"].errors["code"] == ["This code is not right."]
    answer = client.post(CODE, {"code": code_of(app)})
    assert (answer.status_code, answer.url) == (302, "/incidents/new/")
    assert client.get("/").status_code == 200


def test_a_code_is_good_once(client, cast, app):
    code = code_of(app)
    sign_in(client, cast.alice)
    client.post(CODE, {"code": code})
    client.post(reverse("logout"))
    sign_in(client, cast.alice)

    assert client.post(CODE, {"code": code}).status_code == 422


@pytest.mark.parametrize(("away", "status"), [(-2, 422), (-1, 302), (1, 302), (3, 422)])
def test_clocks_may_differ_by_half_a_minute(client, cast, app, away, status):
    sign_in(client, cast.alice)
    assert client.post(CODE, {"code": code_of(app, away=away)}).status_code == status


def test_after_five_wrong_codes_the_right_one_waits(client, cast, app):
    sign_in(client, cast.alice)
    for _time in range(5):
        client.post(CODE, {"code": "000000"})

    page = client.post(CODE, {"code": code_of(app)})

    assert page.context["form"].errors["code"] == [
        "Too many wrong codes. Please wait five minutes."
    ]


def test_a_recovery_code_stands_in_once(client, cast, app):
    code = SecondFactor.objects.get(type="recovery_codes").wrap().get_unused_codes()[3]
    sign_in(client, cast.alice)
    assert client.post(CODE, {"code": code}).url == "/"
    client.post(reverse("logout"))
    sign_in(client, cast.alice)
    assert client.post(CODE, {"code": code}).status_code == 422


def test_a_link_for_a_new_password_does_not_pass_the_second_factor_by(client, cast, app):
    from tests.accounts.test_passwords import ask, choose, letters, link

    ask(client, "alice@acme.example")
    answer = choose(client, link(letters()[-1]))

    assert (answer.status_code, answer.url) == (302, CODE)
    assert client.get("/").url == "/sign-in/?next=/"
    assert client.post(CODE, {"code": code_of(app)}).url == "/"


def test_an_administrator_passes_it_before_the_admin(client, cast, required):
    sign_in(client, cast.ada)
    secret, _answer = set_up(client)
    client.post(reverse("logout"))
    cache.clear()

    asked = client.post("/admin/login/?next=/admin/")
    assert asked.url == "/sign-in/?next=/admin/"
    assert sign_in(client, cast.ada, next="/admin/").url == CODE
    assert client.get("/admin/").status_code == 302
    assert client.post(CODE, {"code": code_of(secret)}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("person", ["tom", "tess", "dana", "erik", "hanna", "bruno", "ada"])
def test_staff_without_one_reach_nothing_but_its_setting_up(client, cast, required, person):
    sign_in(client, getattr(cast, person))

    for path in ("/", "/queue/", "/admin/", "/security/sessions/", "/security/password/"):
        assert client.get(path).url == OVERVIEW, path
    fragment = client.get("/queue/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (200, OVERVIEW)
    page = client.get(OVERVIEW)
    assert page.context["wanted"] is True
    set_up(client)
    assert client.get("/queue/").status_code == 200


def test_recovery_codes_alone_are_no_second_factor(client, cast, required):
    SecondFactor.objects.create(user=cast.tom, type="recovery_codes", data={})
    sign_in(client, cast.tom)
    assert client.get("/queue/").url == OVERVIEW


def test_contacts_need_none(client, cast, required):
    sign_in(client, cast.alice)
    assert client.get("/").status_code == 200
    assert client.get(OVERVIEW).context["wanted"] is False


def test_where_the_setting_is_off_staff_need_none_and_the_check_says_so(client, cast, capsys):
    sign_in(client, cast.tom)
    assert client.get("/queue/").status_code == 200
    call_command("check", "--deploy", "--tag", "security")
    assert "(msa.W001) Staff sign in without a second factor" in capsys.readouterr().err


def test_whoever_signed_in_long_ago_proves_it_again(client, cast, monkeypatch):
    sign_in(client, cast.alice)
    with clock.at(clock.now().replace(year=clock.now().year + 1)):
        answer = client.get("/security/app/")
    assert answer.url == "/security/confirmation/?next=%2Fsecurity%2Fapp%2F"
    wrong = client.post(answer.url, {"password": "wrong", "next": "/security/app/"})
    assert wrong.context["form"].errors["password"] == ["This password is not right."]
    right = client.post(answer.url, {"password": PASSWORD, "next": "/security/app/"})
    assert right.url == "/security/app/"


def test_a_session_that_proved_nothing_is_asked_first(signed_in, cast):
    client = signed_in(cast.alice)
    for path in (
        "/security/app/",
        "/security/passkeys/new/",
        "/security/recovery-codes/new/",
    ):
        assert client.get(path).url.startswith("/security/confirmation/"), path


def test_removing_the_app_takes_the_codes_along(client, cast, app):
    sign_in(client, cast.alice)
    client.post(CODE, {"code": code_of(app)})

    assert client.post("/security/app/removal/").url == OVERVIEW
    assert not Authenticator.objects.exists()
    assert letters()[-1] == (
        "alice@acme.example",
        "[Your account] Your authenticator app is removed",
    )


def test_new_codes_make_the_former_void(client, cast, app):
    sign_in(client, cast.alice)
    client.post(CODE, {"code": code_of(app)})
    former = SecondFactor.objects.get(type="recovery_codes").wrap().get_unused_codes()

    answer = client.post("/security/recovery-codes/new/")

    codes = client.get(answer.url).context["unused_codes"]
    assert set(codes) & set(former) == set()
    assert letters()[-1] == ("alice@acme.example", "[Your account] You have new recovery codes")


def test_an_administrator_resets_what_is_lost(client, signed_in, cast, app):
    sign_in(client, cast.alice)
    client.post(CODE, {"code": code_of(app)})
    factor = SecondFactor.objects.get(type="totp")

    answer = signed_in(cast.ada).post(
        "/admin/accounts/secondfactor/", {"action": "reset", "_selected_action": [factor.pk]}
    )

    assert answer.status_code == 302
    assert not Authenticator.objects.exists()
    assert client.get("/").url == "/sign-in/?next=/"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (
        cast.ada,
        str(cast.alice.pk),
        "Second factors removed, sessions ended.",
    )
    assert letters()[-1] == (
        "alice@acme.example",
        "[Your account] Your second factors are removed",
    )
    assert sign_in(client, cast.alice).url == "/"


def test_only_administrators_reset(cast, signed_in):
    with pytest.raises(NotAllowed):
        reset_factors(person=cast.alice, actor=cast.hanna, at=clock.now())
    assert signed_in(cast.hanna).get("/admin/accounts/secondfactor/").status_code == 403


def test_the_admin_shows_no_secret(signed_in, cast, app):
    body = signed_in(cast.ada).get("/admin/accounts/secondfactor/").content.decode()
    assert app not in body
    assert "secret" not in body
    for table in ("mfa/authenticator", "socialaccount/socialapp", "account/emailaddress"):
        assert signed_in(cast.ada).get(f"/admin/{table}/").status_code == 404


@pytest.mark.parametrize("language", ["fr", "zh-hans", "nl", "ru"])
def test_nothing_of_allauths_english_is_left(client, cast, app, language):
    """Every text of its own that these pages could show is one of ours, for the translators."""
    cast.alice.language = language
    cast.alice.save()
    sign_in(client, cast.alice)
    pages = [client.get(CODE), client.post(CODE, {"code": "1"})]
    client.post(CODE, {"code": code_of(app)})
    pages += [
        client.get(path)
        for path in (
            OVERVIEW,
            "/security/app/removal/",
            "/security/recovery-codes/new/",
            "/security/recovery-codes/",
            "/security/passkeys/new/",
        )
    ]
    theirs = (
        "Two-Factor Authentication",
        "Authenticator code",
        "Incorrect code",
        "Master key",
        "Passwordless",
        "Security key",
        "Reauthenticate",
        "Confirm Access",
    )
    for page in pages:
        assert page.status_code in {200, 422}
        assert [text for text in theirs if text in page.content.decode()] == []


def test_nothing_on_the_pages_is_inline(client, cast, app):
    sign_in(client, cast.alice)
    pages = [client.get(SIGN_IN), client.get(CODE)]
    client.post(CODE, {"code": code_of(app)})
    pages += [client.get(path) for path in (OVERVIEW, "/security/passkeys/new/")]
    for page in pages:
        body = page.content.decode()
        assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)[^>]*>", body) == []
