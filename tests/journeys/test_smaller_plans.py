"""Plans that are unlike the five: few incidents, few contacts, office hours, promised solutions."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.actions.certificates import (
    ContactLimitReached,
    issue_certificate,
    revise_certificate,
)
from accounts.errors import Refused
from accounts.models import Certificate, Programme, Role, User
from incidents.actions import answering, responding
from incidents.actions.filing import file_incident
from incidents.models import Category, Clock, Incident
from incidents.queries import filings_left, line_hours
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FRIDAY_EVENING = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)  # 19:00 in Paris, an hour after closing


@pytest.fixture
def agree(cast):
    """Return a certificate of Acme's under an edition, with some of its people."""

    def agree(programme, *names, valid_from=date(2026, 1, 1)):
        people = [
            User.objects.create_user(
                f"{name}@acme.example", name=name.title(), role=Role.CONTACT, customer=cast.acme
            )
            for name in names
        ]
        return issue_certificate(
            certificate=Certificate(
                number=f"{programme}-1",
                customer=cast.acme,
                programme=Programme.objects.get(key=programme),
                office=cast.office,
                valid_from=valid_from,
                valid_until=date(2027, 12, 31),
                tam=cast.tom,
            ),
            contacts=people,
            actor=cast.ada,
            at=MONDAY_NINE,
        )

    return agree


def file(certificate, category="product-malfunction", at=MONDAY_NINE):
    author = certificate.contacts.get(slot=1).user
    return file_incident(
        certificate=certificate,
        category=Category.objects.get(key=category),
        author=author,
        actor=author,
        title="Scans stop half-way",
        text="It happens every morning.",
        at=at,
    )


def due(incident, kind="response"):
    return Clock.objects.get(incident=incident, kind=kind).due_at


@pytest.mark.parametrize(
    ("key", "incidents", "contacts"),
    [("msa-start", 6, 1), ("msa-team", 12, 2), ("msa-business", 36, 4)],
)
def test_a_level_holds_its_number_of_incidents_and_of_contacts(
    cast, agree, key, incidents, contacts
):
    certificate = agree(key, *(f"contact{number}" for number in range(1, contacts + 1)))
    with pytest.raises(ContactLimitReached) as full:
        revise_certificate(
            certificate=certificate, products=[], named=[cast.alice], actor=cast.ada, at=MONDAY_NINE
        )
    names = ", ".join(f"Contact{number}" for number in range(1, contacts + 1))
    assert str(full.value) == (
        f"This certificate names at most {contacts} contacts; the slots are taken by {names}."
    )
    for number in range(incidents):
        file(certificate, at=MONDAY_NINE + number * HOUR)
    with pytest.raises(Refused) as none_left:
        file(certificate, at=MONDAY_NINE + 5 * DAY)
    assert str(none_left.value) == (
        f"Certificate {key}-1 has no incident left in this contract year."
    )
    assert Incident.objects.filter(certificate=certificate).count() == incidents


def test_the_quota_begins_anew_with_the_contract_year(agree):
    certificate = agree("msa-start", "carla", valid_from=date(2026, 3, 2))
    last_day = datetime(2027, 3, 1, 22, 59, 59, tzinfo=UTC)  # a second before midnight in Paris
    for _ in range(6):
        file(certificate, at=last_day)
    assert filings_left([certificate], last_day) == {certificate.pk: 0}
    with pytest.raises(Refused):
        file(certificate, at=last_day)
    file(certificate, at=last_day + timedelta(seconds=1))
    assert filings_left([certificate], last_day + timedelta(seconds=1)) == {certificate.pk: 5}


def test_severity_1_is_answered_around_the_clock_and_the_rest_in_office_hours(agree):
    certificate = agree("msa-business", "carla")
    assert line_hours(certificate.programme) == {
        "Critical": "at any hour",
        "High, Medium, Low": "in office hours",
    }
    monday = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)  # 09:00 in Paris
    assert [
        due(file(certificate, category, FRIDAY_EVENING))
        for category in (
            "product-network-down",  # 30 minutes after the call that is required, or the opening
            "product-malfunction",  # 4 working hours
            "product-partial",  # 8
            "product-other",  # 12: a day of nine hours and three more
        )
    ] == [monday + HOUR / 2, monday + 4 * HOUR, monday + 8 * HOUR, monday + DAY + 3 * HOUR]


class TestResolution:
    """MSA Resolution: solutions are promised, and nothing runs on the customer's side."""

    def test_all_that_is_owed_on_our_side_stands_still_on_the_customers(self, cast, agree):
        incident = file(agree("msa-resolution", "carla"), "product-malfunction")
        assert due(incident) == MONDAY_NINE + 2 * HOUR
        assert due(incident, "resolution") == MONDAY_NINE + 5 * DAY
        assert due(incident, "workaround") == MONDAY_NINE + DAY
        author = incident.author
        responding.ask_customer(
            incident=incident, actor=cast.tom, text="Which version?", at=MONDAY_NINE + HOUR
        )
        answering.answer(
            incident=incident, actor=author, text="12.4", at=MONDAY_NINE + HOUR + 10 * DAY
        )
        assert due(incident, "resolution") == MONDAY_NINE + 15 * DAY
        assert due(incident, "workaround") == MONDAY_NINE + 11 * DAY
        assert (
            list(
                Clock.objects.filter(incident=incident, breached_at__isnull=False).values_list(
                    "kind"
                )
            )
            == []
        )

    def test_severity_4_has_a_solution_promised_and_no_answer(self, agree):
        incident = file(agree("msa-resolution", "carla"), "product-other")
        twentieth_day = datetime(2026, 3, 27, 17, 0, tzinfo=UTC)  # of nine hours; it ends at 18:00
        assert list(Clock.objects.filter(incident=incident).values_list("kind", "due_at")) == [
            ("resolution", twentieth_day)
        ]

    def test_the_customers_side_has_two_months(self, cast, agree, until):
        incident = file(agree("msa-resolution", "carla"))
        asked = MONDAY_NINE + HOUR  # 2 March, 10:00 in Paris
        responding.ask_customer(incident=incident, actor=cast.tom, text="Which?", at=asked)
        end = datetime(2026, 5, 2, 8, 0, tzinfo=UTC)  # 10:00 in Paris, in summer
        until(end)
        incident.refresh_from_db()
        assert incident.state == "awaiting_customer"
        until(end + timedelta(seconds=1))
        incident.refresh_from_db()
        assert (incident.state, incident.closure, incident.closed_at) == ("closed", "no_reply", end)
