"""The log of advice and agreed actions: who writes it, who reads it, and who is told."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from accounts.actions.obligations import waive
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import Obligation
from accounts.tenancy import set_scope
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from msa.wiring import HANDLERS
from tam.actions.advice import finish_action, give_advice
from tam.models import Advice
from tests.conftest import MONDAY_NINE, see_everything

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
VENDOR, CUSTOMER = Advice.Whose.VENDOR, Advice.Whose.CUSTOMER
# Queries of the middleware (four), of the sidebar's counts, and those two by which the tests'
# client sees every customer again.
AROUND = 7
KEY = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def monday_nine():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def told():
    """Return who was mailed, each with the subject; and forget it."""

    def mails() -> list[tuple[str, str]]:
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        see_everything()
        found = list(Email.objects.order_by("id").values_list("to_address", "subject"))
        Email.objects.all().delete()
        return [(address.partition("@")[0], subject) for address, subject in found]

    return mails


def advise(cast, **facts) -> Advice:
    return give_advice(
        **{
            "certificate": cast.certificate,
            "actor": cast.tom,
            "title": "Mirrors",
            "text": "One mirror for each site.",
            "at": MONDAY_NINE,
            **facts,
        }
    )


def form(cast, **changes):
    return {
        "submission": KEY,
        "certificate": cast.certificate.pk,
        "title": "Mirrors",
        "text": "One mirror for each site.",
        "action": "Send the plan",
        "whose": "vendor",
        "due_on": "2026-03-20",
        **changes,
    }


def words(response):
    main = response.content.decode().partition('<main id="main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


class TestTheActs:
    def test_an_action_of_ours_with_a_day_is_owed_until_it_is_done(self, cast):
        advice = advise(cast, action="Send the plan", whose=VENDOR, due_on=date(2026, 3, 20))
        [owed] = Obligation.objects.all()
        assert (owed.kind, str(owed), owed.certificate, owed.due_at, owed.remind_at) == (
            Obligation.Kind.ADVICE,
            "Agreed action · Mirrors",
            cast.certificate,
            datetime(2026, 3, 20, 22, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 12, 23, tzinfo=UTC),
        )
        at = MONDAY_NINE + DAY
        finish_action(advice=advice, actor=cast.tess, outcome="Sent to Alice.", at=at)
        owed.refresh_from_db()
        assert (owed.delivered_at, owed.delivered_by, owed.proof) == (
            at,
            cast.tess,
            "Sent to Alice.",
        )
        advice.refresh_from_db()
        assert (advice.done_at, advice.done_by, advice.outcome) == (
            at,
            cast.tess,
            "Sent to Alice.",
        )

    @pytest.mark.parametrize(
        "facts",
        [
            {},
            {"action": "Send the plan", "whose": VENDOR},
            {"action": "Upgrade", "whose": CUSTOMER, "due_on": date(2026, 3, 20)},
        ],
    )
    def test_nothing_else_is_owed(self, cast, facts):
        advise(cast, **facts)
        assert Obligation.objects.count() == 0

    def test_what_is_agreed_for_soon_is_not_reminded_of(self, cast):
        advise(cast, action="Send the plan", whose=VENDOR, due_on=date(2026, 3, 4))
        [owed] = Obligation.objects.all()
        assert owed.remind_at == owed.due_at

    @pytest.mark.parametrize(
        ("facts", "field", "message"),
        [
            ({"action": "Upgrade"}, "whose", "Say whose action it is."),
            ({"whose": VENDOR}, "action", "Say what was agreed to be done."),
            ({"due_on": date(2026, 3, 20)}, "action", "Say what was agreed to be done."),
            (
                {"action": "Upgrade", "whose": VENDOR, "due_on": date(2026, 3, 1)},
                "due_on",
                "That day is past.",
            ),
        ],
    )
    def test_half_an_agreement_is_refused(self, cast, facts, field, message):
        with pytest.raises(Refused) as refusal:
            advise(cast, **facts)
        assert (refusal.value.field, str(refusal.value)) == (field, message)

    def test_an_action_is_done_once_and_by_whose_it_is(self, cast):
        ours = advise(cast, action="Send the plan", whose=VENDOR)
        with pytest.raises(NotAllowed):
            finish_action(advice=ours, actor=cast.alice, outcome="Done.", at=MONDAY_NINE)
        theirs = advise(cast, action="Upgrade", whose=CUSTOMER)
        with pytest.raises(Refused, match="Say what came of it"):
            finish_action(advice=theirs, actor=cast.alice, outcome=" ", at=MONDAY_NINE)
        finish_action(advice=theirs, actor=cast.alice, outcome="Upgraded.", at=MONDAY_NINE)
        with pytest.raises(Conflict, match="It was done already"):
            finish_action(advice=theirs, actor=cast.tom, outcome="Again.", at=MONDAY_NINE)
        with pytest.raises(Refused, match="No action was agreed here"):
            finish_action(advice=advise(cast), actor=cast.tom, outcome="Done.", at=MONDAY_NINE)

    def test_one_that_was_waived_in_the_register_can_still_be_done(self, cast):
        advice = advise(cast, action="Send the plan", whose=VENDOR, due_on=date(2026, 3, 20))
        [owed] = Obligation.objects.all()
        waive(obligation=owed, actor=cast.tom, at=MONDAY_NINE, reason="Not wanted.")
        finish_action(advice=advice, actor=cast.tom, outcome="Sent after all.", at=MONDAY_NINE)
        owed.refresh_from_db()
        assert (owed.delivered_at, owed.waived_at) == (None, MONDAY_NINE)


class TestLetters:
    def test_both_sides_are_told_but_not_who_did_it(self, cast, told):
        told()
        advice = advise(cast, action="Upgrade", whose=CUSTOMER)
        subject = "[MSA-1] Advice from Tom"
        assert told() == [("alice", subject), ("bob", subject), ("tess", subject)]
        finish_action(advice=advice, actor=cast.bob, outcome="Upgraded.", at=MONDAY_NINE)
        subject = "[MSA-1] An agreed action is done"
        assert told() == [("alice", subject), ("tom", subject), ("tess", subject)]

    @pytest.mark.parametrize(
        ("whose", "to_contact", "to_staff"),
        [
            (
                VENDOR,
                "We agreed to do something, and tell you when it is done.",
                "We agreed to do something. The customer is told when it is marked as done.",
            ),
            (
                CUSTOMER,
                "You agreed to do something. Please mark it as done in the log of advice.",
                "The customer agreed to do something.",
            ),
        ],
    )
    def test_each_side_reads_what_to_do_and_where(self, cast, whose, to_contact, to_staff):
        advice = advise(cast, action="Upgrade", whose=whose, due_on=date(2026, 3, 20))
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        texts = {
            mail.to_address: " ".join(mail.text.split())
            for mail in Email.objects.filter(subject__contains="Advice")
        }
        alice, tess = texts["alice@acme.example"], texts["tess@northlight.example"]
        assert (to_contact in alice, f"/advice/#advice-{advice.pk}" in alice) == (True, True)
        log = f"/customers/{cast.acme.pk}/advice/#advice-{advice.pk}"
        assert (to_staff in tess, log in tess) == (True, True)


class TestTheStaffsPages:
    def test_advice_is_logged_once_however_often_it_is_sent(self, cast, signed_in):
        tom, address = signed_in(cast.tom), f"/customers/{cast.acme.pk}/advice/"
        for _try in range(2):
            response = tom.post(f"{address}new/", form(cast))
            assert (response.status_code, response.headers["Location"]) == (302, address)
        [advice] = Advice.objects.all()
        assert (advice.title, advice.whose, advice.due_on, advice.given_by, advice.given_at) == (
            "Mirrors",
            "vendor",
            date(2026, 3, 20),
            cast.tom,
            MONDAY_NINE,
        )
        shown = words(tom.get(address))
        assert "One mirror for each site." in shown
        assert "Ours by March 20, 2026 Send the plan" in shown

    def test_what_is_wrong_is_said_and_what_was_typed_stays(self, cast, signed_in):
        page = f"/customers/{cast.acme.pk}/advice/new/"
        response = signed_in(cast.tom).post(page, form(cast, whose=""))
        assert response.status_code == 422
        assert "Say whose action it is." in words(response)
        assert "Send the plan" in response.content.decode()
        response = signed_in(cast.tom).post(page, form(cast, title="", due_on="soon"))
        assert response.status_code == 422
        assert "Enter a valid date." in words(response)
        assert Advice.objects.count() == 0

    def test_only_the_customers_own_certificates_are_offered(self, cast, signed_in):
        page = f"/customers/{cast.acme.pk}/advice/new/"
        foreign = form(cast, certificate=cast.globex_certificate.pk)
        assert signed_in(cast.tom).post(page, foreign).status_code == 422

    def test_an_action_is_marked_as_done(self, cast, signed_in):
        advice = advise(cast, action="Upgrade", whose=CUSTOMER)
        page = f"/customers/{cast.acme.pk}/advice/{advice.pk}/outcome/"
        tom = signed_in(cast.tom)
        assert "Done: Mirrors" in words(tom.get(page))
        response = tom.post(page, {"submission": KEY, "outcome": "Upgraded by phone."})
        assert response.headers["Location"] == (
            f"/customers/{cast.acme.pk}/advice/#advice-{advice.pk}"
        )
        advice.refresh_from_db()
        assert (advice.outcome, advice.done_by) == ("Upgraded by phone.", cast.tom)
        again = tom.post(page, {"submission": KEY, "outcome": "Another word."})
        assert (again.status_code, "It was done already." in words(again)) == (409, True)

    @pytest.mark.parametrize(
        ("name", "log", "new"),
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
    def test_who_reads_and_who_writes(self, cast, signed_in, name, log, new):
        advice = advise(cast, action="Upgrade", whose=CUSTOMER)
        client, address = signed_in(getattr(cast, name)), f"/customers/{cast.acme.pk}/advice/"
        found = [
            client.get(address + rest).status_code for rest in ("", "new/", f"{advice.pk}/outcome/")
        ]
        assert found == [log, new, new]

    def test_another_customers_advice_is_not_found(self, cast, signed_in):
        advice = advise(cast, action="Upgrade", whose=CUSTOMER)
        page = f"/customers/{cast.globex.pk}/advice/{advice.pk}/outcome/"
        assert signed_in(cast.tom).get(page).status_code == 404

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_log_costs_the_same(self, cast, signed_in, count, django_assert_num_queries):
        for _number in range(count):
            advise(cast, action="Upgrade", whose=CUSTOMER)
        tom = signed_in(cast.tom)
        with django_assert_num_queries(AROUND + 3):
            assert tom.get(f"/customers/{cast.acme.pk}/advice/").status_code == 200


class TestThePortal:
    def test_contacts_read_their_own_log_and_finish_their_own_actions(self, cast, signed_in):
        theirs = advise(cast, action="Upgrade", whose=CUSTOMER)
        ours = advise(cast, title="Plan", action="Send the plan", whose=VENDOR)
        bob = signed_in(cast.bob)
        page = bob.get("/advice/")
        assert page.content.decode().count('class="button button-small button-primary"') == 1
        assert "You do Upgrade" in words(page)
        assert "We do Send the plan" in words(page)
        done = bob.post(
            f"/advice/{theirs.pk}/outcome/", {"submission": KEY, "outcome": "Upgraded."}
        )
        assert done.headers["Location"] == f"/advice/#advice-{theirs.pk}"
        theirs.refresh_from_db()
        assert (theirs.done_by, theirs.outcome) == (cast.bob, "Upgraded.")
        assert bob.get(f"/advice/{ours.pk}/outcome/").status_code == 403
        outsider = signed_in(cast.olga)
        assert outsider.get(f"/advice/{theirs.pk}/outcome/").status_code == 404
        assert "Nothing was advised yet" in words(outsider.get("/advice/"))

    @pytest.mark.parametrize("name", ["tom", "dana", "erik", "hanna", "bruno", "ada"])
    def test_staff_have_the_customers_page_instead(self, cast, signed_in, name):
        advice = advise(cast, action="Upgrade", whose=CUSTOMER)
        client = signed_in(getattr(cast, name))
        pages = ("/advice/", f"/advice/{advice.pk}/outcome/")
        assert [client.get(page).status_code for page in pages] == [404, 404]

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_log_costs_the_same(self, cast, signed_in, count, django_assert_num_queries):
        for _number in range(count):
            advise(cast, action="Upgrade", whose=CUSTOMER)
        alice = signed_in(cast.alice)
        with django_assert_num_queries(11):
            assert alice.get("/advice/").status_code == 200
