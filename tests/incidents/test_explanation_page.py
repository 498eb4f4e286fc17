"""How the time is reckoned, as a page: for both sides the same, and for nobody else."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import ProgrammeSeverity
from incidents.actions import responding
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
QUERIES = 20  # nine of them are the explanation's own, five to read the incident as in one


@pytest.fixture(autouse=True)
def eleven_o_clock():
    with clock.at(MONDAY_NINE + 2 * HOUR):
        yield


@pytest.fixture
def incident(cast):
    incident = cast.file("product-partial")
    responding.change_severity(
        incident=incident, actor=cast.tom, severity=2, text="It spreads.", at=MONDAY_NINE + HOUR
    )
    return incident


def explanation(incident):
    return f"/incidents/{incident.reference}/explanation/"


def texts(response):
    """Return the page's main part as its texts, one for each element that has any."""
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    found = (re.sub(r"\s+", " ", text).strip() for text in re.findall(r">([^<]+)<", main))
    return [text for text in found if text]


def test_both_sides_read_the_same(cast, incident, signed_in):
    responding.add_note(incident=incident, actor=cast.tom, text="CANARY-NOTE", at=MONDAY_NINE)
    ours, theirs = (
        texts(signed_in(person).get(explanation(incident))) for person in (cast.tom, cast.alice)
    )
    assert ours[ours.index("First response") :] == theirs[theirs.index("First response") :]
    assert theirs[theirs.index("First response") :][:26] == [
        "First response",
        "Due Mon 2 Mar 14:00: 1 h of 4 h used, 3 h left.",
        "Working time:",
        "Mon–Fri 09:00–18:00",
        "(Europe/Paris)",
        "4 h around the clock from Mon 2 Mar 10:00",
        "due Mon 2 Mar 2026 14:00 CET",
        "When",
        "What",
        "Counts",
        "Sum",
        "Mon 2 Mar 09:00",
        "Alice filed the incident in the portal.",
        "The clock begins.",
        "Mon 2 Mar 09:00–10:00",
        "Before the change of severity from which this promise counts",
        "Mon 2 Mar 10:00",
        "Tom changed the severity from Medium to High.",
        "“It spreads.”",
        "Due moved from Mon 2 Mar 15:00 to Mon 2 Mar 14:00.",
        "Mon 2 Mar 10:00–11:00",
        "Counts, day and night",
        "1 h",
        "1 h",
        "Mon 2 Mar 11:00",
        "Now",
    ]
    assert "CANARY-NOTE" not in " ".join(ours)


def test_the_readers_own_time_stands_beside(cast, incident, signed_in):
    cast.alice.timezone = "Asia/Shanghai"
    cast.alice.save()
    page = texts(signed_in(cast.alice).get(explanation(incident)))
    assert "your time: Mon 2 Mar 17:00–18:00" in page


@pytest.mark.parametrize("name", ["olga", "erik"])
def test_who_may_not_know_of_the_incident_finds_nothing(cast, incident, signed_in, name):
    assert signed_in(getattr(cast, name)).get(explanation(incident)).status_code == 404


def test_the_incidents_page_leads_there(cast, incident, signed_in):
    page = signed_in(cast.alice).get(f"/incidents/{incident.reference}/").content.decode()
    assert f'href="{explanation(incident)}#response"' in page


def test_an_incident_without_any_promise_says_so(cast, signed_in):
    of_low = ProgrammeSeverity.objects.filter(programme=cast.certificate.programme, severity=4)
    of_low.update(response_minutes=None)
    incident = cast.file("product-other")
    page = texts(signed_in(cast.alice).get(explanation(incident)))
    assert page[-1] == "No time for an answer is promised at this severity."


def test_more_clocks_and_acts_cost_no_more_queries(cast, signed_in, django_assert_num_queries):
    ProgrammeSeverity.objects.filter(programme=cast.certificate.programme, severity=2).update(
        further_targets={
            "update": {"minutes": 30, "unit": "elapsed"},
            "resolution": {"minutes": 4800, "unit": "working"},
        }
    )
    client = signed_in(cast.alice)
    incident = cast.file("product-partial")  # no more than a response is promised
    client.get(explanation(incident))
    with django_assert_num_queries(QUERIES):
        client.get(explanation(incident))
    responding.change_severity(
        incident=incident, actor=cast.tom, severity=2, text="…", at=MONDAY_NINE
    )
    for minutes in (10, 20, 30):
        responding.respond(
            incident=incident,
            actor=cast.tom,
            text="…",
            at=MONDAY_NINE + timedelta(minutes=minutes),
        )
    assert incident.clocks.count() == 5
    with django_assert_num_queries(QUERIES):
        client.get(explanation(incident))


# What an incident filed now would be promised.


def promises(number="MSA-1"):
    return f"/certificates/{number}/promises/"


def test_a_contact_reads_what_filing_now_would_promise(cast, signed_in):
    with clock.at(datetime(2026, 3, 6, 18, 30, tzinfo=UTC)):  # a Friday evening
        page = texts(signed_in(cast.alice).get(promises()))
    assert [text for text in page if re.match("(Due|Not begun).*[a-z0-9][.]$", text)] == [
        "Not begun: waits for a call, or for the office to open Mon 9 Mar 09:00;"
        " then due Mon 9 Mar 09:30.",
        "Due: 30 min have passed.",
        "Not begun: waits for a call, or for the office to open Mon 9 Mar 09:00;"
        " then due Mon 9 Mar 13:00.",
        "Due: 4 h have passed.",
        "Due Mon 9 Mar 15:00 at the latest.",
        "Due: 6 h have passed.",
        "Due Mon 9 Mar 17:00 at the latest.",
        "Due: 8 h have passed.",
    ]
    assert "Office closed: outside its hours, Saturday and Sunday" in page


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("bob", 200),
        ("olga", 404),
        ("tom", 200),
        ("tess", 200),
        ("dana", 200),
        ("hanna", 200),
        ("erik", 404),
        ("bruno", 404),
        ("ada", 404),
    ],
)
def test_who_may_read_a_certificates_promises(cast, signed_in, name, status):
    client = signed_in(getattr(cast, name))
    assert client.get(promises()).status_code == status
    assert client.get(promises("MSA-9")).status_code == 404


def test_outside_its_validity_the_page_says_that_nothing_can_be_filed(cast, signed_in):
    with clock.at(datetime(2027, 1, 4, 9, 0, tzinfo=UTC)):
        page = texts(signed_in(cast.tom).get(promises()))
    assert "Certificate MSA-1 ended on Dec. 31, 2026." in page


@pytest.mark.parametrize(("name", "led"), [("alice", 1), ("tom", 1), ("hanna", 1), ("ada", 0)])
def test_an_explanation_leads_there_who_may(cast, incident, signed_in, name, led):
    page = signed_in(getattr(cast, name)).get(explanation(incident)).content.decode()
    assert page.count(f'href="{promises()}"') == led


def test_the_home_leads_there(cast, signed_in):
    assert f'href="{promises()}"' in signed_in(cast.alice).get("/").content.decode()
