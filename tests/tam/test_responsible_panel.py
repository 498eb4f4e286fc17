"""Who is responsible now, as both sides read it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from accounts.models import DutyShift
from msa import clock
from tam.models import Absence
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

NOON = MONDAY_NINE + timedelta(hours=3)
EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
CERTIFICATE = "/certificates/MSA-1/responsible/"


def told(client, at, path=CERTIFICATE) -> str:
    """Return the panel's words, as they stand one after the other."""
    with clock.at(at):
        response = client.get(path, headers={"HX-Request": "true"})
    assert response.status_code == 200
    words = unescape(
        re.sub(r"<svg.*?</svg>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    )
    return " ".join(words.split())


def test_in_office_hours_it_is_the_account_manager_until_the_office_closes(cast, signed_in):
    assert told(signed_in(cast.alice), NOON) == (
        "T Tom Responsible now · until 2 Mar 2026 18:00 CET tom@northlight.example"
    )


def test_while_the_manager_is_absent_the_deputy_stands_in(cast, signed_in):
    Absence.objects.create(
        person=cast.tom, starts_at=MONDAY_NINE, ends_at=NOON + timedelta(hours=1)
    )
    assert told(signed_in(cast.alice), NOON) == (
        "T Tess Stands in for Tom now, as deputy · until 2 Mar 2026 13:00 CET"
        " tess@northlight.example"
    )


def test_in_the_evening_the_duty_manager_stands_in_until_the_office_opens(cast, signed_in):
    assert told(signed_in(cast.alice), EVENING) == (
        "D Dana Stands in for Tom now, as duty manager · until 3 Mar 2026 09:00 CET"
        " dana@northlight.example"
    )


def test_with_nobody_on_duty_the_panel_says_so_and_gives_the_line(cast, signed_in):
    DutyShift.objects.all().delete()
    assert told(signed_in(cast.alice), EVENING) == (
        "Nobody is on our line just now. The head of our team has been told and sees to it."
        " Priority line: +33 1 99 00 41 10"
    )


def test_the_panel_of_an_incident_tells_the_same(cast, signed_in):
    incident = cast.file()
    path = f"/incidents/{incident.reference}/responsible/"
    assert told(signed_in(cast.alice), NOON, path) == told(signed_in(cast.alice), NOON)


def test_who_came_by_the_link_gets_a_page(cast, signed_in):
    with clock.at(NOON):
        page = signed_in(cast.alice).get(CERTIFICATE)
    assert page.templates[0].name == "tam/responsible/page.html"


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("olga", 404), ("tom", 200), ("hanna", 200), ("erik", 404), ("ada", 200)],
)
def test_only_who_reads_the_certificate_reads_it(cast, signed_in, name, status):
    with clock.at(NOON):
        assert signed_in(getattr(cast, name)).get(CERTIFICATE).status_code == status
