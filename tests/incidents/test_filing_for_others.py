"""Filing by staff, for a contact who rang or wrote."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import Incident
from msa import clock
from tests.conftest import MONDAY_NINE
from tests.incidents.filing_page import (
    PROMISE,
    errors,
    for_alice,
    form_of,
    look,
    promise,
    send,
    words,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)  # noon in Paris, closed


@pytest.mark.parametrize("person", ["tom", "tess", "dana", "hanna"])
def test_staff_in_charge_file_for_a_contact(signed_in, cast, person):
    somebody = getattr(cast, person)

    answer = send(signed_in(somebody), for_alice(cast))

    assert answer.status_code == 302
    incident = Incident.objects.get()
    assert (incident.author, incident.channel) == (cast.alice, "phone")
    assert incident.journal.get(kind="filed").actor == somebody


@pytest.mark.parametrize("person", ["erik", "bruno", "ada"])
def test_other_staff_do_not_file(signed_in, cast, person):
    client = signed_in(getattr(cast, person))

    assert look(client).status_code == 403
    assert send(client, for_alice(cast)).status_code == 403
    with clock.at(MONDAY_NINE):
        assert client.get(PROMISE).status_code == 403


def test_a_call_starts_the_clock_and_an_e_mail_waits_for_the_office(signed_in, cast):
    client, query = signed_in(cast.tom), {"category": "product-network-down"}
    query["certificate"] = cast.certificate.pk

    by_phone = promise(client, SATURDAY, channel="phone", **query)
    by_mail = promise(client, SATURDAY, channel="email", **query)

    assert "Paris: 7 Mar 2026 12:30 CET" in by_phone
    assert "Paris: 9 Mar 2026 09:30 CET" in by_mail


@pytest.mark.parametrize(
    ("person", "numbers"),
    [
        ("tom", ["MSA-1", "MSA-2"]),
        ("tess", ["MSA-1"]),
        ("dana", ["MSA-1", "MSA-2"]),
        ("hanna", ["MSA-1", "MSA-2"]),
    ],
)
def test_staff_choose_among_what_they_are_in_charge_of(signed_in, cast, person, numbers):
    page = look(signed_in(getattr(cast, person)))

    chosen = page.context["choices"].certificates
    assert [certificate.number for certificate in chosen] == numbers


def test_off_shift_a_duty_manager_files_nothing(signed_in, cast):
    cast.dana.shifts.all().delete()

    page = look(signed_in(cast.dana))

    assert page.context["choices"].certificates == []
    assert "You are in charge of no certificate at the moment." in words(page)


def test_a_deputy_of_one_certificate_cannot_file_on_another(signed_in, cast):
    answer = send(
        signed_in(cast.tess),
        for_alice(cast, certificate=cast.globex_certificate.pk, contact=cast.olga.pk),
    )

    assert "certificate" in errors(answer)
    assert Incident.objects.count() == 0


def test_staff_name_a_contact_of_that_certificate(signed_in, cast):
    answer = send(signed_in(cast.tom), for_alice(cast) | {"contact": cast.olga.pk})

    assert errors(answer) == {
        "contact": [f"Select a valid choice. {cast.olga.pk} is not one of the available choices."]
    }


def test_a_contact_cannot_file_in_the_name_of_another(signed_in, cast):
    send(signed_in(cast.alice), form_of(cast) | {"contact": cast.bob.pk, "channel": "phone"})

    incident = Incident.objects.get()
    assert (incident.author, incident.channel) == (cast.alice, "portal")


def test_what_reached_us_earlier_counts_from_then(signed_in, cast):
    answer = send(
        signed_in(cast.tom),
        for_alice(cast, received_at="2026-03-02T08:10"),  # in Paris, before the office opened
        MONDAY_NINE + 20 * MINUTE,
    )

    assert answer.status_code == 302
    incident = Incident.objects.get()
    rang_at = datetime(2026, 3, 2, 7, 10, tzinfo=UTC)
    clock_of_response = incident.clocks.get(kind="response")
    assert (incident.received_at, clock_of_response.started_at) == (rang_at, rang_at)
    filed = incident.journal.get(kind="filed")
    assert (filed.at, filed.recorded_at) == (rang_at, MONDAY_NINE + 20 * MINUTE)


def test_the_promise_is_shown_for_when_it_reached_us(signed_in, cast):
    query = {"certificate": cast.certificate.pk, "category": "product-network-down"}

    shown = promise(
        signed_in(cast.tom), MONDAY_NINE, channel="phone", received_at="2026-03-02T08:50", **query
    )

    assert "2 Mar 2026 09:20 CET" in shown


@pytest.mark.parametrize(
    ("received_at", "message"),
    [
        ("2026-03-01T08:59", "What reached you is filed within 24 hours of its time."),
        ("2026-03-02T09:01", "What reached you is filed within 24 hours of its time."),
        ("yesterday", "Enter a valid date/time."),
    ],
)
def test_what_lies_too_far_back_or_ahead_is_refused_and_stays_typed(
    signed_in, cast, received_at, message
):
    answer = send(signed_in(cast.tom), for_alice(cast, received_at=received_at))

    assert answer.status_code == 422
    assert errors(answer) == {"received_at": [message]}
    assert answer.context["form"]["received_at"].value() == received_at
    assert Incident.objects.count() == 0


def test_a_contact_cannot_date_a_report_back(signed_in, cast):
    send(signed_in(cast.alice), form_of(cast) | {"received_at": "2026-03-02T08:10"})

    assert Incident.objects.get().received_at == MONDAY_NINE
