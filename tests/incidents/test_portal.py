"""A contact's home: whose turn it is, the agreement, and whom to reach."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.actions import certificates, offices
from accounts.models import Certificate, OfficeDay, Programme
from accounts.worktime import Calendar
from incidents import queries
from incidents.actions import answering, responding
from incidents.queries import Hours, Opening
from incidents.views import portal
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # in Paris
ELEVEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def home(signed_in, person, at: datetime = NOON, **query: str):
    with clock.at(at):
        return signed_in(person).get("/", query)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def lists(response) -> dict[str, list[str]]:
    """Return the references of each list as it stands on the home."""
    return {
        str(part.turn): [row.incident.reference for row in part.rows]
        for part in response.context["parts"]
    }


def may_act(signed_in, person) -> list[bool]:
    return [row.may_act for part in home(signed_in, person).context["parts"] for row in part.rows]


def second_certificate(cast, *people) -> Certificate:
    certificate = certificates.issue_certificate(
        certificate=Certificate(
            number="MSA-3",
            customer=cast.acme,
            programme=Programme.objects.get(key="msa-enterprise-zh"),
            office=cast.office,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 6, 30),
            tam=cast.tom,
        ),
        products=[cast.product],
        actor=None,
        at=MONDAY_NINE,
    )
    for person in people:
        certificates.name_contact(certificate=certificate, user=person)
    return certificate


def test_each_incident_stands_where_its_turn_is(signed_in, cast):
    asked, offered, _, solved = (cast.file() for _ in range(4))
    responding.offer_solution(incident=offered, actor=cast.tom, text="Update.", at=TEN)
    responding.ask_customer(incident=asked, actor=cast.tom, text="Which?", at=ELEVEN)
    responding.offer_solution(incident=solved, actor=cast.tom, text="Restart.", at=TEN)
    answering.accept(incident=solved, actor=cast.alice, text="", at=ELEVEN)

    page = home(signed_in, cast.bob)

    assert lists(page) == {
        "yours": ["INC-2026-000002", "INC-2026-000001"],  # the one that closes first is first
        "ours": ["INC-2026-000003"],
        "closed": ["INC-2026-000004"],
    }
    shown = words(page)
    assert "Acme Waiting for you: 2 Waiting for us: 1" in shown
    assert "Closes without a reply on 2 Apr 2026 10:00 CEST Decide" in shown
    assert "Closes without a reply on 2 Apr 2026 11:00 CEST Answer" in shown
    assert "answer by 13:00 · 2 Mar" in shown
    assert "Alice closed 1 hour ago" in shown


def test_what_waits_for_us_stands_as_in_the_queue(signed_in, cast):
    calm = cast.file("service-information", MONDAY_NINE)
    urgent = cast.file("product-network-down", ELEVEN)
    answered = cast.file("product-malfunction", MONDAY_NINE)
    responding.respond(incident=answered, actor=cast.tom, text="It is the driver.", at=TEN)

    page = home(signed_in, cast.alice)

    assert lists(page)["ours"] == [urgent.reference, calm.reference, answered.reference]
    assert "met 10:00 · 2 Mar" in words(page)


def test_an_incident_that_waits_for_a_call_shows_the_number_to_ring(signed_in, cast):
    cast.file("product-network-down", SATURDAY)

    shown = words(home(signed_in, cast.alice, SATURDAY + timedelta(minutes=1)))

    assert "starts 09:00 · 9 Mar at the latest" in shown
    assert "Ring +33 1 99 00 41 10: the time to answer starts with your call." in shown


def test_another_customer_sees_nothing_of_it(signed_in, cast):
    cast.file()

    page = home(signed_in, cast.olga)

    assert lists(page) == {"yours": [], "ours": [], "closed": []}
    assert "Nothing waits for you" in words(page)
    assert "Scans stop half-way" not in words(page)


def test_a_colleague_of_another_certificate_sees_but_is_asked_nothing(signed_in, cast):
    certificates.remove_contact(contact=cast.bob.contact_slots.get())
    second_certificate(cast, cast.bob)
    incident = cast.file()
    responding.ask_customer(incident=incident, actor=cast.tom, text="Which?", at=TEN)

    assert may_act(signed_in, cast.bob) == [False]
    assert may_act(signed_in, cast.alice) == [True]
    assert "Decide" not in words(home(signed_in, cast.bob))
    assert (
        'href="/incidents/INC-2026-000001/#composer-text"'
        not in home(signed_in, cast.bob).content.decode()
    )


def test_long_lists_are_cut_with_a_way_to_all_of_them(signed_in, cast, monkeypatch):
    monkeypatch.setattr(portal, "SHORT_LIST", 2)
    monkeypatch.setattr(portal, "PAGE", 2)
    for minute in range(3):
        cast.file(at=MONDAY_NINE + timedelta(minutes=minute))

    front = home(signed_in, cast.alice)
    second = home(signed_in, cast.alice, show="ours", page="2")

    assert lists(front)["ours"] == ["INC-2026-000001", "INC-2026-000002"]
    assert 'href="/?show=ours"' in front.content.decode()
    assert [row.incident.reference for row in second.context["part"].rows] == ["INC-2026-000003"]
    assert "3–3 of 3" in words(second)
    assert 'href="?show=ours&amp;page=1"' in second.content.decode()


def test_an_unknown_list_is_the_home(signed_in, cast):
    assert home(signed_in, cast.alice, show="everything").templates[0].name == (
        "incidents/home.html"
    )


def test_the_agreement_in_an_open_office(signed_in, cast):
    cast.alice.timezone = "Asia/Shanghai"
    cast.alice.save()
    cast.tom.phone, cast.tom.mobile = "+33 1 99 00 41 21", "+33 6 39 98 41 21"
    cast.tom.save()

    page = home(signed_in, cast.alice)

    shown = words(page)
    assert "MSA Enterprise, French edition of 2022 Certificate MSA-1 Valid until Dec. 31, 2026" in (
        shown
    )
    assert (
        "Office Paris open now Closes 3 Mar 2026 01:00 CST Paris: 2 Mar 2026 18:00 CET "
        "Mon–Fri 09:00–18:00" in shown
    )
    assert (
        "Technical account manager T Tom Phone +33 1 99 00 41 21 Mobile +33 6 39 98 41 21 "
        "E-mail tom@northlight.example Deputy T Tess E-mail tess@northlight.example "
        "Priority line +33 1 99 00 41 10 Critical, High: at any hour Medium, Low: in office hours"
        in shown
    )
    assert 'href="tel:+33199004110"' in page.content.decode()


def test_the_agreement_in_a_closed_office(signed_in, cast):
    shown = words(home(signed_in, cast.alice, SATURDAY))

    assert "Office Paris closed now Opens 9 Mar 2026 09:00 CET" in shown


def test_each_certificate_that_names_the_reader_is_shown(signed_in, cast):
    second_certificate(cast, cast.alice)

    of_alice = home(signed_in, cast.alice).context["agreements"]
    of_bob = home(signed_in, cast.bob).context["agreements"]

    assert [agreement.certificate.number for agreement in of_alice] == ["MSA-1", "MSA-3"]
    assert [agreement.certificate.number for agreement in of_bob] == ["MSA-1"]
    assert of_alice[0].tam_hours == [Hours("Mon–Fri", "09:00–18:00")]
    assert of_alice[1].tam_hours == [Hours("Mon–Fri", "10:00–18:30")]


def test_own_hours_of_a_certificate_come_before_all_others(signed_in, cast):
    cast.certificate.week = {"sat": [["08:00", "12:00"]]}
    cast.certificate.save()

    (agreement,) = home(signed_in, cast.alice).context["agreements"]

    assert agreement.hours == agreement.tam_hours == [Hours("Sat", "08:00–12:00")]
    assert agreement.opening == Opening(is_open=False, until=datetime(2026, 3, 7, 7, 0, tzinfo=UTC))


def test_after_its_last_day_the_agreement_says_so(signed_in, cast):
    shown = words(home(signed_in, cast.alice, datetime(2026, 12, 31, 23, 0, tzinfo=UTC)))

    assert "Certificate MSA-1 ended on Dec. 31, 2026." in shown


def test_a_visitor_is_asked_to_sign_in(client, cast):
    assert client.get("/").url == "/sign-in/?next=/"


@pytest.mark.parametrize("query", [{}, {"show": "ours"}])
def test_the_home_asks_the_database_as_often_for_three_as_for_one(signed_in, cast, query):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert home(signed_in, cast.alice, **query).status_code == 200
        return len(captured)

    _one_of_each(cast)
    for_one = count()
    _one_of_each(cast)
    _one_of_each(cast)
    second_certificate(cast, cast.alice)

    assert count() == for_one


def _one_of_each(cast) -> None:
    cast.file()
    asked, closed = cast.file(), cast.file()
    responding.ask_customer(incident=asked, actor=cast.tom, text="Which?", at=TEN)
    answering.withdraw(incident=closed, actor=cast.alice, text="", at=TEN)


WEEK = {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]}


@pytest.mark.parametrize(
    ("week", "language", "expected"),
    [
        ({}, "en", []),
        (WEEK, "en", [Hours("Mon", "09:00–12:00, 13:00–18:00")]),
        (
            {day: [["09:00", "18:00"]] for day in ("mon", "tue", "thu", "fri")}
            | {"sat": [["10:00", "12:00"]]},
            "en",
            [
                Hours("Mon–Tue", "09:00–18:00"),
                Hours("Thu–Fri", "09:00–18:00"),
                Hours("Sat", "10:00–12:00"),
            ],
        ),
        ({"tue": [["22:00", "24:00"]]}, "fr", [Hours("mar", "22:00–24:00")]),
    ],
)
def test_weekly_hours_in_words(week, language, expected):
    with translation.override(language):
        assert queries.weekly_hours(week) == expected


def test_an_office_that_never_closes_and_one_that_never_opens_again():
    always = Calendar.from_data(
        {
            "timezone": "Europe/Paris",
            "week": {
                day: [["00:00", "24:00"]]
                for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
            },
        }
    )

    never_again = Calendar.from_data(
        {
            "timezone": "Europe/Paris",
            "week": {},
            "special": {"2026-01-05": [["09:00", "12:00"]]},
        }
    )

    assert queries.opening(always, NOON) == Opening(is_open=True, until=None)
    assert queries.opening(never_again, NOON) == Opening(is_open=False, until=None)


def test_an_opening_ends_with_its_day(cast):
    OfficeDay.objects.create(
        office=cast.office,
        date=date(2026, 3, 3),
        kind=OfficeDay.Kind.SPECIAL,
        windows=[["09:00", "11:00"]],
    )
    offices.revise_calendar(office=cast.office, actor=None, at=MONDAY_NINE)
    cast.certificate.office.refresh_from_db()

    assert queries.opening(cast.certificate.hours, NOON + DAY) == Opening(
        is_open=False, until=datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
    )


def limited(cast, limit: int, first_day: date) -> Certificate:
    certificate: Certificate = cast.certificate
    certificate.valid_from = first_day
    certificate.save()
    certificate.programme.incidents_per_year = limit
    certificate.programme.save()
    return certificate


@pytest.mark.parametrize(
    ("first_day", "at", "began"),
    [
        (
            date(2024, 5, 10),
            datetime(2026, 5, 9, 21, 59, tzinfo=UTC),
            datetime(2025, 5, 9, 22, tzinfo=UTC),
        ),
        (
            date(2024, 5, 10),
            datetime(2026, 5, 9, 22, 0, tzinfo=UTC),
            datetime(2026, 5, 9, 22, tzinfo=UTC),
        ),
        (
            date(2024, 2, 29),
            datetime(2026, 6, 1, tzinfo=UTC),
            datetime(2026, 2, 27, 23, tzinfo=UTC),
        ),
        (date(2026, 1, 1), NOON, datetime(2025, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_contract_year_begins_with_the_anniversary_in_the_office(cast, first_day, at, began):
    cast.certificate.valid_from = first_day

    assert queries.contract_year_start(cast.certificate, at) == began


def test_what_is_left_of_a_quota(signed_in, cast, django_assert_num_queries):
    certificate = limited(cast, 3, date(2025, 3, 2))
    cast.file(at=datetime(2026, 3, 1, 22, 59, tzinfo=UTC))  # the year before
    cast.file(at=MONDAY_NINE)
    cast.file(at=MONDAY_NINE)

    with django_assert_num_queries(1):
        assert queries.filings_left([certificate], NOON) == {certificate.pk: 1}
    assert "Incidents left this year 1" in words(home(signed_in, cast.alice))

    cast.file(at=MONDAY_NINE)

    left = queries.filings_left([certificate], NOON)
    assert queries.filing_refusals([certificate], left, NOON) == {
        certificate.pk: "Certificate MSA-1 has no incident left in this contract year."
    }


def test_without_a_quota_nothing_is_counted(cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert queries.filings_left([cast.certificate], NOON) == {}


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2025, 12, 31, 22, 59, tzinfo=UTC), "is not valid before Jan. 1, 2026."),
        (datetime(2025, 12, 31, 23, 0, tzinfo=UTC), ""),
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), ""),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "ended on Dec. 31, 2026."),
    ],
)
def test_a_certificate_is_good_on_its_days_in_the_office(cast, at, reason):
    refusals = queries.filing_refusals([cast.certificate], {}, at)

    assert list(refusals.values()) == ([f"Certificate MSA-1 {reason}"] if reason else [])


def test_a_revoked_certificate_is_good_for_nothing(cast):
    cast.certificate.revoked_at = MONDAY_NINE

    assert list(queries.filing_refusals([cast.certificate], {}, NOON).values()) == [
        "Certificate MSA-1 was revoked."
    ]
