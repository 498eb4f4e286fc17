"""A version of a certificate as a PDF: what it says, and that it can be made again (SPEC 3)."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings

from accounts.actions import certificates
from accounts.models import CertificateVersion
from accounts.printing.certificate import grouped, pages_of, pdf_of
from tests.accounts.pdf_text import UNKNOWN, runs_of
from tests.conftest import make_cast

LANGUAGES = [code for code, _name in settings.LANGUAGES]
HOSTILE = '#set page(fill: red) $x$ *bold* "quoted" \\ `raw` <label> @ref // end'

# What was printed before a version kept its programme's terms.
OLD = {
    "number": "MSA-7",
    "customer": "Acme",
    "programme": "msa-enterprise-fr-2022",
    "office": "Paris",
    "valid_from": "2025-01-01",
    "valid_until": "2025-12-31",
    "week": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["10:00", "12:00"]]},
    "products": ["Northlight Endpoint"],
    "tam": "Tom",
    "deputy": None,
    "contacts": [
        {"slot": 1, "name": "Alice", "email": "alice@acme.example", "phone": "+33 1 99 00 62 18"},
        {"slot": 3, "name": "李雷", "email": "li@acme.example", "phone": ""},
    ],
}
AGAIN = """
import hashlib, json, sys
import django
django.setup()
from accounts.models import CertificateVersion
from accounts.printing.certificate import pdf_of
from datetime import datetime
given = json.load(sys.stdin)
given["issued_at"] = datetime.fromisoformat(given["issued_at"])
language = given.pop("language")
print(hashlib.sha256(pdf_of(CertificateVersion(**given), language)).hexdigest())
"""


def old_version(**printed: Any) -> CertificateVersion:
    return CertificateVersion(
        number=2,
        issued_at=datetime(2025, 1, 1, 23, 30, tzinfo=UTC),
        code="0123456789AB",
        printed={**OLD, **printed},
    )


def latest(certificate) -> CertificateVersion:
    version: CertificateVersion = certificate.versions.latest("number")
    return version


def words(version: CertificateVersion, language: str) -> str:
    """Return the text of a PDF without blanks: lines break where they must."""
    return without_blanks("".join(runs_of(pdf_of(version, language))))


def without_blanks(text: str) -> str:
    return "".join(text.split())


def test_a_code_is_printed_in_groups_of_four():
    assert grouped("0123456789AB") == "0123-4567-89AB"


def test_an_old_version_prints_all_that_it_has():
    assert runs_of(pdf_of(old_version(), "en")) == [
        "Northlight",
        "Maintenance service agreement",
        "Acme",
        "msa-enterprise-fr-2022",
        "Certificate",
        "MSA-7",
        "version 2",
        "From",
        "Jan. 1, 2025",
        "issued on Jan. 1, 2025",
        "Until and including",
        "Dec. 31, 2025",
        "Who may ask",
        "Slot",
        "Name",
        "E-mail",
        "Phone",
        "1",
        "Alice",
        "alice@acme.example",
        "+33 1 99 00 62 18",
        "3",
        "李雷",
        "li@acme.example",
        "Is this certificate genuine?",
        "Anybody can ask at this address, with the code:",
        "http://testserver/verify/",
        "0123-4567-89AB",
        "MSA-7 · version 2",
        "1 / 2",
        "Northlight",
        "Maintenance service agreement · Acme",
        "In charge",
        "Technical account manager",
        "Tom",
        "Office",
        "Paris",
        "Working hours",
        "Hours",
        "Monday 09:00–12:00, 13:00–17:00; ",
        "Tuesday 10:00–12:00",
        "Closed days",
        "The office's",
        "Products covered",
        "Northlight Endpoint",
        "MSA-7 · version 2",
        "2 / 2",
    ]


def test_the_day_of_issue_is_the_offices():
    assert "issued on Jan. 2, 2025" in runs_of(pdf_of(old_version(timezone="Europe/Paris"), "en"))


def test_without_contacts_deputy_and_products_it_says_so():
    runs = runs_of(pdf_of(old_version(contacts=[], products=[]), "en"))

    assert runs[12:14] == ["Who may ask", "Nobody is named yet."]
    assert "Deputy" not in runs
    assert runs[runs.index("Products covered") + 1] == "None"


@pytest.mark.django_db
class TestPromises:
    def test_what_is_promised_at_each_severity(self, cast):
        runs = runs_of(pdf_of(latest(cast.certificate), "en"))

        start = runs.index("What we promise")
        assert runs[start : runs.index("Who may ask")] == [
            "What we promise",
            *("Severity", "First response", "Priority line", "Status reports"),
            *("1 · Critical", "30 min", "around the clock", "out of hours: from your call on"),
            *("At any hour", "By agreement, at most once ", "a day"),
            *("2 · High", "4 h", "around the clock", "out of hours: from your call on"),
            *("At any hour", "In the regular reports"),
            *("3 · Medium", "6 h", "in working time"),
            *("In office hours", "In the regular reports"),
            *("4 · Low", "8 h", "in working time"),
            *("In office hours", "In the regular reports"),
        ]

    def test_services_and_limits(self, cast):
        runs = runs_of(pdf_of(latest(cast.certificate), "en"))

        start = runs.index("Services included")
        assert [run for run in runs[start : runs.index("Escalation")] if run != "•"] == [
            "Services included",
            "Technical account manager",
            "Signature requests",
            "Lab around the clock",
            "Public patches",
            "Private patches: reasonable effort",
            "Reports of open incidents: regular",
            "Quarterly reports",
            "Yearly health check",
            "Limits",
            "Contacts at most",
            "8",
            "Incidents per contract year",
            "Unlimited",
            "Closed without your reply",
            "After 1 month",
        ]

    def test_further_targets_and_what_is_not_promised(self, cast):
        version = latest(cast.certificate)
        severities = version.printed["promises"]["severity"]
        severities["1"]["further_targets"] = {
            "update": {"minutes": 90, "unit": "elapsed"},
            "resolution": {"minutes": 2400, "unit": "working"},
        }
        severities["4"] |= {"response": "none", "phone_line": "none", "status_reports": "none"}

        runs = runs_of(pdf_of(version, "en"))

        first = runs.index("1 · Critical")
        assert runs[first + 4 : first + 6] == [
            "Update: 1 h 30 min around the clock",
            "Resolution: 40 h in working time",
        ]
        last = runs.index("4 · Low")
        assert runs[last + 1 : last + 4] == ["no time promised", "Not included", "Not included"]

    def test_own_hours_come_before_the_programmes_for_the_tam(self, cast):
        certificate = cast.certificate
        certificate.week = {"sat": [["10:00", "12:00"]]}
        certificates.revise_certificate(
            certificate=certificate,
            products=[cast.product],
            actor=cast.ada,
            at=datetime(2026, 2, 1, tzinfo=UTC),
        )

        runs = runs_of(pdf_of(latest(certificate), "en"))

        assert runs[runs.index("Hours of the TAM") + 1] == "Saturday 10:00–12:00"
        assert runs[runs.index("Hours") + 1] == "Saturday 10:00–12:00"

    def test_no_call_in_code_is_printed(self, cast):
        contact = cast.certificate.contacts.get(slot=1)
        contact.call_in_code = "777123"
        contact.save()

        text = words(latest(cast.certificate), "en")

        assert ("alice@acme.example" in text, "777123" in text) == (True, False)

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            ("en", "MSA Enterprise, French edition of 2022"),
            ("fr", "MSA Enterprise, édition française de 2022"),
            ("zh-hans", "MSA Enterprise（法文版，2022 年）"),
            ("nl", "MSA Enterprise, Franse editie van 2022"),
            ("ru", "MSA Enterprise, французская редакция 2022 года"),
        ],
    )
    def test_its_text_can_be_selected_in_each_language(self, cast, language, told):
        text = words(latest(cast.certificate), language)

        assert without_blanks(told) in text
        assert UNKNOWN not in text

    @pytest.mark.parametrize(
        ("language", "day"),
        [
            ("en", "Dec. 31, 2026"),
            ("fr", "31 décembre 2026"),
            ("zh-hans", "2026年12月31日"),
            ("nl", "31 december 2026"),
            ("ru", "31 декабря 2026 г."),
        ],
    )
    def test_days_are_written_as_the_language_does(self, cast, language, day):
        assert without_blanks(day) in words(latest(cast.certificate), language)

    @pytest.mark.parametrize("programme", ["premium-fr-2023", "msa-enterprise-zh"])
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_eight_contacts_fit_on_the_page_to_be_framed(self, language, programme):
        cast = make_cast(programme)
        version = latest(cast.certificate)
        version.printed["contacts"] = [
            {
                "slot": slot,
                "name": "Александра Константинопольская",
                "email": f"somebody.with.a.long.name{slot}@customer.example",
                "phone": "+33 1 99 00 62 18",
            }
            for slot in range(1, 9)
        ]
        assert len(pages_of(version, language)) == 2


@pytest.mark.django_db
class TestAgain:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_is_the_same_when_made_again(self, cast, language):
        version = latest(cast.certificate)
        made = pdf_of(version, language)

        assert made.startswith(b"%PDF-")
        assert pdf_of(version, language) == made

    def test_it_is_the_same_in_another_process(self, cast):
        version = latest(cast.certificate)
        given = {
            "number": version.number,
            "issued_at": version.issued_at.isoformat(),
            "code": version.code,
            "printed": version.printed,
            "language": "zh-hans",
        }
        said = subprocess.run(
            [sys.executable, "-c", AGAIN],
            input=json.dumps(given).encode(),
            capture_output=True,
            check=True,
            cwd=settings.BASE_DIR,
        )

        assert (
            said.stdout.decode().strip() == hashlib.sha256(pdf_of(version, "zh-hans")).hexdigest()
        )

    def test_nothing_that_changes_later_changes_it(self, cast):
        made = pdf_of(latest(cast.certificate), "en")
        for thing, changed in (
            (cast.office, {"name": "Lyon", "timezone": "Asia/Shanghai"}),
            (cast.alice, {"name": "Alicia", "phone": "1"}),
            (cast.acme, {"name": "Acme & Sons"}),
            (cast.certificate, {"valid_until": date(2030, 1, 1)}),
            (cast.certificate.programme, {"names": {"en": "Another"}, "contact_limit": 9}),
        ):
            type(thing).objects.filter(pk=thing.pk).update(**changed)

        version = CertificateVersion.objects.get(certificate=cast.certificate)
        assert pdf_of(version, "en") == made

    def test_no_query_is_needed(self, cast, django_assert_num_queries):
        version = latest(cast.certificate)
        with django_assert_num_queries(0):
            pdf_of(version, "ru")


def test_texts_are_texts_and_never_markup():
    version = old_version(customer=HOSTILE, products=[HOSTILE])

    assert words(version, "en").count(without_blanks(HOSTILE)) == 3


def test_it_is_fit_for_the_archive_and_for_screen_readers():
    made = pdf_of(old_version(), "en")

    assert (b"pdfaid:part>2<" in made, b"pdfuaid:part>1<" in made) == (True, True)


@pytest.mark.parametrize("name", ["สมชาย", "😀", "a\x07b", "\ue000"])
def test_a_name_that_the_fonts_cannot_write_is_printed_all_the_same(name):
    version = old_version(customer=name)
    made = pdf_of(version, "en")

    assert made.startswith(b"%PDF-")
    assert pdf_of(version, "en") == made
    assert runs_of(made)[4:6] == ["Certificate", "MSA-7"]


def test_a_hundred_contacts_go_on_over_the_pages():
    contact = {"name": "Alice", "email": "alice@acme.example", "phone": ""}
    version = old_version(contacts=[{"slot": slot, **contact} for slot in range(1, 101)])

    assert len(pages_of(version, "en")) == 4
