"""The public page that tells whether a certificate is genuine, and nothing else (SPEC 3)."""

import re
import secrets
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client, RequestFactory, override_settings
from redis.exceptions import ConnectionError as NoRedis

from accounts.actions import certificates
from accounts.client_address import client_network
from accounts.models import Customer
from accounts.models.certificate import VERIFICATION_ALPHABET
from accounts.tenancy import set_scope
from accounts.verification import find_genuine, read_code
from msa import clock
from tests.conftest import MONDAY_NINE, StaffSightClient, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]

CODE = "0123456789AB"
PROXY = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}


@pytest.fixture(autouse=True)
def monday_nine():
    cache.clear()
    with clock.at(MONDAY_NINE):
        yield
    cache.clear()


@pytest.fixture
def cast(staff_scope, monkeypatch):
    """Everyone; the first version of Acme's certificate has a known code."""
    letters, at_random = iter(CODE), secrets.choice

    def choice(alphabet):
        known = next(letters, None) if alphabet == VERIFICATION_ALPHABET else None
        return known or at_random(alphabet)

    monkeypatch.setattr(secrets, "choice", choice)
    return make_cast()


@pytest.fixture
def certificate(cast):
    return cast.certificate


def text(response) -> list[str]:
    """Return the lines that a reader sees on the page."""
    body = response.content.decode().partition("<main")[2].partition("</main>")[0]
    lines = re.sub(r"<[^>]*>", "\n", "<" + body).split("\n")
    return [line.strip() for line in lines if line.strip()]


def revise(cast, at=MONDAY_NINE):
    certificates.revise_certificate(
        certificate=cast.certificate, products=[cast.product], actor=cast.ada, at=at
    )


def test_it_tells_number_version_validity_and_genuine_and_nothing_else():
    response = Client().get(f"/verify/{CODE}/")

    assert response.status_code == 200
    assert text(response) == [
        "Genuine",
        "It is the version in force.",
        *("Certificate", "MSA-1"),
        *("Version", "1"),
        *("First day", "Jan. 1, 2026"),
        *("Last day", "Dec. 31, 2026"),
        "Ask about another code",
    ]
    body = response.content.decode()
    assert [word for word in ("Acme", "Alice", "Tom", "Paris", "enterprise") if word in body] == []


def test_an_unknown_code_is_not_found():
    response = Client().get("/verify/ZZZZZZZZZZZZ/")

    assert response.status_code == 404
    assert text(response)[:2] == ["Not known", "No certificate of ours bears this code."]


def test_what_cannot_be_a_code_is_not_found_either():
    assert Client().get("/verify/MSA-1/").status_code == 404
    assert Client().get(f"/verify/{'A' * 500}/").status_code == 404
    assert Client().get(f"/verify/{CODE}A/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0123456789AB", "0123456789AB"),
        ("0123-4567-89ab", "0123456789AB"),
        (" 0123 4567 89AB ", "0123456789AB"),
        ("0123–4567—89AB", "0123456789AB"),
        ("oi23-4567-89ab", "0123456789AB"),
        ("OL23456789AB", "0123456789AB"),
        ("0123456789A", ""),
        ("0123456789ABC", ""),
        ("0123456789AU", ""),
        ("٠123456789AB", ""),
        ("0" * 65, ""),
        ("", ""),
    ],
)
def test_codes_are_read_as_people_write_them(typed, meant):
    assert read_code(typed) == meant


@pytest.mark.parametrize("path", ["/verify/oi23-4567-89ab/", "/verify/0123%204567%2089AB/"])
def test_an_address_may_be_written_by_hand(path):
    assert Client().get(path).status_code == 200


class TestStanding:
    def told(self, code: str = CODE, at: datetime = MONDAY_NINE) -> str:
        found = find_genuine(code, at)
        assert found is not None
        return str(found.standing.label)

    def test_replaced(self, cast, certificate):
        certificate.valid_until = date(2027, 12, 31)
        revise(cast)
        second = certificate.versions.get(number=2).code

        assert self.told() == "It was replaced by a newer version."
        assert self.told(second) == "It is the version in force."
        found = find_genuine(CODE, MONDAY_NINE)
        assert found is not None
        assert (found.version, found.valid_until) == (1, date(2026, 12, 31))

    def test_revoked(self, certificate):
        certificates.revoke_certificate(
            certificate=certificate, reason="Unpaid.", actor=None, at=MONDAY_NINE
        )

        assert self.told() == "It was revoked."

    def test_its_days_are_those_of_the_office(self):
        assert self.told(at=datetime(2025, 12, 31, 22, 59, tzinfo=UTC)) == "It is not in force yet."
        assert self.told(at=datetime(2025, 12, 31, 23, 0, tzinfo=UTC)) == (
            "It is the version in force."
        )
        assert self.told(at=datetime(2026, 12, 31, 22, 59, tzinfo=UTC)) == (
            "It is the version in force."
        )
        assert self.told(at=datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == "It has ended."

    def test_a_number_that_was_corrected_is_told_as_it_was_printed(self, cast, certificate):
        certificate.number = "MSA-100"
        revise(cast)

        found = find_genuine(CODE, MONDAY_NINE)

        assert found is not None
        assert found.number == "MSA-1"


class TestScope:
    def test_one_statement_is_all_that_is_asked(self, django_assert_num_queries):
        with django_assert_num_queries(5):  # savepoint, scope, version, rollback, release
            find_genuine(CODE, MONDAY_NINE)

    def test_the_scope_ends_with_the_look_up(self, cast):
        with transaction.atomic():
            set_scope(customers=[cast.globex.pk])
            assert find_genuine(CODE, MONDAY_NINE) is not None
            assert [one.name for one in Customer.objects.all()] == ["Globex"]

    def test_a_signed_in_outsider_reads_the_same_and_no_more(self, cast, signed_in):
        response = signed_in(cast.olga).get(f"/verify/{CODE}/")

        assert text(response) == text(Client().get(f"/verify/{CODE}/"))
        assert "Acme" not in response.content.decode()


class TestForm:
    def test_it_asks_for_a_code(self, client):
        response = client.get("/verify/")

        assert response.status_code == 200
        assert text(response)[:4] == [
            "Is a certificate genuine?",
            "Each version of a certificate of Northlight bears a code. "
            "Whoever has it can ask here.",
            "Code",
            "It stands at the foot of the certificate, such as AB12-CD34-EF56.",
        ]

    def test_it_leads_to_the_answer(self, client):
        response = client.get("/verify/", {"code": "oi23 4567 89ab"})

        assert (response.status_code, response["Location"]) == (302, f"/verify/{CODE}/")

    @pytest.mark.parametrize(
        ("typed", "error"),
        [
            ("", "This field is required."),
            ("MSA-1", "This is no code: a code has 12 letters and digits."),
        ],
    )
    def test_what_is_no_code_is_said_and_stays(self, client, typed, error):
        response = client.get("/verify/", {"code": typed})

        assert response.status_code == 200
        assert response.context["form"].errors == {"code": [error]}
        assert response.context["form"]["code"].value() == typed


@pytest.mark.parametrize("path", ["/verify/", f"/verify/{CODE}/", "/verify/ZZZZZZZZZZZZ/"])
def test_no_cookie_no_cache_no_index(path):
    response = Client().get(path)

    assert dict(response.cookies) == {}
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in response.content.decode()


def test_it_speaks_the_browsers_language():
    response = Client().get(f"/verify/{CODE}/", headers={"accept-language": "nl"})

    assert response["Content-Language"] == "nl"
    assert "31 december 2026" in text(response)


@pytest.mark.parametrize("path", ["/verify/", f"/verify/{CODE}/"])
def test_it_is_only_read(path):
    assert Client().post(path).status_code == 405


class TestLimit:
    def ask(self, count: int, **extra: Any) -> list[int]:
        client = StaffSightClient()
        return [client.get("/verify/ZZZZZZZZZZZZ/", **extra).status_code for _ in range(count)]

    def test_the_twenty_first_in_a_minute_waits_and_another_address_goes_on(self):
        with patch("django_ratelimit.core.time.time", return_value=1_800_000_000):
            assert self.ask(21, REMOTE_ADDR="192.0.2.1") == [404] * 20 + [429]
            response = Client().get(f"/verify/{CODE}/", REMOTE_ADDR="192.0.2.1")
            assert self.ask(1, REMOTE_ADDR="192.0.2.2") == [404]

        assert response.status_code == 429
        assert 1 <= int(response["Retry-After"]) <= 60
        assert text(response) == [
            "429",
            "Too many codes at once",
            "Many codes were asked about from your network. "
            "Please wait a minute and load this page again.",
        ]

    def test_after_the_minute_it_goes_on(self):
        with patch("django_ratelimit.core.time.time", return_value=1_800_000_000):
            self.ask(21)
        with patch("django_ratelimit.core.time.time", return_value=1_800_000_061):
            assert self.ask(1) == [404]

    def test_the_form_alone_costs_nothing(self):
        client = StaffSightClient()
        assert {client.get("/verify/").status_code for _ in range(30)} == {200}

    def test_a_header_that_anybody_can_write_does_not_help(self):
        with patch("django_ratelimit.core.time.time", return_value=1_800_000_000):
            codes = [self.ask(1, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")[0] for n in range(21)]

        assert codes == [404] * 20 + [429]

    def test_without_redis_it_answers_and_says_so_to_the_operator(self, caplog):
        with patch("django_ratelimit.core.caches") as caches:
            caches.__getitem__.return_value.add.side_effect = NoRedis("away")
            response = Client().get(f"/verify/{CODE}/")

        assert response.status_code == 200
        assert [record.message for record in caplog.records] == [
            "The cache does not answer: verify is not limited."
        ]


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "address", "network"),
    [
        (False, "", "192.0.2.1", "192.0.2.1"),
        (False, "198.51.100.7", "192.0.2.1", "192.0.2.1"),
        (True, "198.51.100.7", "192.0.2.1", "198.51.100.7"),
        (True, "203.0.113.9, 198.51.100.7", "192.0.2.1", "198.51.100.7"),
        (True, "nonsense", "192.0.2.1", "192.0.2.1"),
        (True, "", "192.0.2.1", "192.0.2.1"),
        (False, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (False, "", "::ffff:192.0.2.1", "192.0.2.1"),
        (False, "", "", ""),
    ],
)
def test_from_which_network_a_request_comes(behind_proxy, forwarded, address, network):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=address, **headers)
    with override_settings(**(PROXY if behind_proxy else {"SECURE_PROXY_SSL_HEADER": None})):
        assert client_network(request) == network


def test_the_look_up_needs_no_scope_of_the_session():
    with connection.cursor() as cursor:
        cursor.execute("select set_config('app.staff', '', false)")

    assert Client().get(f"/verify/{CODE}/").status_code == 200
