"""A programme in use: what it promises stays, what is better reaches every certificate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from accounts.actions import programmes
from accounts.actions.certificates import issue_certificate, reinstate_certificate
from accounts.actions.programmes import load_programme, revise_programme, running_certificates
from accounts.datafile import read_toml
from accounts.errors import Refused
from accounts.models import Certificate, CertificateVersion, Office, Programme
from accounts.programme_toml import programme_toml
from accounts.programmes import parse_programme, read_programmes
from accounts.tenancy import set_scope, staff_transaction
from msa.outbox import relay
from msa.outbox.models import Message
from msa.wiring import HANDLERS
from tests.accounts.test_programme_loading import wait_until_somebody_waits
from tests.conftest import MONDAY_NINE, make_cast, see_everything

FOLDER = Path(settings.BASE_DIR) / "programmes"
FR = "msa-enterprise-fr-2022"
INSTEAD = (
    "2 certificates that have not ended promise this. "
    "Make a new edition instead, and move certificates to it."
)

pytestmark = pytest.mark.django_db


def edited(key=FR, **values):
    programme = Programme.objects.get(key=key)
    for name, value in values.items():
        setattr(programme, name, value)
    return programme


def revise(programme, *severities, actor=None, at=MONDAY_NINE):
    revise_programme(programme=programme, severities=severities, actor=actor, at=at)


def severity(number, **values):
    row = Programme.objects.get(key=FR).severities.get(severity=number)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def file_terms(key=FR):
    return parse_programme(read_toml(FOLDER / f"{key}.toml"), key)


def drain():
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))


def versions():
    return list(
        CertificateVersion.objects.order_by("certificate__number", "number").values_list(
            "certificate__number", "number"
        )
    )


@pytest.mark.usefixtures("cast")
class TestRefusing:
    def test_an_edit_that_takes_a_promise_back_changes_nothing(self, cast):
        with pytest.raises(Refused) as refusal:
            revise(
                edited(contact_limit=4, names={"en": "New"}),
                severity(2, response_minutes=241),
                actor=cast.ada,
            )
        assert str(refusal.value) == (
            "Number of contacts: 8 until now, 4 then; "
            f"Response time at severity 2: 4 h until now, 4 h 1 min then. {INSTEAD}"
        )
        stored = Programme.objects.get(key=FR)
        assert stored.fingerprint() == stored.loaded_digest
        assert not Message.objects.filter(topic="programme.revised").exists()

    def test_a_file_that_takes_a_promise_back_is_not_loaded(self, tmp_path):
        for path in FOLDER.glob("*.toml"):
            text = path.read_text(encoding="utf-8")
            if path.stem == FR:
                text = text.replace("contact_limit = 8", "contact_limit = 7")
                text = text.replace("health_check = true", "health_check = false")
            (tmp_path / path.name).write_text(text, encoding="utf-8")
        set_scope()  # a command line begins without one
        with pytest.raises(CommandError) as refusal:
            call_command("load_programmes", str(tmp_path))
        assert str(refusal.value).splitlines() == [
            f"{FR}.toml: contact_limit: Number of contacts: 8 until now, 7 then",
            f"{FR}.toml: services.health_check: Yearly health check: included until now, "
            "not included then",
            f"{FR}.toml: {INSTEAD}",
        ]
        see_everything()
        assert Programme.objects.get(key=FR).contact_limit == 8

    def test_a_better_file_is_loaded_and_told(self, cast):
        terms = replace(file_terms(), contact_limit=9)
        assert load_programme(terms=terms, actor=cast.ada, at=MONDAY_NINE) == "updated"
        [message] = Message.objects.filter(topic="programme.revised")
        assert message.payload == {
            "programme": cast.certificate.programme_id,
            "actor": cast.ada.pk,
            "after": 0,
        }
        assert load_programme(terms=terms, actor=cast.ada, at=MONDAY_NINE) == "unchanged"
        assert Message.objects.filter(topic="programme.revised").count() == 1

    @pytest.mark.parametrize("how", ["revoked", "ended", "moved"])
    def test_what_a_certificate_was_ever_issued_under_stays(self, how):
        at = MONDAY_NINE
        if how == "revoked":
            Certificate.objects.update(revoked_at=at)
        elif how == "ended":
            at = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)  # midnight in Paris
        else:
            other = Programme.objects.get(key="premium-fr-2023")
            Certificate.objects.update(programme=other)
        with pytest.raises(Refused) as refusal:
            revise(edited(contact_limit=2), at=at)
        assert str(refusal.value) == (
            "Number of contacts: 8 until now, 2 then. Certificates were issued under it, and may "
            "run under it again. Make a new edition instead."
        )

    def test_what_no_certificate_was_issued_under_can_be_taken_back(self):
        unused = Programme.objects.get(key="msa-enterprise-zh")
        unused.contact_limit = 2
        revise_programme(programme=unused, severities=[], actor=None, at=MONDAY_NINE)
        assert Programme.objects.get(pk=unused.pk).contact_limit == 2

    def test_a_reinstated_certificate_prints_what_became_better_meanwhile(self, cast):
        Certificate.objects.update(revoked_at=MONDAY_NINE)
        revise(edited(), severity(2, response_minutes=200))
        drain()
        assert versions() == [("MSA-1", 1), ("MSA-2", 1)]
        reinstate_certificate(certificate=cast.certificate, actor=cast.ada, at=MONDAY_NINE)
        assert versions() == [("MSA-1", 1), ("MSA-1", 2), ("MSA-2", 1)]

    def test_a_certificate_runs_to_the_end_of_its_last_day_in_its_offices_zone(self, cast):
        Office.objects.update(timezone="Asia/Tokyo")
        end = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
        programme = cast.certificate.programme
        assert running_certificates(programme, end - timedelta(seconds=1)).count() == 2
        assert running_certificates(programme, end).count() == 0


class TestTakingOver:
    def test_what_is_better_is_printed_once_by_every_running_certificate(self, cast):
        Certificate.objects.filter(number="MSA-2").update(revoked_at=MONDAY_NINE)
        revise(edited(contact_limit=9), severity(2, response_minutes=200), actor=cast.ada)
        drain()
        assert versions() == [("MSA-1", 1), ("MSA-1", 2), ("MSA-2", 1)]
        second = CertificateVersion.objects.get(certificate=cast.certificate, number=2)
        assert (second.approved_by, second.issued_at) == (cast.ada, MONDAY_NINE)
        assert second.printed["promises"]["contact_limit"] == 9
        assert second.printed["promises"]["severity"]["2"]["response"] == {
            "minutes": 200,
            "unit": "elapsed",
        }
        assert list(
            Certificate.objects.order_by("number").values_list("contact_limit", flat=True)
        ) == [9, 9]

        HANDLERS["programme.revised"][0](
            {"programme": cast.certificate.programme_id, "actor": None, "after": 0},
            at=MONDAY_NINE,
        )
        drain()
        assert versions() == [("MSA-1", 1), ("MSA-1", 2), ("MSA-2", 1)]

    def test_what_certificates_do_not_print_issues_nothing(self, cast):
        revise(edited(warning_percentages=[60]), actor=cast.ada)
        drain()
        assert versions() == [("MSA-1", 1), ("MSA-2", 1)]

    def test_an_edit_that_changes_nothing_tells_nobody(self, cast):
        revise(edited(), severity(1), actor=cast.ada)
        assert not Message.objects.filter(topic="programme.revised").exists()

    def test_many_are_taken_in_batches(self, cast, monkeypatch):
        monkeypatch.setattr(programmes, "TAKE_OVER_BATCH", 1)
        revise(edited(contact_limit=9))
        drain()
        assert versions() == [("MSA-1", 1), ("MSA-1", 2), ("MSA-2", 1), ("MSA-2", 2)]
        payloads = Message.objects.filter(topic="programme.revised").order_by("id")
        assert [message.payload["after"] for message in payloads] == [
            0,
            cast.certificate.pk,
            cast.globex_certificate.pk,
        ]


class TestFiles:
    def test_an_edition_downloaded_is_the_edition(self, tmp_path):
        for programme in Programme.objects.all():
            text = programme_toml(programme.as_data())
            (tmp_path / f"{programme.key}.toml").write_text(text, encoding="utf-8")
        assert read_programmes(tmp_path) == read_programmes(FOLDER)

    def test_an_edited_one_loads_unchanged_and_is_then_as_in_its_file(self, tmp_path):
        names = {
            "en": 'Quoted "\\" and \x7f',
            "fr": "a\nb",
            "zh-hans": "中文",
            "nl": "'",
            "ru": "#",
        }
        programme = edited(
            names=names,
            tam_hours={"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "sat": "office"},
            incidents_per_year=12,
            customer_side_months=None,
            year=None,
        )
        programme.provenance["contact_limit"] = {"assumed_from": "rules"}
        programme.provenance["severity.2.response"] = {"assumed_from": "msa-enterprise-zh"}
        programme.save()
        further = {"update": {"minutes": 60, "unit": "working"}}
        programme.severities.filter(severity=2).update(further_targets=further)
        edition = Programme.objects.get(key=FR)
        path = tmp_path / f"{FR}.toml"
        path.write_text(programme_toml(edition.as_data()), encoding="utf-8")
        [terms] = read_programmes(tmp_path)
        assert load_programme(terms=terms, actor=None, at=MONDAY_NINE) == "unchanged"
        assert Programme.objects.get(key=FR).loaded_digest == edition.fingerprint()

    def test_it_is_written_as_people_would(self):
        text = programme_toml(Programme.objects.get(key="msa-start").as_data())
        assert text.startswith(
            'key = "msa-start"\n'
            'region = "INT"\n'
            'year = "none"\n'
            'document = "rules"\n'
            "contact_limit = 1\n"
            "incidents_per_year = 6\n"
            "customer_side_months = 1\n"
            "warning_percentages = [50, 80]\n"
            'escalation_levels = ["tam", "team_head"]\n'
            "requirements = {}\n"
            'tam_hours = "office"\n'
            "\n"
            "[name]\n"
            'en = "MSA Start"\n'
        )
        assert (
            "\n[severity.1]\n"
            'response = { minutes = 120, unit = "elapsed" }\n'
            "call_required_out_of_hours = true\n"
            'phone_line = "always"\n'
            'status_reports = "none"\n'
            "further_targets = {}\n"
            "\n"
            "[severity.1.meaning.product]\n"
        ) in text
        assert text.endswith(
            'severity.all.meaning.product = "assumed from rules"\n'
            'severity.all.meaning.malware = "assumed from rules"\n'
        )


@pytest.mark.django_db(transaction=True)
def test_a_certificate_that_is_being_issued_holds_the_edition_to_its_promises():
    cast = make_cast("msa-enterprise-zh")
    refusals = []

    def worsen():
        try:
            with staff_transaction():
                revise(edited(contact_limit=3), at=MONDAY_NINE)
        except Refused as refusal:
            refusals.append(str(refusal))
        finally:
            connection.close()

    other = Thread(target=worsen)
    with transaction.atomic():
        set_scope(staff=True)
        issue_certificate(
            certificate=Certificate(
                number="MSA-3",
                customer=cast.acme,
                programme=Programme.objects.get(key=FR),
                office=cast.office,
                valid_from=cast.certificate.valid_from,
                valid_until=cast.certificate.valid_until,
                tam=cast.tom,
            ),
            actor=None,
            at=MONDAY_NINE,
        )
        other.start()
        wait_until_somebody_waits()
    other.join(timeout=10)
    assert refusals == [
        "Number of contacts: 8 until now, 3 then. "
        "1 certificate that has not ended promises this. "
        "Make a new edition instead, and move certificates to it."
    ]


@pytest.mark.django_db(transaction=True)
def test_a_certificate_issued_while_terms_change_prints_and_keeps_what_they_become():
    cast = make_cast("msa-enterprise-zh")
    certificate = Certificate(
        number="MSA-3",
        customer=cast.acme,
        programme=Programme.objects.get(key=FR),
        office=cast.office,
        valid_from=cast.certificate.valid_from,
        valid_until=cast.certificate.valid_until,
        tam=cast.tom,
    )

    def issue():
        try:
            with staff_transaction():
                issue_certificate(certificate=certificate, actor=None, at=MONDAY_NINE)
        finally:
            connection.close()

    other = Thread(target=issue)
    with transaction.atomic():
        set_scope(staff=True)
        revise(edited(contact_limit=3))
        other.start()
        wait_until_somebody_waits()
    other.join(timeout=10)
    see_everything()
    issued = Certificate.objects.get(number="MSA-3")
    assert issued.contact_limit == 3
    assert issued.versions.get().printed["promises"]["contact_limit"] == 3
