"""The register of what is owed to customers: what a certificate owes, and what becomes of it."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from accounts.actions import obligations
from accounts.actions.certificates import reinstate_certificate, revoke_certificate
from accounts.actions.obligations import deliver, keep_registers, owe, remind, waive
from accounts.actions.renewal import renew_certificate
from accounts.errors import Conflict, Refused
from accounts.models import Certificate, Obligation, Programme
from accounts.obligation_rules import owed_by
from accounts.tenancy import set_scope
from msa import clock, tasks
from msa.outbox import relay
from msa.outbox.models import Email, Message
from msa.wiring import HANDLERS
from tests.conftest import MONDAY_NINE, make_cast, see_everything

pytestmark = pytest.mark.django_db

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
Kind = Obligation.Kind

# Days of Paris: winter time until 29 March and from 25 October 2026, summer time between.
END_OF_YEAR = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
REPORT_1_DUE = datetime(2026, 4, 30, 21, 59, 59, tzinfo=UTC)


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


def enter(cast, **changes) -> Obligation:
    facts = {
        "customer": cast.acme,
        "certificate": cast.certificate,
        "kind": Kind.REGULAR_REPORT,
        "key": "report-1",
        "title": "March",
        "owed_since": MONDAY_NINE,
        "due_at": MONDAY_NINE + 10 * DAY,
        "remind_at": MONDAY_NINE + 3 * DAY,
        "at": MONDAY_NINE,
    }
    return owe(**facts | changes)


def keep(at: datetime) -> int:
    changed = keep_registers(at=at)
    see_everything()
    return changed


def register(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what was entered under a certificate, and how it stands."""
    return [
        (row.key.replace(f"-{certificate.pk}-", "-#-"), standing(row)) for row in rows(certificate)
    ]


def rows(certificate: Certificate):
    return certificate.obligations.order_by("due_at", "pk")


def standing(row: Obligation) -> str:
    if row.delivered_at is not None:
        return f"delivered: {row.proof}"
    return "open" if row.waived_at is None else f"waived: {row.reason}"


class TestWhatACertificateOwes:
    def test_on_a_day_in_march(self, cast):
        owed = owed_by(cast.certificate, MONDAY_NINE)
        assert [
            (one.kind, one.title, one.owed_since, one.due_at, one.remind_at) for one in owed
        ] == [
            (
                Kind.RENEWAL,
                "MSA-1",
                datetime(2025, 12, 31, 23, tzinfo=UTC),
                END_OF_YEAR,
                datetime(2026, 10, 1, 22, tzinfo=UTC),
            ),
            (
                Kind.QUARTERLY_REPORT,
                "2026 Q1",
                datetime(2025, 12, 31, 23, tzinfo=UTC),
                REPORT_1_DUE,
                datetime(2026, 4, 15, 22, tzinfo=UTC),
            ),
            (
                Kind.HEALTH_CHECK,
                "2026",
                datetime(2025, 12, 31, 23, tzinfo=UTC),
                END_OF_YEAR,
                datetime(2026, 10, 31, 23, tzinfo=UTC),
            ),
        ]

    @pytest.mark.parametrize(
        ("at", "reports"),
        [
            (datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC), []),
            (datetime(2025, 12, 31, 23, tzinfo=UTC), ["2026 Q1"]),
            (datetime(2026, 3, 31, 22, tzinfo=UTC), ["2026 Q1", "2026 Q2"]),
            (REPORT_1_DUE, ["2026 Q1", "2026 Q2"]),
            (REPORT_1_DUE + SECOND, ["2026 Q2"]),
            (END_OF_YEAR + SECOND, ["2026 Q4"]),
            (datetime(2027, 1, 30, 23, tzinfo=UTC), []),
        ],
    )
    def test_the_report_on_each_quarter_also_on_the_last(self, cast, at, reports):
        owed = owed_by(cast.certificate, at)
        assert [one.title for one in owed if one.kind == Kind.QUARTERLY_REPORT] == reports

    @pytest.mark.parametrize(
        ("at", "title", "due_on"),
        [
            (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024/2025", date(2025, 2, 27)),
            (datetime(2025, 2, 27, 12, tzinfo=UTC), "2024/2025", date(2025, 2, 27)),
            (datetime(2025, 2, 28, 12, tzinfo=UTC), "2025/2026", date(2026, 2, 27)),
            (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026", date(2026, 6, 30)),
        ],
    )
    def test_the_health_check_of_each_contract_year(self, cast, at, title, due_on):
        certificate = cast.certificate
        certificate.valid_from, certificate.valid_until = date(2024, 2, 29), date(2026, 6, 30)
        [check] = [one for one in owed_by(certificate, at) if one.kind == Kind.HEALTH_CHECK]
        assert (check.title, certificate.local_date(check.due_at)) == (title, due_on)

    def test_only_what_the_edition_includes(self):
        cast = make_cast("msa-enterprise-zh")
        owed = owed_by(cast.certificate, MONDAY_NINE)
        assert [one.kind for one in owed] == [Kind.RENEWAL, Kind.QUARTERLY_REPORT]
        premium = make_cast_of("premium-fr-2023", cast.certificate)
        assert [one.kind for one in owed_by(premium, MONDAY_NINE)] == [Kind.RENEWAL]


def make_cast_of(programme: str, certificate: Certificate) -> Certificate:
    certificate.programme = Programme.objects.get(key=programme)
    return certificate


class TestTheActs:
    def test_what_is_owed_is_entered_once(self, cast):
        first = enter(cast)
        again = enter(cast, title="Another", due_at=MONDAY_NINE + 20 * DAY)
        assert again == first
        assert (str(again), again.due_at) == (
            "Report of open incidents · March",
            MONDAY_NINE + 10 * DAY,
        )

    def test_it_is_delivered_once_with_proof(self, cast):
        owed = enter(cast)
        with pytest.raises(Refused, match="Say what proves that it was delivered") as refusal:
            deliver(obligation=owed, actor=cast.tom, at=MONDAY_NINE, proof="  ")
        assert refusal.value.field == "proof"
        done = deliver(obligation=owed, actor=cast.tom, at=MONDAY_NINE, proof=" Sent to Alice. ")
        assert (done.delivered_at, done.delivered_by, done.proof) == (
            MONDAY_NINE,
            cast.tom,
            "Sent to Alice.",
        )
        with pytest.raises(Conflict, match="It has been delivered already"):
            waive(obligation=owed, actor=cast.tom, at=MONDAY_NINE, reason="No.")

    def test_it_is_waived_once_with_a_reason(self, cast):
        owed = enter(cast)
        with pytest.raises(Refused, match="Say why it is not owed any more") as refusal:
            waive(obligation=owed, actor=cast.tom, at=MONDAY_NINE, reason="")
        assert refusal.value.field == "reason"
        gone = waive(obligation=owed, actor=cast.hanna, at=MONDAY_NINE, reason="Not wanted.")
        assert (gone.waived_at, gone.waived_by, gone.reason_text) == (
            MONDAY_NINE,
            cast.hanna,
            "Not wanted.",
        )
        with pytest.raises(Conflict, match="It is not owed any more"):
            deliver(obligation=owed, actor=cast.tom, at=MONDAY_NINE, proof="Sent.")


class TestTheRegisterKeepsItself:
    def test_it_is_entered_once_however_often_it_is_looked_at(self, cast):
        assert keep(MONDAY_NINE) == 2
        assert keep(MONDAY_NINE) == 0
        assert register(cast.certificate) == [
            ("quarterly-report-#-2026-1", "open"),
            ("renewal-#-2026-12-31", "open"),
            ("health-check-#-2026-01-01", "open"),
        ]

    def test_a_revocation_waives_what_is_not_yet_due_and_taken_back_owes_it_anew(self, cast, told):
        keep(MONDAY_NINE)
        at = REPORT_1_DUE + DAY
        whole = {"certificate": cast.certificate, "actor": cast.ada}
        revoke_certificate(**whole, reason="Not paid.", at=at)
        told()
        assert register(cast.certificate) == [
            ("quarterly-report-#-2026-1", "open"),  # overdue: it stays owed
            ("renewal-#-2026-12-31", "waived: revoked"),
            ("health-check-#-2026-01-01", "waived: revoked"),
        ]
        assert rows(cast.certificate)[1].reason_text == "The certificate was revoked."
        reinstate_certificate(**whole, at=at + DAY)
        told()
        keep(at + DAY)
        assert register(cast.certificate) == [
            ("quarterly-report-#-2026-1", "open"),
            ("quarterly-report-#-2026-2", "open"),
            ("renewal-#-2026-12-31", "waived: revoked"),
            ("health-check-#-2026-01-01", "waived: revoked"),
            ("renewal-#-2026-12-31/2", "open"),
            ("health-check-#-2026-01-01/2", "open"),
        ]
        assert keep(at + DAY) == 0

    def test_what_a_person_waived_is_not_owed_anew(self, cast):
        keep(MONDAY_NINE)
        report = cast.certificate.obligations.get(kind=Kind.QUARTERLY_REPORT)
        waive(obligation=report, actor=cast.tom, at=MONDAY_NINE, reason="Agreed with Alice.")
        assert keep(MONDAY_NINE + DAY) == 0

    def test_a_renewal_delivers_itself(self, cast, told):
        keep(MONDAY_NINE)
        renew_certificate(
            certificate=cast.certificate,
            number="MSA-7",
            valid_from=date(2027, 1, 1),
            valid_until=date(2027, 12, 31),
            actor=cast.ada,
            at=MONDAY_NINE + DAY,
        )
        told()
        assert register(cast.certificate) == [
            ("quarterly-report-#-2026-1", "open"),
            ("renewal-#-2026-12-31", "delivered: MSA-7"),
            ("health-check-#-2026-01-01", "open"),
        ]
        assert keep(MONDAY_NINE + DAY) == 0

    def test_a_quarter_in_which_the_follow_on_begins_is_reported_once(self, cast, told):
        Certificate.objects.filter(pk=cast.certificate.pk).update(valid_until=date(2026, 3, 15))
        cast.certificate.refresh_from_db()
        keep(MONDAY_NINE)
        renewal = renew_certificate(
            certificate=cast.certificate,
            number="MSA-7",
            valid_from=date(2026, 3, 16),
            valid_until=date(2027, 3, 15),
            actor=cast.ada,
            at=MONDAY_NINE + DAY,
        )
        told()
        assert register(cast.certificate) == [
            ("renewal-#-2026-03-15", "delivered: MSA-7"),
            ("health-check-#-2026-01-01", "open"),
            ("quarterly-report-#-2026-1", "waived: no_longer"),
        ]
        keep(MONDAY_NINE + 15 * DAY)
        assert [row.title for row in rows(renewal).filter(kind=Kind.QUARTERLY_REPORT)] == [
            "2026 Q1"
        ]

    def test_a_prolonged_certificate_is_to_be_renewed_later(self, cast):
        keep(MONDAY_NINE)
        Certificate.objects.filter(pk=cast.certificate.pk).update(valid_until=date(2027, 6, 30))
        keep(MONDAY_NINE + DAY)
        assert register(cast.certificate) == [
            ("quarterly-report-#-2026-1", "open"),
            ("renewal-#-2026-12-31", "waived: no_longer"),
            ("health-check-#-2026-01-01", "open"),
            ("renewal-#-2027-06-30", "open"),
        ]

    def test_one_register_that_fails_holds_up_no_other(self, cast, monkeypatch, caplog):
        kept = obligations.keep_register

        def fail(*, certificate, at):
            if certificate == cast.certificate:
                raise RuntimeError("broken")
            return kept(certificate=certificate, at=at)

        monkeypatch.setattr(obligations, "keep_register", fail)
        assert keep(MONDAY_NINE) == 1
        assert (register(cast.certificate), len(register(cast.globex_certificate))) == ([], 3)
        assert [record.getMessage() for record in caplog.records] == [
            f"The register of certificate {cast.certificate.pk} could not be kept."
        ]

    def test_looking_costs_the_same_for_one_and_for_many(self, cast, django_assert_num_queries):
        keep(MONDAY_NINE)
        looking = 9  # a batch of five, and one that is empty of four, each in its own scope
        with django_assert_num_queries(looking):
            keep_registers(at=MONDAY_NINE)
        see_everything()
        cast.globex_certificate.obligations.all().delete()
        Certificate.objects.filter(pk=cast.globex_certificate.pk).update(
            valid_from=date(2020, 1, 1), valid_until=date(2020, 12, 31)
        )
        with django_assert_num_queries(looking):
            keep_registers(at=MONDAY_NINE)


class TestReminders:
    def test_the_tam_and_the_deputy_once_before_and_with_the_head_once_after(self, cast, told):
        enter(cast)
        remind_at, due_at = MONDAY_NINE + 3 * DAY, MONDAY_NINE + 10 * DAY
        assert (remind(at=remind_at), told()) == (0, [])
        assert remind(at=remind_at + SECOND) == 1
        subject = "[Acme] Due soon: Report of open incidents · March"
        assert told() == [("tom", subject), ("tess", subject)]
        assert (remind(at=due_at), told()) == (0, [])
        assert remind(at=due_at + SECOND) == 1
        subject = "[Acme] Overdue: Report of open incidents · March"
        assert told() == [("tom", subject), ("tess", subject), ("hanna", subject)]
        assert (remind(at=due_at + 9 * DAY), told()) == (0, [])

    def test_after_an_outage_only_that_it_is_overdue(self, cast, told):
        enter(cast)
        assert remind(at=MONDAY_NINE + 11 * DAY) == 1
        assert [name for name, _subject in told()] == ["tom", "tess", "hanna"]
        assert remind(at=MONDAY_NINE + 12 * DAY) == 0

    def test_nobody_is_told_of_what_was_delivered_meanwhile(self, cast, told):
        owed = enter(cast)
        remind(at=MONDAY_NINE + 4 * DAY)
        deliver(obligation=owed, actor=cast.tom, at=MONDAY_NINE + 4 * DAY, proof="Sent.")
        assert told() == []
        assert remind(at=MONDAY_NINE + 11 * DAY) == 0

    def test_of_a_renewal_the_warning_of_the_end_reminds(self, cast, told):
        enter(cast, kind=Kind.RENEWAL)
        assert remind(at=MONDAY_NINE + 4 * DAY) == 1
        assert told() == []

    def test_the_letter_names_the_day_of_the_office(self, cast):
        enter(cast, due_at=REPORT_1_DUE)
        remind(at=MONDAY_NINE + 4 * DAY)
        relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
        letter = Email.objects.get(to_address="tom@northlight.example")
        assert "Due on: April 30, 2026 Europe/Paris" in " ".join(letter.text.split())
        assert f"/customers/{cast.acme.pk}/#obligations" in letter.text

    def test_without_a_certificate_those_of_the_customer(self, cast, told):
        enter(cast, certificate=None)
        remind(at=MONDAY_NINE + 11 * DAY)
        assert [name for name, _subject in told()] == ["tom", "tess", "hanna"]


def test_the_tasks_keep_the_register_and_remind(cast):
    with clock.at(MONDAY_NINE):
        tasks.keep_obligations()
    see_everything()
    assert Obligation.objects.count() == 6
    with clock.at(REPORT_1_DUE - DAY):
        tasks.remind_of_obligations()
    topics = Message.objects.filter(topic__startswith="obligation.").values_list("topic", flat=True)
    assert list(topics) == ["obligation.due_soon"] * 2


def test_administrators_look_the_register_up(cast, signed_in):
    keep(MONDAY_NINE)
    page = signed_in(cast.ada).get("/admin/accounts/obligation/?standing=open")
    assert page.status_code == 200
    assert page.content.decode().count("Quarterly report · 2026 Q1") == 2
