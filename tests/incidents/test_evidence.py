"""Evidence that is handed over: what stands in it, what does not, and that it stays the same."""

import ast
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.test import RequestFactory

from accounts.actions import certificates, offices
from accounts.errors import NotFound
from accounts.tenancy import staff_transaction
from incidents.actions import answering, responding
from incidents.evidence.disclosure import DISCLOSED, INTERNAL
from incidents.evidence.document import as_file, evidence_of
from incidents.evidence.sheet import pages_of, sheet_of
from incidents.explaining.records import explain_incident
from incidents.explaining.steady import held_steady
from incidents.models import Incident
from incidents.views import evidence as views
from tests.conftest import MONDAY_NINE, make_cast
from tests.incidents.evidence_cases import differences, lived

LANGUAGES = [code for code, _name in settings.LANGUAGES]
HOSTILE = '#set page(fill: red) $x$ *bold* "quoted" \\ `raw` <label> @ref // 版本 Версия'


def hours(count: float) -> datetime:
    return MONDAY_NINE + timedelta(hours=count)


@pytest.fixture
def incident(cast) -> Incident:
    """Filed on Monday at nine, asked at ten, answered on Tuesday at three, with a note between."""
    filed: Incident = cast.file("product-partial")
    responding.add_note(incident=filed, actor=cast.tom, text="They never update.", at=hours(0.5))
    responding.ask_customer(
        incident=filed,
        actor=cast.tom,
        text="Which version?",
        at=hours(1),
        files=[SimpleUploadedFile("how.txt", b"Look here.")],
    )
    answering.answer(incident=filed, actor=cast.alice, text="12.4", at=hours(30))
    filed.refresh_from_db()
    return filed


@pytest.mark.django_db
class TestFile:
    def test_the_arithmetic_of_the_response(self, incident):
        (clock,) = evidence_of(incident)["clocks"]
        assert clock == {
            "kind": "response",
            "received_at": "2026-03-02T08:00:00+00:00",
            "started_at": "2026-03-02T08:00:00+00:00",
            "waits_for_call": False,
            "calendar": incident.certificate.hours.digest,
            "promises": [
                {
                    "basis": "2026-03-02T08:00:00+00:00",
                    "seconds": 21600,
                    "unit": "working",
                    "follows_start": True,
                    "due_at": "2026-03-02T14:00:00+00:00",
                    "counted": [
                        {
                            "from": "2026-03-02T08:00:00+00:00",
                            "until": "2026-03-02T14:00:00+00:00",
                            "seconds": 21600,
                            "sum": 21600,
                        }
                    ],
                }
            ],
            "pauses": [],
            "due_at": "2026-03-02T14:00:00+00:00",
            "met_at": "2026-03-02T09:00:00+00:00",
            "breached_at": None,
            "breach_set_aside_at": None,
            "ended_at": "2026-03-02T09:00:00+00:00",
            "used": {
                "promise": 0,
                "until": "2026-03-02T09:00:00+00:00",
                "seconds": 3600,
                "of_seconds": 21600,
            },
            "verdict": "kept",
        }

    def test_whose_move_it_was(self, incident):
        sides = evidence_of(incident)["sides"]
        assert [
            (one["side"], one["elapsed_seconds"], one["working_seconds"])
            for one in sides["intervals"]
        ] == [("vendor", 3600, 3600), ("customer", 104400, 50400), ("vendor", 0, 0)]
        assert (sides["vendor_elapsed_seconds"], sides["vendor_working_seconds"]) == (3600, 3600)
        assert sides["customer_elapsed_seconds"] == 104400

    def test_people_go_by_name_and_role(self, cast, incident):
        evidence = evidence_of(incident)
        assert evidence["people"] == {
            str(cast.alice.pk): {"name": "Alice", "role": "contact", "side": "customer"},
            str(cast.tom.pk): {"name": "Tom", "role": "tam", "side": "vendor"},
        }
        assert "@" not in as_file(evidence).decode()

    def test_an_internal_note_keeps_its_place_and_nothing_else(self, incident):
        evidence = evidence_of(incident)
        (note,) = incident.journal.filter(kind="noted")
        assert evidence["events"][note.number - 1] == {
            "number": note.number,
            "previous_hash": note.previous_hash,
            "hash": note.hash,
            "withheld": True,
        }
        assert "They never update." not in as_file(evidence).decode()

    def test_a_person_who_only_wrote_notes_is_not_named(self, cast, incident):
        responding.add_note(incident=incident, actor=cast.erik, text="Mine.", at=hours(31))
        incident.refresh_from_db()
        assert str(cast.erik.pk) not in evidence_of(incident)["people"]

    def test_an_erased_text_leaves_its_hash(self, incident):
        message = incident.messages.get(kind="question")
        incident.messages.filter(pk=message.pk).update(text="", digest_key=b"")
        evidence = evidence_of(incident)
        (asked,) = [event for event in evidence["events"] if event.get("kind") == "asked"]
        assert asked["message"] == {"id": message.pk, "erased": True}
        assert len(asked["text_hash"]) == 64
        assert differences(evidence) == []

    def test_the_certificate_is_told_as_it_stood_at_filing(self, cast, incident):
        certificate = cast.certificate
        certificate.week = {"mon": [["10:00", "12:00"]]}
        certificate.valid_until = date(2027, 12, 31)
        certificates.revise_certificate(
            certificate=certificate, products=[cast.product], actor=cast.ada, at=hours(40)
        )
        evidence = evidence_of(Incident.objects.get(pk=incident.pk))
        assert evidence["certificate"] == {
            "number": "MSA-1",
            "version": 1,
            "issued_at": "2026-01-01T00:00:00+00:00",
            "printed": {
                "number": "MSA-1",
                "customer": "Acme",
                "programme": "msa-enterprise-fr-2022",
                "promises": certificate.programme.printed(),
                "office": "Paris",
                "timezone": "Europe/Paris",
                "valid_from": "2026-01-01",
                "valid_until": "2026-12-31",
                "week": None,
                "products": ["Northlight Endpoint"],
                "tam": "Tom",
                "deputy": "Tess",
                "contacts": [{"slot": 1, "name": "Alice"}, {"slot": 2, "name": "Bob"}],
            },
        }

    def test_it_stays_the_same_while_nothing_happens_to_the_incident(self, cast, incident):
        before = as_file(evidence_of(incident))
        offices.close_day(office=cast.office, day=date(2026, 3, 3), actor=None, at=hours(10))
        offices.close_day(office=cast.office, day=date(2026, 3, 9), actor=None, at=hours(50))
        other = cast.file(at=hours(51))
        responding.respond(incident=other, actor=cast.tom, text="…", at=hours(52))

        after = evidence_of(Incident.objects.get(pk=incident.pk))

        # The first closing lies before the last event, and counts; the second does not.
        assert after["sides"]["intervals"][1]["working_seconds"] == 28800
        offices.close_day(office=cast.office, day=date(2026, 3, 10), actor=None, at=hours(60))
        assert as_file(evidence_of(Incident.objects.get(pk=incident.pk))) == as_file(after)
        assert before != as_file(after)

    def test_its_json_is_canonical(self, incident):
        text = as_file(evidence_of(incident)).decode()
        data = json.loads(text)
        canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert text == f"{canonical}\n"


@pytest.mark.django_db
@pytest.mark.parametrize("read", [evidence_of, lambda one: explain_incident(one, hours(40))])
def test_an_incident_that_was_fetched_before_an_act_is_brought_up_to_date(cast, incident, read):
    fetched = Incident.objects.get(pk=incident.pk)
    responding.offer_solution(incident=incident, actor=cast.tom, text="13.0", at=hours(31))
    read(fetched)
    assert (fetched.state, fetched.journal_head) == (
        "solution_offered",
        incident.journal.latest("number").hash,
    )
    assert differences(evidence_of(fetched)) == []


@pytest.mark.django_db(transaction=True)
def test_an_act_waits_while_an_incident_is_read_and_no_longer():
    with staff_transaction():
        cast = make_cast()
        incident = cast.file()
    with ThreadPoolExecutor(max_workers=1) as somebody_else, staff_transaction():
        with held_steady(incident):
            assert not somebody_else.submit(responded, cast, incident).result()
            assert len(evidence_of(incident)["events"]) == 2
        assert somebody_else.submit(responded, cast, incident).result()


def responded(cast, incident) -> bool:
    """Answer an incident, and tell whether that was possible at once."""
    try:
        with staff_transaction():
            with connection.cursor() as cursor:
                cursor.execute("set local lock_timeout = '300ms'")
            responding.respond(incident=incident, actor=cast.tom, text="…", at=hours(1))
    except OperationalError:
        return False
    else:
        return True
    finally:
        connection.close()


def test_each_kind_of_entry_is_either_disclosed_or_internal():
    recorded = set()
    for folder in ("incidents/actions", "tam/actions"):
        for path in (settings.BASE_DIR / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _is_record(node):
                    recorded |= _texts(node.args[0])
    assert recorded == DISCLOSED | INTERNAL


def _is_record(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "record" and bool(call.args)


def _texts(kind: ast.expr) -> set[str]:
    return {
        node.value
        for node in ast.walk(kind)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.django_db
class TestSheet:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_is_the_same_when_made_again(self, incident, language):
        evidence = evidence_of(incident)
        sheet = sheet_of(evidence, language)
        assert sheet.startswith(b"%PDF-")
        assert sheet_of(evidence, language) == sheet

    def test_every_event_and_clock_can_be_told(self):
        assert len(pages_of(evidence_of(lived()), "ru")) > 5

    def test_texts_are_texts_and_never_markup(self, cast):
        plain, hostile = cast.file(), cast.file(title=HOSTILE)
        responding.respond(incident=hostile, actor=cast.tom, text=HOSTILE, at=hours(1))
        hostile.refresh_from_db()
        assert len(pages_of(evidence_of(hostile), "en")) == len(pages_of(evidence_of(plain), "en"))

    def test_a_long_text_is_cut(self, cast):
        filed = cast.file()
        responding.respond(incident=filed, actor=cast.tom, text="line\n" * 20_000, at=hours(1))
        filed.refresh_from_db()
        assert len(pages_of(evidence_of(filed), "en")) < 20


@pytest.mark.django_db
class TestCommand:
    def test_it_writes_both(self, incident, tmp_path):
        file, pdf = tmp_path / "e.json", tmp_path / "e.pdf"
        call_command(
            "evidence", incident.reference, json=str(file), pdf=str(pdf), language="zh-hans"
        )
        evidence = evidence_of(incident)
        assert file.read_bytes() == as_file(evidence)
        assert pdf.read_bytes() == sheet_of(evidence, "zh-hans")

    def test_without_a_file_it_prints(self, incident):
        out = StringIO()
        call_command("evidence", incident.reference, stdout=out)
        assert out.getvalue().encode() == as_file(evidence_of(incident))

    def test_an_incident_that_is_not_there(self):
        with pytest.raises(CommandError, match=r"There is no incident INC-2026-999999\."):
            call_command("evidence", "INC-2026-999999")

    def test_a_file_that_cannot_be_written(self, incident, tmp_path):
        with pytest.raises(CommandError, match=r"cannot be written: Is a directory\."):
            call_command("evidence", incident.reference, json=str(tmp_path))


@pytest.mark.django_db
class TestViews:
    @staticmethod
    def get(view, incident, person):
        request: Any = RequestFactory().get("/")
        request.user, request.at = person, datetime(2026, 6, 1, tzinfo=UTC)
        return view(request, reference=incident.reference)

    @pytest.mark.parametrize("name", ["alice", "bob", "tom", "dana", "hanna", "ada"])
    def test_whoever_sees_the_incident_gets_the_same_file(self, cast, incident, name):
        response = self.get(views.file, incident, getattr(cast, name))
        assert response.content == as_file(evidence_of(incident))
        assert response.headers["Content-Type"] == "application/json"
        disposition = f'attachment; filename="{incident.reference}.json"'
        assert response.headers["Content-Disposition"] == disposition

    def test_the_sheet_speaks_the_readers_language(self, cast, incident):
        cast.alice.language = "fr"
        response = self.get(views.sheet, incident, cast.alice)
        assert response.content == sheet_of(evidence_of(incident), "fr")
        assert response.headers["Content-Type"] == "application/pdf"

    @pytest.mark.parametrize("view", [views.file, views.sheet])
    @pytest.mark.parametrize("name", ["olga", "erik", "bruno"])
    def test_others_learn_nothing(self, cast, incident, view, name):
        with pytest.raises(NotFound):
            self.get(view, incident, getattr(cast, name))
