"""Customers at a glance, one customer, and the register on its page."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.actions.certificates import issue_certificate, revoke_certificate
from accounts.actions.obligations import keep_registers, owe
from accounts.actions.renewal import renew_certificate
from accounts.models import Certificate, Customer, Obligation
from incidents.actions.deadlines import sweep
from incidents.actions.responding import ask_customer, respond
from msa import clock
from tam.actions.escalations import escalate
from tam.queries.health import State, health_of
from tests.conftest import MONDAY_NINE, see_everything

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CRITICAL = "product-crash-or-loss"  # severity 1: half an hour
HIGH = "product-malfunction"  # severity 2: four hours
KEY = "00000000-0000-4000-8000-000000000001"

# Queries of the middleware (four), of the sidebar's counts, and those two by which the tests'
# client sees every customer again.
AROUND = 7


def words(response):
    main = response.content.decode().partition('<main id="main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def names(response):
    return re.findall(
        r'class="customers-name" id="[^"]*" href="[^"]*">([^<]*)<', words_of(response)
    )


def words_of(response):
    return response.content.decode()


def open_page(client, path="/customers/", at=MONDAY_NINE):
    with clock.at(at):
        return client.get(path)


def health(cast, customer, user=None, at=MONDAY_NINE):
    [found] = health_of([customer], user or cast.tom, at)
    return found


def reasons(found):
    return [(reason.state, reason.text) for reason in found.reasons]


class TestHealth:
    def test_nothing_is_wrong_with_a_customer_of_whom_nothing_is_heard(self, cast):
        found = health(cast, cast.acme)
        assert (found.state, found.reasons, found.in_time.percentage) == (State.GOOD, [], None)

    def test_the_state_says_why(self, cast):
        critical = cast.file(CRITICAL, MONDAY_NINE)
        escalate(incident=critical, actor=cast.alice, text="Urgent.", at=MONDAY_NINE + MINUTE)
        asked = cast.file(HIGH, MONDAY_NINE, title="Which version")
        ask_customer(incident=asked, actor=cast.tom, text="Which?", at=MONDAY_NINE + MINUTE)
        at = MONDAY_NINE + HOUR
        sweep(at=at)
        found = health(cast, cast.acme, at=at)
        figures = found.figures
        assert (figures.open, figures.ours, figures.overdue, figures.escalated) == (2, 1, 1, 1)
        assert (figures.critical, figures.next_due_at) == (1, None)
        assert (found.in_time.met, found.in_time.judged, found.in_time.percentage) == (1, 2, 50)
        assert (found.state, reasons(found)) == (
            State.TROUBLE,
            [
                (State.TROUBLE, "1 incident is overdue"),
                (State.TROUBLE, "1 incident is escalated"),
                (State.TROUBLE, "1 of 2 answers came late in 90 days"),
                (State.ATTENTION, "1 critical incident waits for us"),
            ],
        )

    def test_a_deadline_counts_as_overdue_before_it_is_swept_but_not_at_its_instant(self, cast):
        cast.file(CRITICAL, MONDAY_NINE)
        due_at = MONDAY_NINE + 30 * MINUTE
        at_due = health(cast, cast.acme, at=due_at).figures
        assert (at_due.overdue, at_due.next_due_at) == (0, due_at)
        after = health(cast, cast.acme, at=due_at + timedelta(seconds=1)).figures
        assert (after.overdue, after.next_due_at) == (1, None)

    def test_an_answer_that_was_late_is_remembered_for_ninety_days(self, cast):
        late = cast.file(CRITICAL, MONDAY_NINE)
        sweep(at=MONDAY_NINE + HOUR)
        respond(incident=late, actor=cast.tom, text="Seen.", at=MONDAY_NINE + HOUR)
        breached_at = MONDAY_NINE + 30 * MINUTE
        until = health(cast, cast.acme, at=breached_at + 90 * DAY)
        assert (until.in_time.met, until.in_time.judged) == (0, 1)
        after = health(cast, cast.acme, at=breached_at + 90 * DAY + timedelta(seconds=1))
        assert (after.in_time.met, after.in_time.judged) == (0, 0)

    @pytest.mark.parametrize(
        ("due_in", "expected"),
        [
            (15 * DAY, []),
            (14 * DAY, [(State.ATTENTION, "Due within two weeks: Status report · Daily")]),
            (-DAY, [(State.TROUBLE, "1 obligation is overdue")]),
        ],
    )
    def test_what_is_owed_soon_or_overdue(self, cast, due_in, expected):
        enter(cast, due_at=MONDAY_NINE + due_in)
        assert reasons(health(cast, cast.acme)) == expected

    @pytest.mark.parametrize(
        ("last_day", "expected"),
        [
            (date(2026, 6, 1), []),
            (date(2026, 5, 31), [(State.ATTENTION, "Certificate MSA-1 ends in 90 days")]),
            (date(2026, 3, 3), [(State.ATTENTION, "Certificate MSA-1 ends in 1 day")]),
            (date(2026, 3, 1), [(State.TROUBLE, "No certificate is in force")]),
        ],
    )
    def test_an_agreement_that_ends(self, cast, last_day, expected):
        Certificate.objects.filter(pk=cast.certificate.pk).update(valid_until=last_day)
        assert reasons(health(cast, cast.acme)) == expected

    def test_an_agreement_that_has_not_begun_is_no_trouble(self, cast):
        Certificate.objects.filter(pk=cast.certificate.pk).update(valid_from=date(2026, 3, 3))
        assert reasons(health(cast, cast.acme)) == []

    def test_a_renewal_that_was_revoked_renews_nothing(self, cast):
        Certificate.objects.filter(pk=cast.certificate.pk).update(valid_until=date(2026, 3, 3))
        renewal = renew_certificate(
            certificate=Certificate.objects.get(pk=cast.certificate.pk),
            number="MSA-3",
            valid_from=date(2026, 3, 4),
            valid_until=date(2027, 3, 3),
            actor=cast.ada,
            at=MONDAY_NINE,
        )
        assert reasons(health(cast, cast.acme)) == []
        revoke_certificate(certificate=renewal, reason="Typo.", actor=cast.ada, at=MONDAY_NINE)
        assert reasons(health(cast, cast.acme)) == [
            (State.ATTENTION, "Certificate MSA-1 ends in 1 day")
        ]

    def test_a_revoked_certificate_is_trouble(self, cast):
        revoke_certificate(
            certificate=cast.certificate, reason="Not paid.", actor=cast.ada, at=MONDAY_NINE
        )
        assert reasons(health(cast, cast.acme)) == [(State.TROUBLE, "No certificate is in force")]


class TestTheList:
    def test_the_worst_comes_first(self, cast, signed_in):
        cast.file(HIGH, MONDAY_NINE, by=cast.olga)
        tom = signed_in(cast.tom)
        assert names(open_page(tom)) == ["Globex", "Acme"]
        late = cast.file(CRITICAL, MONDAY_NINE)
        assert names(open_page(tom, at=MONDAY_NINE + HOUR)) == ["Acme", "Globex"]
        respond(incident=late, actor=cast.tom, text="Seen.", at=MONDAY_NINE + MINUTE)
        escalated = cast.file(HIGH, MONDAY_NINE, by=cast.olga)
        escalate(incident=escalated, actor=cast.olga, text="Urgent.", at=MONDAY_NINE + MINUTE)
        assert names(open_page(tom, at=MONDAY_NINE + 2 * MINUTE)) == ["Globex", "Acme"]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("glo", ["Globex"]),
            ("MSA-1", ["Acme"]),
            ("msa", ["Acme", "Globex"]),
            ("acme 2", []),
        ],
    )
    def test_it_is_narrowed_by_name_and_certificate(self, cast, signed_in, text, expected):
        page = open_page(signed_in(cast.tom), f"/customers/?q={text}")
        assert names(page) == expected
        assert ("No customer matches" in words(page)) is (not expected)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("tom", ["Acme", "Globex"]),
            ("tess", ["Acme"]),
            ("dana", ["Acme", "Globex"]),
            ("hanna", ["Acme", "Globex"]),
            ("ada", ["Acme", "Globex"]),
        ],
    )
    def test_whose_customers_each_sees(self, cast, signed_in, name, expected):
        assert names(open_page(signed_in(getattr(cast, name)))) == expected

    @pytest.mark.parametrize("name", ["erik", "bruno", "alice", "olga"])
    def test_for_all_others_there_is_no_such_page(self, cast, signed_in, name):
        assert open_page(signed_in(getattr(cast, name))).status_code == 404

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same(self, cast, signed_in, count, django_assert_num_queries):
        Certificate.objects.filter(pk=cast.globex_certificate.pk).update(tam=cast.tess)
        for number in range(count - 1):
            further_customer(cast, number)
        cast.file(HIGH, MONDAY_NINE)
        enter(cast)
        client = signed_in(cast.tom)
        with django_assert_num_queries(AROUND + 6):
            assert len(names(open_page(client))) == count


class TestOneCustomer:
    def test_the_page_tells_everything(self, cast, signed_in):
        incident = cast.file(HIGH, MONDAY_NINE)
        keep_registers(at=MONDAY_NINE)
        see_everything()
        page = open_page(signed_in(cast.tom), f"/customers/{cast.acme.pk}/")
        assert page.status_code == 200
        text, source = words(page), page.content.decode()
        assert "30 Apr 2026 30 Apr 2026" not in text
        assert "Scans stop half-way" in text
        assert f"/queue/?customer={cast.acme.pk}" in source
        assert f'id="{incident.reference}"' in source
        assert "Quarterly report · 2026 Q1 MSA-1 due 30 Apr 2026 " in text
        assert "MSA-1 In force Programme" in text
        assert "TAM T Tom Deputy T Tess" in text
        assert "Head of the team H Hanna" in text
        assert "Nothing was advised yet" in text
        assert source.count("<svg viewBox=") == 3  # the charts
        assert "Incidents left this year no limit" in text

    @pytest.mark.parametrize(
        ("name", "status", "may_settle"),
        [
            ("tom", 200, 200),
            ("tess", 200, 200),
            ("hanna", 200, 200),
            ("dana", 200, 403),
            ("ada", 200, 403),
            ("erik", 404, 404),
            ("bruno", 404, 404),
            ("alice", 404, 404),
            ("olga", 404, 404),
        ],
    )
    def test_who_reads_it_and_who_settles_what_is_owed(
        self, cast, signed_in, name, status, may_settle
    ):
        owed = enter(cast)
        client, page = signed_in(getattr(cast, name)), f"/customers/{cast.acme.pk}/"
        act = f"{page}obligations/{owed.pk}/"
        found = [
            open_page(client, path).status_code
            for path in (page, f"{act}delivery/", f"{act}waiver/")
        ]
        assert found == [status, may_settle, may_settle]

    def test_a_deputy_of_one_customer_does_not_know_the_other(self, cast, signed_in):
        tess = signed_in(cast.tess)
        assert open_page(tess, f"/customers/{cast.globex.pk}/").status_code == 404

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same(self, cast, signed_in, count, django_assert_num_queries):
        for number in range(count):
            cast.file(HIGH, MONDAY_NINE + number * MINUTE)
            enter(cast, key=f"key-{number}")
        client = signed_in(cast.tom)
        with django_assert_num_queries(AROUND + 16):
            open_page(client, f"/customers/{cast.acme.pk}/", MONDAY_NINE + HOUR)


class TestTheRegister:
    def test_a_delivery_is_recorded_once_with_its_proof(self, cast, signed_in):
        owed, tom = enter(cast), signed_in(cast.tom)
        page = f"/customers/{cast.acme.pk}/"
        act = f"{page}obligations/{owed.pk}/delivery/"
        empty = post(tom, act, {"submission": KEY, "proof": ""})
        assert (empty.status_code, "This field is required." in words(empty)) == (422, True)
        for _try in range(2):
            done = post(tom, act, {"submission": KEY, "proof": "Mail to Alice of 3 March"})
            assert done.headers["Location"] == f"{page}#obligations"
        owed.refresh_from_db()
        assert (owed.proof, owed.delivered_by, owed.delivered_at) == (
            "Mail to Alice of 3 March",
            cast.tom,
            MONDAY_NINE,
        )
        shown = words(open_page(tom, page))
        assert "Tom Mail to Alice of 3 March Delivered" in shown

    def test_a_waiver_is_recorded_and_nothing_is_settled_twice(self, cast, signed_in):
        owed, hanna = enter(cast), signed_in(cast.hanna)
        act = f"/customers/{cast.acme.pk}/obligations/{owed.pk}/"
        post(hanna, f"{act}waiver/", {"submission": KEY, "reason": "Alice wants none."})
        owed.refresh_from_db()
        assert (owed.reason, owed.waived_by) == ("Alice wants none.", cast.hanna)
        late = post(hanna, f"{act}delivery/", {"submission": KEY, "proof": "Sent."})
        assert (late.status_code, "It is not owed any more." in words(late)) == (409, True)
        assert "Sent." in late.content.decode()

    def test_what_the_rules_waived_is_told_in_their_words(self, cast, signed_in):
        keep_registers(at=MONDAY_NINE)
        see_everything()
        Certificate.objects.filter(pk=cast.certificate.pk).update(revoked_at=MONDAY_NINE)
        keep_registers(at=MONDAY_NINE)
        see_everything()
        shown = words(open_page(signed_in(cast.tom), f"/customers/{cast.acme.pk}/"))
        assert shown.count("The certificate was revoked. Not owed any more") == 3

    def test_an_agreed_action_is_settled_in_the_log(self, cast, signed_in):
        owed = enter(cast, kind=Obligation.Kind.ADVICE)
        act = f"/customers/{cast.acme.pk}/obligations/{owed.pk}/delivery/"
        assert open_page(signed_in(cast.tom), act).status_code == 403

    def test_under_another_customer_it_is_not_found(self, cast, signed_in):
        owed = enter(cast)
        act = f"/customers/{cast.globex.pk}/obligations/{owed.pk}/delivery/"
        assert open_page(signed_in(cast.tom), act).status_code == 404


def further_customer(cast, number: int) -> None:
    customer = Customer.objects.create(name=f"Initech {number}")
    issue_certificate(
        certificate=Certificate(
            number=f"MSA-1{number}",
            customer=customer,
            programme=cast.certificate.programme,
            office=cast.office,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            tam=cast.tom,
        ),
        actor=None,
        at=MONDAY_NINE,
    )
    enter(cast, customer=customer, certificate=customer.certificates.get())


def post(client, path, data):
    with clock.at(MONDAY_NINE):
        return client.post(path, data)


def enter(cast, **changes) -> Obligation:
    facts = {
        "customer": cast.acme,
        "certificate": cast.certificate,
        "kind": Obligation.Kind.STATUS_REPORT,
        "key": "daily",
        "title": "Daily",
        "owed_since": MONDAY_NINE,
        "due_at": datetime(2026, 3, 10, 8, tzinfo=UTC),
        "remind_at": None,
        "at": MONDAY_NINE,
    }
    return owe(**facts | changes)


def test_a_renewal_names_its_certificate_once(cast, signed_in):
    keep_registers(at=MONDAY_NINE + 250 * DAY)
    see_everything()
    page = open_page(signed_in(cast.tom), f"/customers/{cast.acme.pk}/")
    text = words(page)
    assert "Renewal of a certificate · MSA-1 due" in text
