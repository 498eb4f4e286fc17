"""The list of certificates, and the ways that lead to one."""

import re
from datetime import date

import pytest

from accounts.actions.renewal import renew_certificate
from accounts.models import Certificate
from incidents.actions.handing import hand_over
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

QUERIES = 9
LINK = re.compile(r'href="(/certificates/[^"]*)"')


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


def test_a_managers_certificates_stand_in_a_list(cast, signed_in):
    page = signed_in(cast.tom).get("/certificates/")
    main = page.content.decode().partition('<main id="main"')[2]
    assert LINK.findall(main) == ["/certificates/MSA-1/", "/certificates/MSA-2/"]


def test_a_single_certificate_is_shown_at_once(cast, signed_in):
    page = signed_in(cast.alice).get("/certificates/")
    assert (page.status_code, page.url) == (302, "/certificates/MSA-1/")


def test_who_has_none_to_read_is_told(cast, signed_in):
    page = signed_in(cast.erik).get("/certificates/")
    assert "No certificate is yours to read." in page.content.decode()


def test_more_certificates_cost_no_more_queries(cast, signed_in, django_assert_num_queries):
    ada = signed_in(cast.ada)
    ada.get("/certificates/")
    with django_assert_num_queries(QUERIES):
        ada.get("/certificates/")
    for number in ("MSA-3", "MSA-4"):
        renew_certificate(
            certificate=Certificate.objects.latest("pk"),
            number=number,
            valid_from=date(2026 + int(number[-1]), 1, 1),
            valid_until=date(2026 + int(number[-1]), 12, 31),
            actor=None,
            at=MONDAY_NINE,
        )
    with django_assert_num_queries(QUERIES):
        ada.get("/certificates/")


@pytest.mark.parametrize(
    ("who", "menu"),
    [
        ("alice", ["/certificates/"]),
        ("tom", ["/certificates/"]),
        ("hanna", ["/certificates/"]),
        ("erik", []),
        ("bruno", []),
    ],
)
def test_the_menu_leads_whoever_can_read_one(cast, signed_in, who, menu):
    page = signed_in(getattr(cast, who)).get("/certificates/", follow=True)
    bar = page.content.decode().partition('<main id="main"')[0]
    assert sorted(set(LINK.findall(bar))) == menu


@pytest.mark.parametrize("who", ["alice", "tom", "tess", "hanna", "dana", "erik", "ada"])
def test_an_incident_links_its_certificate_to_whoever_can_read_it(cast, signed_in, who):
    incident = cast.file()
    hand_over(incident, [cast.erik], MONDAY_NINE)
    client = signed_in(getattr(cast, who))
    path = f"/incidents/{incident.reference}/"
    page = client.get(path if who == "alice" else f"{path}desk/")
    assert page.status_code == 200
    can_read = who != "erik"
    assert (client.get("/certificates/MSA-1/").status_code == 200) is can_read
    assert ('href="/certificates/MSA-1/"' in page.content.decode()) is can_read


def test_no_two_regions_bear_one_name(cast, signed_in):
    page = signed_in(cast.tom).get("/certificates/").content.decode()
    assert page.count('role="region"') == 0
