"""Programme editions in the database: loading, refusing, checking, and handing out targets."""

import os
import shutil
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from accounts.actions.programmes import Loaded, load_programme, load_programmes
from accounts.datafile import read_toml
from accounts.models import Programme, ProgrammeSeverity
from accounts.programmes import (
    ProgrammeError,
    check_programme,
    parse_programme,
    read_programmes,
)
from accounts.terms import Services, no_services

FOLDER = Path(settings.BASE_DIR) / "programmes"
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
ZH = "msa-enterprise-zh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped editions, to be changed at will."""
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def load(folder: Path = FOLDER) -> str:
    said = StringIO()
    call_command("load_programmes", str(folder), stdout=said)
    return said.getvalue()


def change(folder: Path, key: str, old: str, new: str) -> None:
    path = folder / f"{key}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edition(key: str = ZH) -> Programme:
    """Return the shipped edition, loaded."""
    load_programme(terms=parse_programme(read_toml(FOLDER / f"{key}.toml"), key), actor=None, at=AT)
    return Programme.objects.get(key=key)


def snapshot() -> list[Any]:
    return [
        *Programme.objects.order_by("key").values(),
        *ProgrammeSeverity.objects.order_by("programme__key", "severity").values(),
    ]


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_shipped")
class TestLoading:
    def test_loading_twice_changes_nothing(self):
        assert load() == "9 new\n"
        first = snapshot()
        assert len(first) == 9 + 9 * 4
        assert load() == "9 unchanged\n"
        assert snapshot() == first

    def test_without_a_folder_the_shipped_editions_are_loaded(self):
        said = StringIO()
        call_command("load_programmes", stdout=said)
        assert said.getvalue() == "9 new\n"

    def test_a_changed_file_is_taken_over(self, folder):
        load(folder)
        change(folder, ZH, "minutes = 240", "minutes = 120")
        change(folder, ZH, "contact_limit = 8", "contact_limit = 4")
        assert load(folder) == "1 updated, 8 unchanged\n"
        programme = Programme.objects.get(key=ZH)
        assert programme.contact_limit == 4
        assert programme.severities.get(severity=2).response_minutes == 120
        assert programme.fingerprint() == programme.loaded_digest

    def test_an_edited_edition_is_refused_with_each_difference(self, folder):
        load(folder)
        programme = Programme.objects.get(key=ZH)
        programme.services["health_check"] = True
        programme.names["nl"] = "MSA voor China"
        programme.provenance["contact_limit"] = {"assumed_from": "rules"}
        programme.incidents_per_year = 12
        programme.save()
        programme.severities.filter(severity=2).update(response_minutes=300)
        edited = snapshot()
        change(folder, "premium-fr-2023", "contact_limit = 8", "contact_limit = 9")

        with pytest.raises(CommandError) as refusal:
            load(folder)

        assert refusal.value.returncode == 1
        assert str(refusal.value).splitlines() == [
            f"{ZH}: edited by an administrator, so nothing was loaded",
            f'{ZH}: incidents_per_year: the file says "unlimited", the database 12',
            (
                f'{ZH}: name.nl: the file says "MSA Enterprise, Chinese editie", '
                'the database "MSA voor China"'
            ),
            (
                f'{ZH}: provenance.contact_limit: the file says "stated", '
                'the database "assumed from rules"'
            ),
            f"{ZH}: services.health_check: the file says false, the database true",
            f"{ZH}: severity.2.response.minutes: the file says 240, the database 300",
        ]
        assert snapshot() == edited

    def test_a_missing_severity_is_a_difference(self):
        programme = edition()
        programme.severities.get(severity=4).delete()
        with pytest.raises(ProgrammeError) as refusal:
            edition()
        assert refusal.value.lines[1] == (
            f"{ZH}: severity.4.call_required_out_of_hours: "
            "the file says false, the database nothing"
        )

    def test_an_edit_that_the_file_now_says_too_is_no_obstacle(self, folder):
        load(folder)
        Programme.objects.filter(key=ZH).update(contact_limit=12)
        change(folder, ZH, "contact_limit = 8", "contact_limit = 12")
        assert load(folder) == "9 unchanged\n"
        change(folder, ZH, "contact_limit = 12", "contact_limit = 16")
        assert load(folder) == "1 updated, 8 unchanged\n"

    def test_an_edition_made_in_the_admin_is_not_overwritten(self):
        Programme.objects.create(key=ZH, region="CN", document="ours", contact_limit=3)
        with pytest.raises(CommandError) as refusal:
            load()
        assert str(refusal.value).splitlines()[:2] == [
            f"{ZH}: edited by an administrator, so nothing was loaded",
            f"{ZH}: contact_limit: the file says 8, the database 3",
        ]
        assert Programme.objects.count() == 1

    def test_one_wrong_file_stops_them_all(self, folder):
        change(folder, ZH, "minutes = 240", 'minutes = "4h"')
        with pytest.raises(CommandError) as refusal:
            load(folder)
        assert str(refusal.value) == (
            f"{ZH}.toml: severity.2.response.minutes: "
            'expected a whole number of minutes above 0, found "4h"'
        )
        assert Programme.objects.count() == 0

    def test_a_source_must_be_an_edition_that_there_is(self, folder):
        change(folder, ZH, 'contact_limit = "stated"', 'contact_limit = "assumed from gold-2020"')
        message = (
            f"{ZH}.toml: provenance.contact_limit: "
            'expected "rules" or the key of another edition, found "gold-2020"'
        )
        with pytest.raises(CommandError) as refusal:
            load(folder)
        assert str(refusal.value) == message
        assert Programme.objects.count() == 0

        Programme.objects.create(key="gold-2020", region="EMEA", document="-", contact_limit=1)
        assert load(folder) == "9 new\n"

    def test_who_loaded_and_when_is_kept(self):
        terms = read_programmes(FOLDER)
        assert load_programmes(editions=terms, actor=None, at=AT) == [Loaded.NEW] * 9
        assert load_programmes(editions=terms, actor=None, at=LATER) == [Loaded.UNCHANGED] * 9
        assert Programme.objects.filter(loaded_at=AT, loaded_by=None).count() == 9


def test_a_refusal_ends_with_1_and_no_traceback(tmp_path):
    ended = subprocess.run(
        [sys.executable, "manage.py", "load_programmes", str(tmp_path)],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        f"CommandError: {tmp_path}: expected programme files (*.toml), found nothing\n",
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nothing_shipped")
def test_two_loads_at_once_make_one_edition():
    outcomes = []

    def load_too():
        try:
            terms = parse_programme(read_toml(FOLDER / f"{ZH}.toml"), ZH)
            outcomes.append(load_programme(terms=terms, actor=None, at=LATER))
        finally:
            connection.close()

    other = Thread(target=load_too)
    with transaction.atomic():
        edition()
        other.start()
        wait_until_somebody_waits()
    other.join(timeout=10)
    assert outcomes == [Loaded.UNCHANGED]
    assert Programme.objects.get().severities.count() == 4


def wait_until_somebody_waits() -> None:
    """Return once another session waits for a lock that ours holds."""
    with connection.cursor() as cursor:
        for _attempt in range(500):
            cursor.execute(
                "select pg_sleep(0.01), count(*) from pg_locks"
                " where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[1]:
                return
    raise AssertionError("nobody waited")


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_shipped")
class TestTerms:
    def test_targets_that_an_incident_takes_over(self):
        assert edition().targets() == {
            "response": {
                "1": {"minutes": 30, "unit": "elapsed", "call_required": True},
                "2": {"minutes": 240, "unit": "elapsed", "call_required": False},
                "3": {"minutes": 360, "unit": "working", "call_required": False},
                "4": {"minutes": 480, "unit": "working", "call_required": False},
            },
            "further_targets": {"1": {}, "2": {}, "3": {}, "4": {}},
            "phone_line": {
                "1": "always",
                "2": "always",
                "3": "office_hours",
                "4": "office_hours",
            },
            "status_reports": {
                "1": "by_agreement",
                "2": "regular",
                "3": "regular",
                "4": "regular",
            },
            "warning_percentages": [50, 80],
            "customer_side_months": 1,
        }

    def test_a_programme_may_promise_more_or_nothing(self, folder):
        change(
            folder,
            ZH,
            'response = { minutes = 240, unit = "elapsed" }',
            'response = "none"\n'
            'further_targets = { workaround = { minutes = 1440, unit = "working" } }',
        )
        change(folder, ZH, "customer_side_months = 1", 'customer_side_months = "none"')
        load(folder)
        targets = Programme.objects.get(key=ZH).targets()
        assert targets["response"]["2"] is None
        assert targets["further_targets"]["2"] == {
            "workaround": {"minutes": 1440, "unit": "working"}
        }
        assert targets["customer_side_months"] is None
        assert load(folder) == "9 unchanged\n"

    def test_stored_terms_read_like_their_file(self):
        load()
        for terms in read_programmes(FOLDER):
            programme = Programme.objects.get(key=terms.key)
            assert check_programme(programme.as_data()) == (terms, [])
            assert programme.fingerprint() == programme.loaded_digest

    def test_hours_of_the_tam(self):
        office = {
            "mon": [["08:00", "17:00"]],
            "fri": [["08:00", "12:00"]],
            "sat": [["09:00", "12:00"]],
        }
        assert edition("premium-fr-2023").tam_week(office) == office
        assert edition("msa-enterprise-nl-2023").tam_week(office) == {
            "mon": [["08:00", "17:00"]],
            "fri": [["08:00", "12:00"]],
        }
        assert edition().tam_week(office) == {
            key: [["10:00", "18:30"]] for key in ("mon", "tue", "wed", "thu", "fri")
        }

    def test_name_in_the_language_in_use(self):
        programme = edition()
        with translation.override("ru"):
            assert str(programme) == "MSA Enterprise, китайская редакция"
        with translation.override("de"):
            assert str(programme) == "MSA Enterprise, Chinese edition"
        assert str(Programme(key="gold", names={})) == "gold"

    def test_a_new_programme_in_the_admin_shows_every_service(self):
        assert list(no_services()) == [field.name for field in fields(Services)]


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_shipped")
class TestEditing:
    def test_what_is_loaded_is_valid(self):
        programme = edition()
        programme.full_clean()
        for severity in programme.severities.all():
            severity.full_clean()

    def test_an_edit_is_checked_like_a_file(self):
        programme = edition()
        programme.services["colour"] = True
        programme.tam_hours = {"mon": [["18:00", "09:00"]]}
        del programme.names["fr"]
        programme.provenance["contact_limit"] = {"guessed": True}
        with pytest.raises(ValidationError) as refusal:
            programme.clean()
        assert refusal.value.messages == [
            (
                "name.fr: expected a text of 1 to 1000 characters without space around it, "
                "found nothing"
            ),
            (
                'tam_hours.mon: expected "office" or windows such as [["09:00", "13:00"]], '
                'in order, found [["18:00", "09:00"]]'
            ),
            (
                "services.colour: unknown key; expected one of exclusions, health_check, "
                "lab_around_the_clock, latest_databases_required, open_incident_reports, "
                "private_patches, public_patches, quarterly_reports, signature_requests, tam, "
                "tam_channel"
            ),
            (
                "provenance.contact_limit.guessed: a programme has no such value; "
                "expected one such as contact_limit, services.tam, severity.1.response"
            ),
            (
                'provenance.contact_limit: expected "stated", or "assumed from" with "rules" or '
                "the key of an edition, found nothing"
            ),
        ]

    def test_an_edited_severity_is_checked_like_a_file(self):
        severity = edition().severities.get(severity=2)
        severity.further_targets = {"workaround": {"minutes": -1, "unit": "elapsed"}}
        severity.meaning_malware = []
        with pytest.raises(ValidationError) as refusal:
            severity.clean()
        assert refusal.value.messages == [
            (
                "severity.2.further_targets.workaround.minutes: "
                "expected a whole number of minutes above 0, found -1"
            ),
            "severity.2.meaning.malware: expected a table, found []",
        ]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("severity", 5),
            ("severity", 1),
            ("response_minutes", 0),
            ("response_minutes", 525_601),
            ("response_unit", "hours"),
            ("phone_line", "sometimes"),
            ("status_reports", "weekly"),
        ],
    )
    def test_the_database_refuses_a_wrong_severity(self, field, value):
        programme = edition()
        with pytest.raises(IntegrityError), transaction.atomic():
            programme.severities.filter(severity=2).update(**{field: value})

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("year", 1999),
            ("contact_limit", 1001),
            ("incidents_per_year", 10_001),
            ("customer_side_months", 0),
            ("customer_side_months", 25),
            ("warning_percentages", [10, 20, 30, 40, 50, 60]),
        ],
    )
    def test_the_database_refuses_a_wrong_programme(self, field, value):
        edition()
        with pytest.raises(IntegrityError), transaction.atomic():
            Programme.objects.filter(key=ZH).update(**{field: value})
