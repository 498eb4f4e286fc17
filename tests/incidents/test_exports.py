"""What is taken out of the house: only what the contact may see, run by no spreadsheet, noted."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.utils import timezone, translation
from openpyxl import load_workbook

from incidents.actions import answering, responding
from incidents.exports import sheet as paper
from incidents.models import Export, Message
from incidents.views import exports
from incidents.views.printing import sheet_of
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db
LATER = MONDAY_NINE + timedelta(hours=1)


@pytest.fixture(autouse=True)
def ten():
    with clock.at(LATER):
        yield


def export(signed_in, person, kind, query=""):
    return signed_in(person).post(f"/incidents/exports/{query}", {"format": kind})


def table(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_list_as_csv(cast, signed_in):
    incident = cast.file(title="=HYPERLINK(1)")
    cast.file(title="Theirs", by=cast.olga)
    responding.respond(incident=incident, actor=cast.tom, text="Seen.", at=LATER)
    response = export(signed_in, cast.alice, "csv")
    assert response["Content-Disposition"] == 'attachment; filename="incidents-2026-03-02.csv"'
    assert table(response) == [
        [
            "Reference",
            "Title",
            "Whose move",
            "State",
            "Why it is closed",
            "Severity",
            "Category",
            "Product",
            "Version",
            "Certificate",
            "Filed by",
            "Channel",
            "Received",
            "Response due",
            "First response",
            "Last event",
            "Closes without a reply",
            "Closed",
        ],
        [
            "INC-2026-000001",
            "'=HYPERLINK(1)",
            "Waiting for us",
            "In progress",
            "",
            "2 High",
            incident.category.name,
            "Northlight Endpoint",
            "12.4",
            "MSA-1",
            "Alice",
            "Portal",
            "2026-03-02 09:00:00+01:00",
            "2026-03-02 13:00:00+01:00",
            "2026-03-02 10:00:00+01:00",
            "2026-03-02 10:00:00+01:00",
            "",
            "",
        ],
    ]
    noted = Export.objects.get()
    assert (noted.customer, noted.user, noted.format, noted.count, noted.incident) == (
        cast.acme,
        cast.alice,
        "csv",
        1,
        None,
    )
    assert (noted.narrowed_by, noted.exported_at) == ({}, LATER)


def test_a_list_as_a_workbook(cast, signed_in):
    cast.file(title="=1+1 \x0b bell")
    response = export(signed_in, cast.alice, "xlsx")
    sheet = load_workbook(io.BytesIO(response.content)).active
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]][:2] == ["Reference", "Title"]
    assert rows[0][12].value == "Received (Europe/Paris)"
    assert (rows[1][1].value, rows[1][1].data_type) == ("'=1+1   bell", "s")
    assert rows[1][12].value == datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 (as a workbook has it)


def test_an_empty_list_and_one_narrowed(cast, signed_in):
    assert len(table(export(signed_in, cast.alice, "csv"))) == 1
    cast.file(title="Broken")
    assert len(table(export(signed_in, cast.alice, "csv", "?q=broken&severity=1"))) == 1
    assert len(table(export(signed_in, cast.alice, "csv", "?q=broken&severity=2"))) == 2
    assert Export.objects.latest("id").narrowed_by == {"severity": "2"}
    assert load_workbook(io.BytesIO(export(signed_in, cast.bob, "xlsx", "?turn=closed").content))


def test_a_list_too_long_is_refused(cast, signed_in, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_MOST", 2)
    for _ in range(3):
        cast.file()
    response = export(signed_in, cast.alice, "csv", "?sort=oldest")
    assert (response.status_code, response["Location"]) == (302, "/incidents/?sort=oldest")
    assert Export.objects.count() == 0


@pytest.mark.parametrize(("kind", "query"), [("exe", ""), ("", ""), ("csv", "?since=x")])
def test_what_is_no_export_leads_back(cast, signed_in, kind, query):
    assert export(signed_in, cast.alice, kind, query).status_code == 302


@pytest.mark.parametrize(
    ("person", "status"),
    [("alice", 200), ("bob", 200), ("olga", 404), ("tom", 200), ("erik", 404), ("ada", 200)],
)
def test_who_takes_an_incident_with_them(cast, signed_in, person, status):
    url = f"{cast.file().get_absolute_url()}exports/"
    response = signed_in(getattr(cast, person)).post(url)
    assert response.status_code == status
    assert Export.objects.count() == (status == 200)
    if status == 200:
        assert response.content.startswith(b"%PDF-")
        assert response["Content-Disposition"] == 'attachment; filename="INC-2026-000001.pdf"'


@pytest.mark.parametrize("person", ["tom", "ada", "erik"])
def test_lists_are_exported_by_contacts(cast, signed_in, person):
    assert export(signed_in, getattr(cast, person), "csv").status_code == 403


def test_the_paper_holds_what_a_contact_reads(cast):
    incident = cast.file()
    responding.add_note(incident=incident, actor=cast.tom, text="CANARY-NOTE", at=LATER)
    responding.ask_customer(incident=incident, actor=cast.tom, text="Which #let x = 1?", at=LATER)
    answering.answer(incident=incident, actor=cast.bob, text="版本 12，服务器", at=LATER)
    with timezone.override("Europe/Paris"), translation.override("en"):
        for reader in (cast.alice, cast.tom):
            sheet = sheet_of(incident, reader, LATER, vendor="Northlight")
            assert [(item.who, item.text) for item in sheet.items if item.side] == [
                ("Alice", "It happens every morning."),
                ("Tom", "Which #let x = 1?"),
                ("Bob", "版本 12，服务器"),
            ]
            assert "CANARY" not in repr(sheet)
            assert sheet.clocks.rows[0] == [
                "First response",
                "Mon 2026-03-02 13:00:00",
                "Mon 2026-03-02 10:00:00",
                "–",
            ]
    assert paper.printed(sheet, at=LATER) == paper.printed(sheet, at=LATER)
    assert len(paper.pages(sheet, at=LATER)) == 1


@pytest.mark.parametrize("language", ["en", "fr", "zh-hans", "nl", "ru"])
def test_the_paper_is_printed_in_each_language(cast, signed_in, language):
    cast.alice.language = language
    cast.alice.save()
    incident = cast.file(title="\U0001f600 #strong[*x*] Чёрный 扫描")
    Message.objects.filter(incident=incident).update(text="\\ $x$ #panic() \n\n" + "长" * 12_000)
    url = f"{incident.get_absolute_url()}exports/"
    assert signed_in(cast.alice).post(url).content.startswith(b"%PDF-")
