"""The pages of versions: who may fetch a PDF or a comparison, and what they get (SPEC 3)."""

import re
from datetime import UTC, date, datetime

import pytest

from accounts.actions import certificates
from accounts.models import Product
from accounts.printing.certificate import pdf_of
from msa import clock
from tests.conftest import MONDAY_NINE


@pytest.fixture
def versions(cast):
    """Acme's certificate in three versions."""
    certificate = cast.certificate
    certificate.valid_until = date(2027, 12, 31)
    revise(cast, [cast.product], 1)
    revise(cast, [cast.product, Product.objects.create(name="Northlight Mail")], 2)
    with clock.at(MONDAY_NINE):
        yield certificate


def revise(cast, products, february: int) -> None:
    certificates.revise_certificate(
        certificate=cast.certificate,
        products=products,
        actor=cast.ada,
        at=datetime(2026, 2, february, tzinfo=UTC),
    )


def text(response) -> str:
    body = response.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", "<" + body).split())


READERS = ["alice", "bob", "tom", "tess", "dana", "hanna", "ada"]
OTHERS = ["olga", "erik", "bruno"]
# Person, transaction, scope, whether a certificate names them; the certificate, two versions, the
# list of all; the end of the transaction, and two by which the test sees all customers again.
QUERIES = 12
PDF = "/certificates/MSA-1/versions/2.pdf"
COMPARISON = "/certificates/MSA-1/versions/1/3/"


@pytest.mark.django_db
@pytest.mark.usefixtures("versions")
class TestWhoMayFetch:
    @pytest.mark.parametrize("path", [PDF, COMPARISON])
    @pytest.mark.parametrize("name", READERS)
    def test_contacts_whom_it_names_and_staff_in_charge(self, cast, signed_in, name, path):
        assert signed_in(getattr(cast, name)).get(path).status_code == 200

    @pytest.mark.parametrize("path", [PDF, COMPARISON])
    @pytest.mark.parametrize("name", OTHERS)
    def test_others_learn_nothing(self, cast, signed_in, name, path):
        assert signed_in(getattr(cast, name)).get(path).status_code == 404

    @pytest.mark.parametrize("path", [PDF, COMPARISON])
    def test_nobody_without_signing_in(self, client, path):
        assert client.get(path)["Location"] == f"/sign-in/?next={path}"

    @pytest.mark.parametrize("path", [PDF, COMPARISON])
    def test_a_contact_of_the_customer_whom_another_certificate_names(
        self, cast, signed_in, versions, path
    ):
        certificates.remove_contact(contact=versions.contacts.get(user=cast.bob))
        certificates.name_contact(certificate=make_second(cast), user=cast.bob)

        assert signed_in(cast.bob).get(path).status_code == 404

    @pytest.mark.parametrize("path", [PDF, COMPARISON])
    def test_a_duty_manager_off_shift_and_a_tam_of_other_certificates(self, cast, signed_in, path):
        cast.dana.shifts.all().delete()
        cast.certificate.deputy = None
        cast.certificate.save()

        assert signed_in(cast.dana).get(path).status_code == 404
        assert signed_in(cast.tess).get(path).status_code == 404

    @pytest.mark.parametrize(
        "path",
        [
            "/certificates/MSA-1/versions/4.pdf",
            "/certificates/MSA-1/versions/0.pdf",
            "/certificates/MSA-1/versions/99999999999999999999.pdf",
            "/certificates/MSA-9/versions/1.pdf",
            "/certificates/MSA-1/versions/1/4/",
            "/certificates/MSA-9/versions/1/2/",
        ],
    )
    def test_what_is_not_there(self, cast, signed_in, path):
        assert signed_in(cast.alice).get(path).status_code == 404

    @pytest.mark.parametrize("path", [PDF, COMPARISON])
    def test_it_is_only_read(self, cast, signed_in, path):
        assert signed_in(cast.alice).post(path).status_code == 405


def make_second(cast):
    """Issue another certificate to Acme, which names nobody yet."""
    certificate = cast.certificate
    second = type(certificate)(
        number="MSA-3",
        customer=cast.acme,
        programme=certificate.programme,
        office=cast.office,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        tam=cast.tom,
    )
    return certificates.issue_certificate(certificate=second, actor=None, at=MONDAY_NINE)


@pytest.mark.django_db
class TestPdf:
    def test_it_is_a_download_for_this_person_alone(self, cast, signed_in, versions):
        response = signed_in(cast.alice).get(PDF)

        assert response.content == pdf_of(versions.versions.get(number=2), "en")
        assert {
            name: response[name]
            for name in (
                "Content-Type",
                "Content-Disposition",
                "Content-Language",
                "Cache-Control",
                "X-Content-Type-Options",
            )
        } == {
            "Content-Type": "application/pdf",
            "Content-Disposition": 'attachment; filename="MSA-1-2-en.pdf"',
            "Content-Language": "en",
            "Cache-Control": "private, no-cache",
            "X-Content-Type-Options": "nosniff",
        }

    @pytest.mark.parametrize(
        ("own", "asked", "language"),
        [
            ("nl", "", "nl"),
            ("nl", "?language=ru", "ru"),
            ("en", "?language=zh-hans", "zh-hans"),
            ("nl", "?language=tlh", "nl"),
        ],
    )
    def test_its_language(self, cast, signed_in, versions, own, asked, language):
        cast.alice.language = own
        cast.alice.save()

        response = signed_in(cast.alice).get(PDF + asked)

        assert response.content == pdf_of(versions.versions.get(number=2), language)
        assert response["Content-Language"] == language


@pytest.mark.django_db
@pytest.mark.usefixtures("versions")
class TestComparison:
    def test_what_changed_before_and_after(self, cast, signed_in):
        page = text(signed_in(cast.alice).get(COMPARISON))

        _, _, table = page.partition("Compare Agreement")
        assert table.split(" What changed ")[1:] == [
            "Before After Last day Dec. 31, 2026 Dec. 31, 2027 Products",
            "Before After Product added – Northlight Mail",
        ]

    def test_the_other_way_round_leads_to_the_right_order(self, cast, signed_in):
        response = signed_in(cast.alice).get("/certificates/MSA-1/versions/3/1/")

        assert (response.status_code, response["Location"]) == (302, COMPARISON)

    def test_others_can_be_chosen(self, cast, signed_in):
        client = signed_in(cast.alice)

        response = client.get(COMPARISON, {"before": "2", "after": "3"})
        assert (response.status_code, response["Location"]) == (
            302,
            "/certificates/MSA-1/versions/2/3/",
        )
        assert client.get(COMPARISON, {"before": "x", "after": "3"}).status_code == 200
        assert client.get(COMPARISON, {"before": "1", "after": "9" * 10}).status_code == 200

    def test_a_version_with_itself(self, cast, signed_in):
        page = text(signed_in(cast.alice).get("/certificates/MSA-1/versions/2/2/"))

        assert "Nothing to compare These two versions read the same." in page

    def test_its_queries_do_not_grow_with_the_versions(
        self, cast, signed_in, django_assert_num_queries
    ):
        client = signed_in(cast.alice)
        client.get(COMPARISON)
        with django_assert_num_queries(QUERIES):
            client.get(COMPARISON)
        revise(cast, [], 3)
        revise(cast, [cast.product], 4)
        with django_assert_num_queries(QUERIES):
            client.get(COMPARISON)
