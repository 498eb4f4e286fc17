"""What somebody reads who has just filed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import responding
from incidents.models import Attachment
from msa import clock
from tests.conftest import MONDAY_NINE
from tests.incidents.filing_page import for_alice, form_of, send, words

pytestmark = pytest.mark.django_db

FILED = "/incidents/INC-2026-000001/filed/"
SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)  # noon in Paris, closed
MINUTE = timedelta(minutes=1)


def read(client, at: datetime = MONDAY_NINE):
    with clock.at(at):
        return client.get(FILED)


def test_it_says_reference_deadline_steps_and_whom_it_reached(signed_in, cast):
    cast.alice.timezone = "Asia/Shanghai"
    cast.alice.save()
    client = signed_in(cast.alice)

    filed = send(client, form_of(cast))
    page = words(read(client))

    assert filed.url == FILED
    assert "We have received it. Scans stop half-way Filed as INC-2026-000001" in page
    assert "2 Mar 2026 20:00 CST Paris: 2 Mar 2026 13:00 CET" in page
    assert "What happens next A specialist reads it." in page
    assert "Responsible now A receipt goes by e-mail to: alice@acme.example" in page
    assert "Please ring us now" not in page
    body = read(client).content.decode()
    assert 'href="/incidents/INC-2026-000001/"' in body
    assert 'hx-get="/incidents/INC-2026-000001/responsible/"' in body


def test_where_a_call_is_required_it_says_so_with_the_number(signed_in, cast):
    client = signed_in(cast.alice)
    send(client, form_of(cast, "product-network-down"), SATURDAY)

    page = read(client, SATURDAY)

    assert (
        "Please ring us now Our office is closed. At this severity the time to answer starts with "
        "your call. +33 1 99 00 41 10 Have the reference and your call-in code at hand. Where you "
        "find your code Without a call it starts when the office opens: 9 Mar 2026 09:00 CET"
    ) in words(page)
    assert 'href="tel:+33199004110"' in page.content.decode()
    assert 'href="/certificates/MSA-1/"' in page.content.decode()


def test_without_a_promise_it_says_so(signed_in, cast):
    cast.certificate.programme.severities.filter(severity=4).update(response_minutes=None)
    client = signed_in(cast.alice)
    send(client, form_of(cast, "product-other"))

    assert "No time for an answer is promised at this severity." in words(read(client))


def test_files_that_arrived_are_named(signed_in, cast):
    client = signed_in(cast.alice)
    send(client, form_of(cast) | {"files": [SimpleUploadedFile("a.log", b"one")]})

    assert Attachment.objects.count() == 1
    assert "Files that arrived: a.log (3" in words(read(client))


def test_once_somebody_has_answered_it_leads_to_the_incident(signed_in, cast):
    client = signed_in(cast.alice)
    fields = form_of(cast)
    send(client, fields)
    responding.respond(
        incident=cast.alice.authored_incidents.get(),
        actor=cast.tom,
        text="We look.",
        at=MONDAY_NINE + MINUTE,
        qualified=True,
    )

    again = send(client, fields, MONDAY_NINE + 2 * MINUTE)
    page = read(client, MONDAY_NINE + 2 * MINUTE)

    assert (again.url, page.status_code, page.url) == (FILED, 302, "/incidents/INC-2026-000001/")


def test_staff_are_told_what_to_say_to_the_caller(signed_in, cast):
    client = signed_in(cast.tom)

    assert send(client, for_alice(cast)).url == FILED
    page = words(read(client))

    assert "Read the reference to the caller, and by when we answer." in page
    assert "Please ring us now" not in page


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("alice", 200),
        ("bob", 200),
        ("olga", 404),
        ("tom", 200),
        ("tess", 200),
        ("dana", 200),
        ("hanna", 200),
        ("erik", 404),
        ("bruno", 404),
        ("ada", 200),
    ],
)
def test_who_reads_it(signed_in, cast, person, status):
    cast.file()

    assert read(signed_in(getattr(cast, person))).status_code == status


def test_who_is_not_signed_in_does_not(client, cast):
    cast.file()

    assert read(client).url == f"/sign-in/?next={FILED}"


def test_it_asks_as_often_with_three_files_as_with_one(signed_in, cast):
    client = signed_in(cast.alice)
    counted = []
    for number in (1, 3):
        files = [SimpleUploadedFile(f"{each}.log", b"one") for each in range(number)]
        address = send(client, form_of(cast) | {"files": files}).url
        with CaptureQueriesContext(connection) as captured, clock.at(MONDAY_NINE):
            client.get(address)
        counted.append(len(captured))

    assert counted[0] == counted[1]
