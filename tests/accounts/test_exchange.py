"""Import and export of customers, contacts and certificates: read, confirmed, all or nothing."""

import csv
import io
import re
import time
from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from tablib import Dataset

from accounts.errors import Refused
from accounts.exchange.files import NUMBER, neutral, read_table, restored, written
from accounts.models import Certificate, CertificateVersion, Contact, Customer, Product, User
from msa import clock
from msa.outbox.models import Message
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

CUSTOMERS = "/admin/accounts/customer/"
PEOPLE = "/admin/accounts/user/"
CERTIFICATES = "/admin/accounts/certificate/"
RUN = ("=", "+", "-", "@", "＝")
HEAD = "number,customer,programme,office,valid_from,valid_until,tam"
NEW = "MSA-7,Acme,premium-fr-2023,Paris,2027-01-01,2027-12-31,tom@northlight.example"


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield
    cache.clear()


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def read(admin, address, text, name="file.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return admin.post(f"{address}import/", {"file": SimpleUploadedFile(name, data)})


def confirm(admin, address, page):
    fields = {"token": page.context["token"], "name": page.context["name"]}
    effect = page.context.get("effect")
    if effect:
        fields["_confirmed"] = effect.digest
    return admin.post(f"{address}import/", fields, follow=True)


def imported(admin, address, text):
    page = read(admin, address, text)
    assert wrong(page) == []
    done = confirm(admin, address, page)
    return [str(message) for message in done.context["messages"]]


def wrong(page):
    outcome = page.context.get("outcome")
    return [(row.row, row.column, row.message) for row in outcome.wrong] if outcome else []


def refused(page):
    assert page.status_code == 200
    return page.context["form"].errors.get("file", [])


def counts(page):
    return {kind: count for kind, _label, count in page.context["outcome"].counts}


def exported(admin, address, **filters):
    response = admin.get(f"{address}export/", filters)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


# ---- Files ----


def table(data, columns=("name", "country"), required=("name",)):
    dataset = read_table(data, columns=columns, required=required)
    return [dict(row) for row in dataset.dict]


@pytest.mark.parametrize(
    "data",
    [
        "name,country\nÉlan,FR\n".encode(),
        "\ufeffname,country\r\nÉlan,FR\r\n".encode(),
        "Name;Country\nÉlan;FR\n".encode(),
        "name\tcountry\nÉlan\tFR\n".encode(),
        'name;country\n"Élan";"FR"'.encode("utf-16"),
        " name , country \n Élan , FR ,,\n".encode(),
    ],
)
def test_files_as_spreadsheets_write_them_are_read(data):
    assert table(data) == [{NUMBER: "2", "name": "Élan", "country": "FR"}]


def test_rows_are_numbered_as_a_spreadsheet_counts():
    found = table(b'name,country\n\n"two\nlines",FR\n,,\nAcme\n')
    assert [(row[NUMBER], row["name"], row["country"]) for row in found] == [
        ("3", "two\nlines", "FR"),
        ("5", "Acme", ""),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \n", "The file is empty."),
        (b"name,country\n", "The file has no row below its headings."),
        (
            b"PK\x03\x04rest",
            "This is a spreadsheet's own file: save it as “CSV UTF-8” first.",
        ),
        (
            "name\nÉlan".encode("latin-1"),
            "The file is not in UTF-8, so its letters cannot be told: save it as “CSV UTF-8”.",
        ),
        (b"name\n\0", "This is no text file: save the table as “CSV UTF-8”."),
        (
            b"\x89PNG\r\n",
            "The file is not in UTF-8, so its letters cannot be told: save it as “CSV UTF-8”.",
        ),
        (
            b"surname\nAcme\n",
            "The first row must name the columns “name”, “country”; there is no “name”.",
        ),
        (
            b"name,town\nAcme,Paris\n",
            "No column is called “town”; known are “name”, “country”.",
        ),
        (b"name,name\nAcme,Paris\n", "The first row names “name” twice."),
        (
            b"name,country\nAcme,FR\nGlobex,FR,Paris\n",
            "Row 3 has 3 cells, and the first row names 2 columns.",
        ),
        (
            b'name,country\n"Acme,FR\n',
            "Row 2 cannot be read: a quotation mark is missing, or a cell has no end.",
        ),
        (
            b"name\n" + b"x" * 200_000,
            "Row 2 cannot be read: a quotation mark is missing, or a cell has no end.",
        ),
        (b"name\n" + b"x\n" * 5001, "At most 5000 rows are imported at once: split the file."),
        (b"name\n" + b"x" * 2_100_000, "The file is larger than 2 MB: split it."),
    ],
)
def test_files_that_are_none_of_ours_are_refused_with_a_sentence(data, message):
    with pytest.raises(Refused) as refusal:
        table(data)
    assert str(refusal.value) == message


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"name\n\xff", b"name\n" + b"x" * 2_100_000])
def test_a_wrong_file_is_told_at_its_field(admin, data):
    assert len(refused(read(admin, CUSTOMERS, data))) == 1
    assert Customer.objects.count() == 2


def test_no_file_at_all_is_told(admin):
    page = admin.post(f"{CUSTOMERS}import/", {})
    assert refused(page) == ["This field is required."]


@pytest.mark.parametrize("text", ["=1+1", "+33 1", "-x", "@x", "\tx"])
def test_what_a_spreadsheet_would_run_is_neutral_and_comes_back(text):
    assert neutral(text) == f"'{text}"
    assert restored(neutral(text)) == text
    assert restored("'twas") == "'twas"


CALC = "=cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("text", "written_as"),
    [
        (f"x;{CALC}", f"x;'{CALC}"),
        (f"x\t{CALC}", f"x\t'{CALC}"),
        (f"x\r\n{CALC}", f"x\r\n'{CALC}"),
        (f'x; "{CALC}', f"x; \"'{CALC}"),
        (f'"{CALC}', f"\"'{CALC}"),
        ("x;＝1", "x;'＝1"),
        ("'=x", "''=x"),
        ("x;''-1", "x;'''-1"),
        ("'twas; a -b, 'c", "'twas; a -b, 'c"),
    ],
)
def test_an_apostrophe_stands_before_whatever_would_be_run(text, written_as):
    assert neutral(text) == written_as
    assert restored(written_as) == text


@given(st.text("x=+-@'\" ;,|\t\n\r＝", max_size=12))
def test_whoever_separates_otherwise_runs_nothing_and_all_comes_back(text):
    name = text.strip()
    data = written(Dataset(["K", name, "k"], headers=["key", "name", "country"]))
    for mark in ",;\t":
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=mark)
        assert [cell for row in lines for cell in row if cell.lstrip(' "').startswith(RUN)] == []
    columns = ("key", "name", "country")
    (row,) = read_table(data, columns=columns, required=columns).dict
    assert dict(row) == {NUMBER: "2", "key": "K", "name": name, "country": "k"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            ",".join(f"c{number}" for number in range(100_000)),
            "No column is called “c0”, “c1”, “c2”, “c3”, “c4”; known are “name”, “country”.",
        ),
        (",".join(["country"] * 100_000), "The first row names “country” twice."),
    ],
)
def test_very_many_columns_are_refused_at_once(header, message):
    started = time.process_time()
    with pytest.raises(Refused) as refusal:
        table(f"name,{header}\nAcme\n".encode())
    assert str(refusal.value) == message
    assert time.process_time() - started < 2  # a quadratic reading takes minutes


# ---- Customers ----


def test_customers_are_told_then_imported(cast, admin):
    text = "name,country\nAcme,FR\nGlobex,BE\nInitech,nl\n"
    page = read(admin, CUSTOMERS, text)
    assert counts(page) == {"new": 1, "update": 1, "skip": 1}
    rows = [(row["number"], row["kind"], row["name"]) for row in page.context["outcome"].rows]
    assert rows == [("3", "update", "Globex"), ("4", "new", "Initech")]
    assert Customer.objects.count() == 2
    done = confirm(admin, CUSTOMERS, page)
    assert [str(message) for message in done.context["messages"]] == [
        "Imported: 1 new, 1 changed, 1 unchanged."
    ]
    assert list(Customer.objects.values_list("name", "country")) == [
        ("Acme", "FR"),
        ("Globex", "BE"),
        ("Initech", "NL"),
    ]


def test_confirmed_twice_it_happens_once(admin):
    page = read(admin, CUSTOMERS, "name\nInitech\n")
    confirm(admin, CUSTOMERS, page)
    again = confirm(admin, CUSTOMERS, page)
    assert again.context["refusal"] == (
        "This file was imported already, or read more than an hour ago: choose it again."
    )
    assert Customer.objects.filter(name="Initech").count() == 1


def test_a_file_is_confirmed_by_who_read_it_in_the_same_list(cast, admin, signed_in):
    page = read(admin, CUSTOMERS, "name\nInitech\n")
    other = User.objects.create_user("eve@northlight.example", name="Eve", role="administrator")
    assert "refusal" in confirm(signed_in(other), CUSTOMERS, page).context
    fields = {"token": page.context["token"], "name": "x"}
    assert "refusal" in admin.post(f"{PEOPLE}import/", fields).context
    assert not Customer.objects.filter(name="Initech").exists()


def test_customers_wrong_in_every_way(cast, admin):
    text = f"name,country\n,FR\n{'x' * 201},FR\nAcme,France\nHooli,FR\nHooli,FR\n"
    assert wrong(read(admin, CUSTOMERS, text)) == [
        ("2", "name", "This field cannot be blank."),
        ("3", "name", "Ensure this value has at most 200 characters (it has 201)."),
        ("4", "country", "“FRANCE” is no country in two letters such as FR."),
        ("6", "name", "Row 5 has it already."),
    ]


def test_what_was_imported_stands_in_the_history(cast, admin):
    imported(admin, CUSTOMERS, "name,country\nGlobex,BE\nInitech,NL\n")
    page = admin.get(f"{CUSTOMERS}{cast.globex.pk}/history/").content.decode()
    assert "Changed country." in page
    assert re.findall(r"<dt>(.*?)</dt>", page) == ["File", "Country"]
    assert [entry.user for entry in LogEntry.objects.all()] == [cast.ada, cast.ada]


# ---- Contacts ----


def test_contacts_are_named_corrected_and_each_certificate_is_issued_once(cast, admin):
    text = (
        "certificate;email;name;phone;language;timezone\n"
        "MSA-1;Cleo@acme.example;Cleo;'+33 1 99;nl;\n"
        "MSA-1;dario@acme.example;Dario;;;Europe/Rome\n"
        "MSA-1;alice@acme.example;Alice Aubert;+33 1 55;;\n"
        "MSA-2;olga@globex.example;;;;\n"
    )
    assert imported(admin, PEOPLE, text) == ["Imported: 2 new, 1 changed, 1 unchanged."]
    cleo = User.objects.get(email="cleo@acme.example")
    assert (cleo.phone, cleo.language, cleo.timezone, cleo.customer, cleo.role) == (
        "+33 1 99",
        "nl",
        "Europe/Paris",
        cast.acme,
        "contact",
    )
    assert not cleo.has_usable_password()
    version = cast.certificate.versions.get(number=2)
    assert [(row["slot"], row["name"]) for row in version.printed["contacts"]] == [
        (1, "Alice Aubert"),
        (2, "Bob"),
        (3, "Cleo"),
        (4, "Dario"),
    ]
    assert (version.approved_by, version.issued_at) == (cast.ada, MONDAY_NINE)
    assert CertificateVersion.objects.count() == 3
    issued = Message.objects.filter(topic="certificate.issued", occurred_at=MONDAY_NINE)
    assert [message.payload for message in issued] == [
        {"certificate": cast.certificate.pk, "version": 2}
    ]


def test_contacts_wrong_in_every_way(cast, admin):
    text = (
        "certificate,customer,email,name,phone,language,timezone\n"
        ",,cleo@acme.example,Cleo,,,\n"
        "MSA-9,,cleo2@acme.example,Cleo,,,\n"
        "MSA-1,Globex,cleo3@acme.example,Cleo,,,\n"
        "MSA-1,,no-address,Cleo,,,\n"
        "MSA-1,,cleo4@acme.example,,,,\n"
        "MSA-1,,cleo5@acme.example,Cleo,,de,Mars/Base\n"
        "MSA-1,,olga@globex.example,,,,\n"
        "MSA-1,,tom@northlight.example,,,,\n"
        "MSA-1,,bob@acme.example,,,,\n"
        "MSA-1,,bob@acme.example,,,,\n"
        "MSA-2,,bob@acme.example,Robert,,,\n"
    )
    assert wrong(read(admin, PEOPLE, text)) == [
        ("2", "certificate", "The number of the certificate is missing."),
        ("3", "certificate", "No certificate has the number “MSA-9”."),
        ("4", "customer", "MSA-1 belongs to Acme."),
        ("5", "email", "Enter a valid email address."),
        ("6", "name", "A new person needs a name."),
        ("7", "language", "Value 'de' is not a valid choice."),
        (
            "7",
            "timezone",
            "“Mars/Base” is not a time zone; expected a name such as Europe/Paris.",
        ),
        ("8", "email", "Only people of the customer can be contacts."),
        ("9", "email", "Only people of the customer can be contacts."),
        ("11", "email", "Row 10 names this person on this certificate already."),
        ("12", "name", "Row 10 says otherwise of this person."),
    ]
    assert (Contact.objects.count(), User.objects.count()) == (3, 10)


def test_a_ninth_contact_is_refused_with_the_names(cast, admin):
    rows = "".join(f"MSA-1,p{number}@acme.example,P{number}\n" for number in range(3, 11))
    page = read(admin, PEOPLE, f"certificate,email,name\n{rows}")
    said = "This certificate names at most 8 contacts; the slots are taken by "
    names = "Alice, Bob, P3, P4, P5, P6, P7, P8."
    assert wrong(page) == [
        ("8", "certificate", said + names),
        ("9", "certificate", said + names),
    ]
    assert Contact.objects.count() == 3


def test_a_slot_taken_meanwhile_is_told_and_nothing_is_done(cast, admin):
    rows = "".join(f"MSA-1,p{number}@acme.example,P{number}\n" for number in range(3, 9))
    page = read(admin, PEOPLE, f"certificate,email,name\n{rows}")
    assert wrong(page) == []
    imported(admin, PEOPLE, "certificate,email,name\nMSA-1,first@acme.example,First\n")
    done = confirm(admin, PEOPLE, page)
    assert [(row, column) for row, column, _message in wrong(done)] == [("7", "certificate")]
    assert cast.certificate.contacts.count() == 3
    assert User.objects.filter(email__startswith="p3").count() == 0


# ---- Certificates ----


def test_a_certificate_is_issued_by_a_row(cast, admin):
    text = (
        f"{HEAD},deputy,products,mon,sat\n{NEW},tess@northlight.example,Northlight Endpoint,9-12,\n"
    )
    assert imported(admin, CERTIFICATES, text) == ["Imported: 1 new, 0 changed, 0 unchanged."]
    certificate = Certificate.objects.get(number="MSA-7")
    assert (certificate.customer, certificate.tam, certificate.deputy) == (
        cast.acme,
        cast.tom,
        cast.tess,
    )
    assert (certificate.valid_from, certificate.valid_until) == (
        date(2027, 1, 1),
        date(2027, 12, 31),
    )
    assert certificate.week == {"mon": [["09:00", "12:00"]]}
    assert (certificate.contact_limit, certificate.version) == (8, 1)
    assert certificate.versions.get().printed["products"] == ["Northlight Endpoint"]


def test_a_certificate_is_revised_by_a_row_and_columns_left_out_stay(cast, admin):
    Product.objects.create(name="Northlight Scanner")
    text = (
        "number,valid_until,products,deputy\n"
        "MSA-1,31.03.2027,Northlight Scanner | Northlight Endpoint,\n"
        "MSA-2,,Northlight Endpoint,\n"
    )
    page = read(admin, CERTIFICATES, text)
    assert counts(page) == {"new": 0, "update": 1, "skip": 1}
    assert page.context["outcome"].rows[0]["changes"] == [
        ("valid_until", "2026-12-31", "2027-03-31"),
        ("deputy", "tess@northlight.example", ""),
        ("products", "Northlight Endpoint", "Northlight Endpoint | Northlight Scanner"),
    ]
    confirm(admin, CERTIFICATES, page)
    certificate = Certificate.objects.get(pk=cast.certificate.pk)
    assert (certificate.version, certificate.deputy, certificate.valid_until) == (
        2,
        None,
        date(2027, 3, 31),
    )
    assert certificate.programme.key == "msa-enterprise-fr-2022"
    assert cast.globex_certificate.versions.count() == 1
    page = admin.get(f"{CERTIFICATES}{certificate.pk}/history/").content.decode()
    assert "/certificates/MSA-1/versions/2.pdf" in page
    assert "/certificates/MSA-1/versions/1/2/" in page


def test_certificates_wrong_in_every_way(cast, admin):
    text = (
        f"{HEAD},deputy,products,mon\n"
        ",,,,,,,,,\n"
        "MSA-8,Acme,,,,,,,,\n"
        "MSA-9,Hooli,gold,Rome,2027-13-01,12/31/2027,nobody@x.example,x@y.example,Toaster,nine\n"
        "MSA-10,Acme,premium-fr-2023,Paris,2027-12-31,2027-01-01,"
        "tom@northlight.example,tom@northlight.example,,\n"
        "MSA-11,Acme,premium-fr-2023,Paris,2027-01-01,2027-12-31,erik@northlight.example,,,\n"
        "MSA-1,Globex,,,,,,,,\n"
        f"{NEW},,,\n"
        f"{NEW},,,\n"
        "A/B,Acme,premium-fr-2023,Paris,2027-01-01,2027-12-31,tom@northlight.example,,,\n"
        "MSA-12,Acme,premium-fr-2023,Paris,1999-12-31,2200-01-01,tom@northlight.example,,,\n"
        "MSA-2,,,,0001-01-01,9999-12-31,,,,\n"
    )
    extreme = "An agreement lies between the years 2000 and 2199."
    needs = "A new certificate needs it."
    nobody = "Nobody of the staff has the address “%s”."
    assert wrong(read(admin, CERTIFICATES, text)) == [
        ("3", "programme", needs),
        ("3", "office", needs),
        ("3", "valid_from", needs),
        ("3", "valid_until", needs),
        ("3", "tam", needs),
        ("4", "programme", "No programme has the key “gold”."),
        ("4", "office", "No office is called “Rome”."),
        ("4", "tam", nobody % "nobody@x.example"),
        ("4", "valid_from", "“2027-13-01” is no date such as 2027-12-31."),
        ("4", "valid_until", "“12/31/2027” is no date such as 2027-12-31."),
        ("4", "customer", "No customer is called “Hooli”."),
        ("4", "deputy", nobody % "x@y.example"),
        ("4", "mon", "“nine” is no window; write hours such as 09:00–13:00, 14:00–18:00."),
        ("4", "products", "No product is called “Toaster”."),
        ("5", "valid_until", "The last day lies before the first."),
        ("5", "deputy", "The deputy is the TAM; name another person, or nobody."),
        ("6", "tam", "Erik is not a technical account manager."),
        ("7", "customer", "MSA-1 belongs to Acme, and stays theirs."),
        ("9", "number", "Row 8 has it already."),
        (
            "10",
            "number",
            "A number stands in addresses: write it without “/” and without line breaks.",
        ),
        ("11", "valid_from", extreme),
        ("11", "valid_until", extreme),
        ("12", "valid_from", extreme),
        ("12", "valid_until", extreme),
    ]
    assert Certificate.objects.count() == 2


def test_what_other_hours_do_is_read_before_it_is_imported(cast, admin):
    incident = cast.file("product-partial", at=MONDAY_NINE)
    page = read(admin, CERTIFICATES, "number,mon,tue\nMSA-1,12-13,9-18\n")
    assert [row.incident for row in page.context["effect"].moved] == [incident]
    fields = {"token": page.context["token"], "name": "file.csv"}
    unread = admin.post(f"{CERTIFICATES}import/", fields)
    assert unread.context["read_another"] is True
    assert Certificate.objects.get(pk=cast.certificate.pk).week is None
    confirm(admin, CERTIFICATES, unread)
    assert Certificate.objects.get(pk=cast.certificate.pk).week == {
        "mon": [["12:00", "13:00"]],
        "tue": [["09:00", "18:00"]],
    }


def test_fifty_bad_rows_of_five_thousand_are_named_and_nothing_is_half_done(cast, admin):
    rows = [
        f"N-{number},Acme,premium-fr-2023,Paris,2027-01-01,2027-12-31,"
        + ("nobody@x.example" if number % 100 == 0 else "tom@northlight.example")
        for number in range(1, 5001)
    ]
    page = read(admin, CERTIFICATES, "\n".join([HEAD, *rows]))
    assert wrong(page) == [
        (str(number + 1), "tam", "Nobody of the staff has the address “nobody@x.example”.")
        for number in range(100, 5001, 100)
    ]
    assert Certificate.objects.count() == 2


def test_reading_costs_the_same_for_few_rows_and_for_many(cast, admin, django_assert_num_queries):
    row = "N-%d,Acme,premium-fr-2023,Paris,2027-01-01,2027-12-31,tom@northlight.example"
    for count in (3, 30):
        rows = [row % number for number in range(count)]
        with django_assert_num_queries(23):
            assert counts(read(admin, CERTIFICATES, "\n".join([HEAD, *rows])))["new"] == count


# ---- Out, and in again ----


def test_an_export_comes_in_again_unchanged(cast, admin):
    User.objects.filter(pk=cast.alice.pk).update(phone="+33 1 99", name="=cmd()")
    Certificate.objects.filter(pk=cast.certificate.pk).update(week={"mon": [["08:00", "12:00"]]})
    for address in (CUSTOMERS, PEOPLE, CERTIFICATES):
        data = admin.get(f"{address}export/").content
        page = read(admin, address, data)
        assert wrong(page) == []
        assert {kind: count for kind, count in counts(page).items() if kind != "skip"} == {
            "new": 0,
            "update": 0,
        }


def test_exports_tell_what_the_list_shows_and_no_call_in_code(cast, admin):
    User.objects.filter(pk=cast.alice.pk).update(phone="+33 1 99", name="=cmd()")
    assert exported(admin, CUSTOMERS, q="Glob") == [{"name": "Globex", "country": "FR"}]
    assert [row["number"] for row in exported(admin, CERTIFICATES, q="MSA-2")] == ["MSA-2"]
    contacts = exported(admin, PEOPLE, customer__id__exact=cast.acme.pk)
    assert contacts[0] == {
        "certificate": "MSA-1",
        "customer": "Acme",
        "email": "alice@acme.example",
        "name": "'=cmd()",
        "phone": "'+33 1 99",
        "mobile": "",
        "language": "en",
        "timezone": "Europe/Paris",
    }
    assert [row["name"] for row in contacts] == ["'=cmd()", "Bob"]


def test_import_and_export_are_for_administrators(cast, signed_in):
    for who in (cast.alice, cast.tom, cast.hanna):
        client = signed_in(who)
        for address in (CUSTOMERS, PEOPLE, CERTIFICATES):
            assert client.get(f"{address}export/").status_code == 403
            assert client.get(f"{address}import/").status_code == 403
            assert client.post(f"{address}import/", {"token": "x"}).status_code == 403
