"""A certificate as its contacts read it: everything that holds of it, and nothing of others."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.actions import certificates, offices
from accounts.models import Certificate, Contact, OfficeDay, Programme
from accounts.worktime import Calendar
from incidents.entitlements import Quota
from incidents.offers import Offer
from incidents.queries import quota_of
from incidents.views import certificate_page
from incidents.views.certificate_hours import Presence, presence_of
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # a Monday; in Paris
AFTER = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def page(signed_in, person, at: datetime = NOON, number: str = "MSA-1", **query: str):
    with clock.at(at):
        return signed_in(person).get(f"/certificates/{number}/", query)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def another(cast, number: str = "MSA-3", **changed) -> Certificate:
    terms = {
        "customer": cast.acme,
        "programme": cast.certificate.programme,
        "office": cast.office,
        "valid_from": date(2027, 1, 1),
        "valid_until": date(2027, 12, 31),
        "tam": cast.tom,
    } | changed
    contacts = terms.pop("contacts", [])
    return certificates.issue_certificate(
        certificate=Certificate(number=number, **terms), contacts=contacts, actor=None, at=NOON
    )


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("alice", 200),
        ("bob", 200),
        ("olga", 404),
        ("tom", 200),
        ("tess", 200),
        ("dana", 200),
        ("hanna", 200),
        ("ada", 200),
        ("erik", 404),
        ("bruno", 404),
    ],
)
def test_who_may_read_it(signed_in, cast, who, status):
    assert page(signed_in, getattr(cast, who)).status_code == status


def test_a_colleague_whom_it_does_not_name_may_not_know_of_it(signed_in, cast):
    another(cast, contacts=[cast.alice])

    assert page(signed_in, cast.alice, number="MSA-3").status_code == 200
    assert page(signed_in, cast.bob, number="MSA-3").status_code == 404
    assert page(signed_in, cast.alice, number="MSA-8").status_code == 404


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2000, 1, 1), date(2199, 12, 31)),
        (date(2000, 1, 1), date(2000, 1, 1)),
        (date(2199, 12, 31), date(2199, 12, 31)),
    ],
)
def test_the_first_and_the_last_day_of_all_are_read(signed_in, cast, zone, first, last):
    cast.office.timezone = zone
    cast.office.save(update_fields=["timezone"])
    another(cast, valid_from=first, valid_until=last, contacts=[cast.alice])

    assert page(signed_in, cast.alice, number="MSA-3").status_code == 200
    assert page(signed_in, cast.alice, number="MSA-1").status_code == 200


def test_a_visitor_is_asked_to_sign_in(client, cast):
    assert client.get("/certificates/MSA-1/").url == "/sign-in/?next=/certificates/MSA-1/"


def test_what_is_included_and_what_is_not(signed_in, cast):
    response = page(signed_in, cast.alice)

    assert [one.offer for one in response.context["missing"]] == [
        Offer.TAM_CHANNEL,
        Offer.REPORTS_ON_DEMAND,
        Offer.TAILORED_REPORTS,
    ]
    assert len(response.context["included"]) == 11
    shown = words(response)
    assert "Incidents You file any number of incidents." in shown
    assert (
        "What is not included Requests through the technical account manager In this programme "
        "requests do not go through the technical account manager. File in the portal, so that "
        "the time to answer starts at once." in shown
    )


def test_the_promises_of_each_severity_in_words(signed_in, cast):
    cards = page(signed_in, cast.alice).context["promises"]

    assert [[(fact["label"], fact["value"]) for fact in card.facts] for card in cards] == [
        [
            ("First answer", "30 min around the clock"),
            (
                "Out of hours",
                "please ring: the time starts with your call, or when the office opens",
            ),
            ("Priority line", "at any hour"),
            ("Status reports", "by agreement, at most once a day"),
        ],
        [
            ("First answer", "4 h around the clock"),
            (
                "Out of hours",
                "please ring: the time starts with your call, or when the office opens",
            ),
            ("Priority line", "at any hour"),
            ("Status reports", "in the regular reports"),
        ],
        [
            ("First answer", "6 h of working time"),
            ("Out of hours", "no call needed"),
            ("Priority line", "in office hours"),
            ("Status reports", "in the regular reports"),
        ],
        [
            ("First answer", "8 h of working time"),
            ("Out of hours", "no call needed"),
            ("Priority line", "in office hours"),
            ("Status reports", "in the regular reports"),
        ],
    ]


def test_further_targets_and_a_severity_without_an_answer(signed_in, cast):
    plan = Programme.objects.get(key="msa-resolution")
    another(cast, programme=plan, valid_from=date(2026, 1, 1), contacts=[cast.alice])

    first, *_others, last = page(signed_in, cast.alice, number="MSA-3").context["promises"]

    assert [(fact["label"], fact["value"]) for fact in first.facts] == [
        ("First answer", "30 min around the clock"),
        ("Update", "2 h around the clock"),
        ("Workaround", "8 h around the clock"),
        ("Resolution", "48 h around the clock"),
        ("Out of hours", "no call needed"),
        ("Priority line", "at any hour"),
        ("Status reports", "daily"),
    ]
    assert [(fact["label"], fact["value"]) for fact in last.facts] == [
        ("First answer", "no time promised"),
        ("Resolution", "180 h of working time"),
        ("Priority line", "not included"),
        ("Status reports", "not included"),
    ]


def validity(response) -> list[tuple[str, str]]:
    return [(fact["label"], fact["value"]) for fact in response.context["validity"]]


def test_what_is_left(signed_in, cast):
    small = Programme.objects.get(key="msa-start")
    Contact.objects.filter(user=cast.bob).delete()
    Certificate.objects.filter(pk=cast.certificate.pk).update(
        programme=small,
        contact_limit=1,
        valid_from=date(2025, 3, 2),
        valid_until=date(2027, 3, 1),
    )
    cast.file(at=datetime(2026, 3, 1, 22, 59, tzinfo=UTC))  # of the contract year before
    cast.file(at=MONDAY_NINE)

    assert validity(page(signed_in, cast.alice)) == [
        ("First day", "March 2, 2025"),
        ("Last day", "March 1, 2027"),
        ("Days left", "364"),
        ("Incidents this year", "1 of 6, 5 left"),
        ("Contract year", "March 2, 2026 – March 1, 2027"),
        ("Contacts", "1 of 1"),
    ]


def test_a_contract_year_ends_with_the_certificate(cast):
    cast.certificate.valid_until = date(2026, 6, 30)

    assert quota_of(cast.certificate, NOON) == Quota(
        limit=None, used=0, first_day=date(2026, 1, 1), last_day=date(2026, 6, 30)
    )


def test_without_a_limit_the_incidents_are_counted_all_the_same(signed_in, cast):
    cast.file()

    assert validity(page(signed_in, cast.alice))[3] == ("Incidents this year", "1, no limit")


def test_after_its_last_day(signed_in, cast):
    response = page(signed_in, cast.alice, AFTER)

    assert validity(response) == [
        ("First day", "Jan. 1, 2026"),
        ("Last day", "Dec. 31, 2026"),
        ("Contacts", "2 of 8"),
    ]
    shown = words(response)
    assert "Ended MSA-1 Acme" in shown
    assert "Certificate MSA-1 ended on Dec. 31, 2026. Incidents that are open go on." in shown


def test_a_revoked_one_says_so(signed_in, cast):
    certificates.revoke_certificate(
        certificate=cast.certificate, reason="Unpaid.", actor=None, at=NOON
    )

    shown = words(page(signed_in, cast.alice))

    assert "Revoked MSA-1 Acme" in shown
    assert "Certificate MSA-1 was revoked. Incidents that are open go on." in shown


@pytest.mark.parametrize(
    ("at", "notice"),
    [
        (datetime(2026, 10, 1, 21, 59, tzinfo=UTC), ""),
        (
            datetime(2026, 10, 1, 22, 0, tzinfo=UTC),
            "Certificate MSA-1 ends in 90 days, on Dec. 31, 2026. From the day after, nothing new "
            "can be filed. Incidents that are open go on. For a renewal, speak to Tom.",
        ),
        (
            datetime(2026, 12, 30, 12, 0, tzinfo=UTC),
            "Certificate MSA-1 ends in 1 day, on Dec. 31, 2026. From the day after, nothing new "
            "can be filed. Incidents that are open go on. For a renewal, speak to Tom.",
        ),
        (
            datetime(2026, 12, 31, 12, 0, tzinfo=UTC),
            "Certificate MSA-1 ends today. From the day after, nothing new can be filed. "
            "Incidents that are open go on. For a renewal, speak to Tom.",
        ),
    ],
)
def test_a_near_end_is_told_on_the_page_and_on_the_home(signed_in, cast, at, notice):
    on_page = words(page(signed_in, cast.alice, at))
    with clock.at(at):
        on_home = words(signed_in(cast.alice).get("/"))

    for shown in (on_page, on_home):
        assert (notice in shown) is True
        assert ("nothing new can be filed" in shown) is bool(notice)


def test_staff_read_it_in_their_own_words(signed_in, cast):
    shown = words(page(signed_in, cast.tom, datetime(2026, 12, 30, 12, 0, tzinfo=UTC)))

    assert "Its contacts are told the same. An administrator can renew it." in shown


def test_a_renewal_ends_the_notice_and_is_linked_for_whom_it_names(signed_in, cast):
    another(cast, "MSA-9", renews=cast.certificate, contacts=[cast.alice])
    late = datetime(2026, 12, 30, 12, 0, tzinfo=UTC)

    for_alice, for_bob = page(signed_in, cast.alice, late), page(signed_in, cast.bob, late)
    of_the_next = page(signed_in, cast.alice, late, "MSA-9")

    assert "It is renewed by MSA-9 (Jan. 1, 2027 – Dec. 31, 2027)." in words(for_alice)
    assert 'href="/certificates/MSA-9/"' in for_alice.content.decode()
    assert "MSA-9" not in words(for_bob)
    assert "nothing new can be filed" not in words(for_bob)
    assert "It renews MSA-1 (Jan. 1, 2026 – Dec. 31, 2026)." in words(of_the_next)
    assert "Not yet valid MSA-9 Acme" in words(of_the_next)


def test_who_may_ask_and_only_the_own_code(signed_in, cast):
    codes = dict(Contact.objects.values_list("user__name", "call_in_code"))

    to_alice, to_tom = page(signed_in, cast.alice), page(signed_in, cast.tom)

    shown = words(to_alice)
    assert "1 A Alice you alice@acme.example 2 B Bob bob@acme.example" in shown
    assert "6 more people can be named." in shown
    assert f"Show my call-in code {codes['Alice']} We ask for it when you ring." in shown
    assert codes["Bob"] not in to_alice.content.decode()
    assert "Show my call-in code" not in words(to_tom)
    assert codes["Alice"] not in to_tom.content.decode()
    assert '<details class="certificate-code" id="call-in-code">' in to_alice.content.decode()
    assert to_alice.headers["Cache-Control"] == (
        "max-age=0, no-cache, no-store, must-revalidate, private"
    )


def test_the_own_code_is_renewed(signed_in, cast):
    contact = cast.alice.contact_slots.get()
    others = cast.bob.contact_slots.get().call_in_code
    client = signed_in(cast.alice)
    old = contact.call_in_code
    Contact.objects.filter(pk=contact.pk).update(call_in_code="old")

    answer = client.post("/certificates/MSA-1/call-in-code/", follow=True)

    contact.refresh_from_db()
    assert answer.redirect_chain == [("/certificates/MSA-1/?code=shown#call-in-code", 302)]
    assert contact.call_in_code not in ("old", "")
    assert len(contact.call_in_code) == len(old)
    assert contact.call_in_code in words(answer)
    assert "Your call-in code is renewed. The old one is void." in words(answer)
    assert 'id="call-in-code" open>' in answer.content.decode()
    assert cast.bob.contact_slots.get().call_in_code == others


@pytest.mark.parametrize(("who", "status"), [("tom", 403), ("olga", 404), ("erik", 404)])
def test_nobody_renews_the_code_of_another(signed_in, cast, who, status):
    before = list(Contact.objects.order_by("pk").values_list("call_in_code", flat=True))

    answer = signed_in(getattr(cast, who)).post("/certificates/MSA-1/call-in-code/")

    assert answer.status_code == status
    assert list(Contact.objects.order_by("pk").values_list("call_in_code", flat=True)) == before


def test_a_code_is_not_renewed_by_following_a_link(signed_in, cast):
    assert signed_in(cast.alice).get("/certificates/MSA-1/call-in-code/").status_code == 405


def week(presence: Presence) -> list[tuple[str, list[str], list[str], list[str]]]:
    return [(line.day, line.hours.office, line.hours.yours, line.notes) for line in presence.week]


def revised(cast, *days: OfficeDay) -> Certificate:
    for day in days:
        day.office = cast.office
        day.save()
    offices.revise_calendar(office=cast.office, actor=None, at=MONDAY_NINE)
    certificate: Certificate = Certificate.objects.select_related("office", "programme").get(
        pk=cast.certificate.pk
    )
    return certificate


def closed(day: date, name: str = "") -> OfficeDay:
    return OfficeDay(date=day, kind=OfficeDay.Kind.CLOSED, name=name)


def special(day: date, *windows: list[str], name: str = "") -> OfficeDay:
    return OfficeDay(date=day, kind=OfficeDay.Kind.SPECIAL, windows=list(windows), name=name)


def test_hours_in_two_zones_across_the_date_and_the_change_of_clocks(cast):
    """Paris changes on 29 March 2026; in Auckland, eleven or ten hours ahead, it is tomorrow."""
    certificate = revised(
        cast,
        closed(date(2026, 3, 30), "Inventory"),
        special(date(2026, 3, 29), ["01:00", "04:00"]),
        special(date(2026, 3, 31), ["10:00", "12:00"], ["13:00", "14:00"], name="Short day"),
    )
    at = datetime(2026, 3, 27, 23, 30, tzinfo=UTC)  # Saturday 00:30 in Paris

    found = presence_of(certificate, "Pacific/Auckland", at)

    assert week(found) == [
        ("Sat 28 Mar", [], [], []),
        (
            "Sun 29 Mar",
            ["01:00 CET–04:00 CEST"],
            ["13:00–15:00"],
            ["Special hours", "The clocks change (Europe/Paris)."],
        ),
        ("Mon 30 Mar", [], [], ["Inventory"]),
        (
            "Tue 31 Mar",
            ["10:00–12:00", "13:00–14:00"],
            ["21:00–23:00", "Wed 1 Apr 00:00–01:00"],
            ["Short day"],
        ),
        ("Wed 1 Apr", ["09:00–18:00"], ["Wed 1 Apr 20:00 – Thu 2 Apr 05:00"], []),
        ("Thu 2 Apr", ["09:00–18:00"], ["Thu 2 Apr 20:00 – Fri 3 Apr 05:00"], []),
        ("Fri 3 Apr", ["09:00–18:00"], ["Fri 3 Apr 20:00 – Sat 4 Apr 05:00"], []),
    ]
    assert [line.is_today for line in found.week] == [True] + [False] * 6
    assert found.two_zones is True


def test_an_office_around_the_clock_on_a_day_of_25_hours(cast):
    cast.office.week = {
        day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    }
    cast.office.save()
    certificate = revised(cast)

    found = presence_of(certificate, "Europe/Paris", datetime(2026, 10, 24, 12, 0, tzinfo=UTC))

    assert found.two_zones is False
    assert [line.hours.office for line in found.week[:3]] == [
        ["00:00–24:00"],
        ["00:00 CEST–24:00 CET"],
        ["00:00–24:00"],
    ]


def test_hours_of_the_tam_stand_beside_those_of_the_office(signed_in, cast):
    chinese = Programme.objects.get(key="msa-enterprise-zh")
    another(cast, programme=chinese, valid_from=date(2026, 1, 1), contacts=[cast.alice])

    shown = words(page(signed_in, cast.alice, number="MSA-3"))

    assert (
        "Mon 2 Mar today 09:00–18:00 Technical account manager: 10:00–18:30 "
        "Tue 3 Mar 09:00–18:00 Technical account manager: 10:00–18:30" in shown
    )


def test_own_hours_come_before_all_others(cast):
    cast.certificate.week = {"mon": [["07:00", "08:00"]]}

    found = presence_of(cast.certificate, "Europe/Paris", NOON)

    assert [line.hours.office for line in found.week] == [["07:00–08:00"], *[[]] * 6]
    assert {line.tam for line in found.week} == {None}


def test_the_next_special_days_with_their_names(signed_in, cast):
    revised(
        cast,
        closed(date(2026, 3, 1), "Yesterday"),
        closed(date(2026, 3, 2), "Today"),
        closed(date(2026, 4, 6), "Easter Monday"),
        special(date(2026, 4, 11), ["10:00", "12:00"], name="Working Saturday"),
        closed(date(2026, 5, 1), "Labour Day"),
        closed(date(2027, 1, 1), "New Year"),
        closed(date(2027, 4, 1), "The sixth"),
    )

    days = page(signed_in, cast.alice).context["presence"].special_days

    assert [(day.day, day.hours, day.name) for day in days] == [
        ("Mon 2 Mar", "", "Today"),
        ("Mon 6 Apr", "", "Easter Monday"),
        ("Sat 11 Apr", "10:00–12:00", "Working Saturday"),
        ("Fri 1 May", "", "Labour Day"),
        ("Fri 1 Jan 2027", "", "New Year"),
    ]


def test_versions_with_print_and_comparison(signed_in, cast):
    certificates.name_contact(certificate=cast.certificate, user=_carol(cast))
    certificates.issue_version(
        certificate=cast.certificate, requested_by=cast.alice, approved_by=cast.ada, at=NOON
    )

    response = page(signed_in, cast.alice)

    assert [(version.number, before) for version, before in response.context["versions"]] == [
        (2, 1),
        (1, None),
    ]
    html = response.content.decode()
    assert "Version 2 issued 2 Mar 2026 asked for by Alice What changed : 2" in words(response)
    assert 'href="/certificates/MSA-1/versions/1/2/"' in html
    assert 'action="/certificates/MSA-1/versions/1.pdf"' in html
    assert '<option value="zh-hans" lang="zh-hans">简体中文</option>' in html
    assert '<option value="en" lang="en" selected>English</option>' in html
    assert 'href="/certificates/MSA-1/versions/2.pdf"' in html


def _carol(cast):
    return cast.alice.__class__.objects.create_user(
        "carol@acme.example", name="Carol", role="contact", customer=cast.acme
    )


def test_many_versions_are_cut_with_a_way_to_all(signed_in, cast, monkeypatch):
    monkeypatch.setattr(certificate_page, "VERSIONS_SHOWN", 1)
    certificates.name_contact(certificate=cast.certificate, user=_carol(cast))
    certificates.issue_version(
        certificate=cast.certificate, requested_by=None, approved_by=None, at=NOON
    )

    short = page(signed_in, cast.alice)
    full = page(signed_in, cast.alice, versions="all")

    assert [version.number for version, _before in short.context["versions"]] == [2]
    assert [version.number for version, _before in full.context["versions"]] == [2, 1]
    assert 'href="?versions=all#versions"' in short.content.decode()
    assert 'href="?versions=all#versions"' not in full.content.decode()


def test_the_home_leads_to_it(signed_in, cast):
    with clock.at(NOON):
        html = signed_in(cast.alice).get("/").content.decode()

    assert html.count('href="/certificates/MSA-1/"') == 2


def test_filing_shows_what_is_left_of_the_quota(signed_in, cast):
    cast.certificate.programme.incidents_per_year = 2
    cast.certificate.programme.save()
    cast.file()

    with clock.at(NOON):
        one_left = signed_in(cast.alice).get("/incidents/new/")
    cast.file()
    with clock.at(NOON):
        none_left = signed_in(cast.alice).get("/incidents/new/")

    assert "1 incident is left on MSA-1 in this contract year." in words(one_left)
    assert "Certificate MSA-1 has no incident left in this contract year." in words(none_left)


@pytest.mark.parametrize("language", ["fr", "zh-hans", "nl", "ru"])
def test_it_can_be_had_in_every_language(signed_in, cast, language):
    cast.alice.language = language
    cast.alice.save()

    assert page(signed_in, cast.alice).status_code == 200


def test_a_calendar_that_ends_still_has_its_days(cast):
    calendar = Calendar.from_data(
        {"timezone": "Europe/Paris", "week": {}, "special": {"2026-01-05": [["09:00", "12:00"]]}}
    )
    cast.certificate.office.calendar = calendar.to_data()

    with translation.override("en"):
        found = presence_of(cast.certificate, "Europe/Paris", NOON)

    assert [line.hours.office for line in found.week] == [[]] * 7
    assert found.special_days == []


def test_it_asks_the_database_as_often_for_three_as_for_one(signed_in, cast):
    client = signed_in(cast.alice)

    def count() -> int:
        with clock.at(NOON), CaptureQueriesContext(connection) as captured:
            assert client.get("/certificates/MSA-1/").status_code == 200
        return len(captured)

    revised(cast, closed(date(2026, 3, 4), "Inventory"))
    cast.file()
    for_one = count()
    for number in ("MSA-3", "MSA-4"):
        another(cast, number, contacts=[cast.alice])
        cast.file()
    certificates.name_contact(certificate=cast.certificate, user=_carol(cast))
    certificates.issue_version(
        certificate=cast.certificate, requested_by=cast.bob, approved_by=cast.ada, at=NOON
    )

    assert count() == for_one == 16


def test_the_home_asks_as_often_for_three_that_end_as_for_one(signed_in, cast):
    def count() -> int:
        late = datetime(2026, 12, 30, 12, 0, tzinfo=UTC)
        with clock.at(late), CaptureQueriesContext(connection) as captured:
            assert signed_in(cast.alice).get("/").status_code == 200
        return len(captured)

    for_one = count()
    for number in ("MSA-3", "MSA-4"):
        another(
            cast,
            number,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            contacts=[cast.alice],
        )

    assert count() == for_one
