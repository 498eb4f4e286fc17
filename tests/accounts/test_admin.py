"""The administrators' site: who gets in, what the lists cost, people, and what is never deleted."""

import re
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.urls import reverse

from accounts.actions.certificates import issue_certificate
from accounts.actions.offices import plan_shift, revise_calendar
from accounts.models import Certificate, Customer, Office, Product, Programme, Role, User
from msa import clock
from tam.models import Absence
from tests.conftest import MONDAY_NINE, PARIS_WEEK

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"
MODELS = [
    "accounts.boundidentity",
    "accounts.calendarrevision",
    "accounts.certificate",
    "accounts.certificateversion",
    "accounts.contactrequest",
    "accounts.customer",
    "accounts.dutyshift",
    "accounts.mailtrouble",
    "accounts.obligation",
    "accounts.office",
    "accounts.product",
    "accounts.programme",
    "accounts.secondfactor",
    "accounts.singlesignon",
    "accounts.team",
    "accounts.user",
    "incidents.category",
    "incidents.inboundmail",
    "incidents.incident",
    "incidents.journalentry",
    "outbox.delivery",
    "outbox.email",
    "outbox.message",
    "tam.absence",
]
ADDABLE = {
    "accounts.certificate",
    "accounts.customer",
    "accounts.dutyshift",
    "accounts.office",
    "accounts.product",
    "accounts.programme",
    "accounts.singlesignon",
    "accounts.team",
    "accounts.user",
    "incidents.category",
    "tam.absence",
}
OTHERS = ["alice", "olga", "tom", "dana", "erik", "hanna", "bruno"]


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def url(label, page="changelist", *args):
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def errors_of(response):
    assert response.status_code == 200
    return {key: list(value) for key, value in response.context["adminform"].form.errors.items()}


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_these_tables_and_no_others_have_pages():
    registered = [model._meta.label_lower for model in django_admin.site._registry]
    assert sorted(registered) == MODELS


@pytest.mark.parametrize("label", MODELS)
def test_administrators_see_every_list_and_add_what_is_theirs(admin, label):
    assert admin.get(url(label)).status_code == 200
    assert admin.get(url(label, "add")).status_code == (200 if label in ADDABLE else 403)


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_gets_in(cast, signed_in, who):
    client = signed_in(getattr(cast, who))
    addresses = [reverse("admin:index"), *(url(label) for label in MODELS)]
    addresses += [url(label, "add") for label in MODELS]
    for address in addresses:
        assert client.get(address).status_code == 403
        assert client.post(address, {"name": "Mallory"}).status_code == 403


def test_who_is_not_signed_in_signs_in_where_everybody_does(client):
    assert client.get("/admin/login/?next=/admin/accounts/office/")["Location"] == (
        "/sign-in/?next=/admin/accounts/office/"
    )


def test_nothing_on_a_page_is_inline(cast, admin):
    for address in (
        url("accounts.certificate", "change", cast.certificate.pk),
        url("accounts.office", "change", cast.office.pk),
        url("accounts.user", "change", cast.alice.pk),
        url("accounts.user", "add"),
    ):
        page = admin.get(address).content.decode()
        assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)[^>]*>", page) == []


@pytest.fixture
def three_of_each(cast, admin):
    """Three rows at least of everything that the lists of this app and of absences show."""
    for number in (1, 2):
        office = Office.objects.create(name=f"Office {number}", timezone="UTC", week=PARIS_WEEK)
        revise_calendar(office=office, actor=cast.ada, at=MONDAY_NINE)
        customer = Customer.objects.create(name=f"Customer {number}")
        product = Product.objects.create(name=f"Product {number}")
        tam = User.objects.create_user(
            f"tam{number}@northlight.example", name="T", role=Role.TAM, office=office
        )
        issue_certificate(
            certificate=Certificate(
                number=f"MSA-10{number}",
                customer=customer,
                programme=Programme.objects.get(key="premium-fr-2023"),
                office=office,
                valid_from=date(2026, 1, 1),
                valid_until=date(2026, 12, 31),
                tam=tam,
            ),
            products=[product],
            actor=cast.ada,
            at=MONDAY_NINE,
        )
        starts_at = MONDAY_NINE + timedelta(days=number)
        ends_at = starts_at + timedelta(hours=8)
        plan_shift(office=office, person=cast.dana, starts_at=starts_at, ends_at=ends_at)
        Absence.objects.create(person=tam, starts_at=starts_at, ends_at=ends_at)
    Absence.objects.create(person=cast.tom, starts_at=MONDAY_NINE, ends_at=ends_at)


@pytest.mark.parametrize(
    ("label", "queries"),
    [
        ("accounts.calendarrevision", 12),
        ("accounts.certificate", 14),
        ("accounts.certificateversion", 12),
        ("accounts.customer", 10),
        ("accounts.dutyshift", 13),
        ("accounts.office", 9),
        ("accounts.product", 9),
        ("accounts.programme", 12),
        ("accounts.user", 11),
        ("tam.absence", 12),
    ],
)
def test_a_list_costs_the_same_for_one_row_and_for_three(
    three_of_each, admin, django_assert_num_queries, label, queries
):
    keys = [str(pk) for pk in apps.get_model(label).objects.values_list("pk", flat=True)[:3]]
    for shown in (keys[:1], keys):
        with django_assert_num_queries(queries):
            page = admin.get(url(label), {"id__in": ",".join(shown)})
        assert len(page.context["cl"].result_list) == len(shown)


def person_form(**changes):
    """Return what the browser sends for a new contact of Acme, with `changes`."""
    return {
        "name": "Cleo Marsh",
        "email": "Cleo@Acme.example",
        "role": "contact",
        "customer": "",
        "office": "",
        "language": "nl",
        "timezone": "Europe/Amsterdam",
        "phone": "+31 20 555 0199",
        "mobile": "",
        "usable_password": "true",
        "password1": "a quiet harbour",
        "password2": "a quiet harbour",
        **changes,
    }


def change_form(person, **changes):
    return {
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "office": person.office_id or "",
        "language": person.language,
        "timezone": person.timezone,
        "phone": person.phone,
        "mobile": person.mobile,
        "is_active": "on",
        **changes,
    }


def test_a_new_contact_can_sign_in_with_the_password_given(cast, admin):
    assert admin.post(f"{PEOPLE}add/", person_form(customer=cast.acme.pk)).status_code == 302
    cleo = User.objects.get(email="cleo@acme.example")
    assert (cleo.name, cleo.customer, cleo.language) == ("Cleo Marsh", cast.acme, "nl")
    assert cleo.check_password("a quiet harbour")
    assert cleo.is_active


def test_a_person_can_be_made_without_a_password(cast, admin):
    sent = person_form(customer=cast.acme.pk, usable_password="false", password1="", password2="")
    admin.post(f"{PEOPLE}add/", sent)
    cleo = User.objects.get(email="cleo@acme.example")
    assert not cleo.has_usable_password()
    page = admin.get(url("accounts.user", "change", cleo.pk)).content.decode()
    assert "None: cannot sign in with one." in page


def test_a_password_is_set_on_its_own_page_and_its_hash_is_never_shown(cast, admin):
    address = reverse("admin:auth_user_password_change", args=[cast.alice.pk])
    sent = {
        "usable_password": "true",
        "password1": "a quiet harbour",
        "password2": "a quiet harbour",
        "set-password": "1",
    }
    assert admin.post(address, sent).status_code == 302
    alice = User.objects.get(pk=cast.alice.pk)
    assert alice.check_password("a quiet harbour")
    page = admin.get(url("accounts.user", "change", alice.pk)).content.decode()
    assert address in page
    assert alice.password not in page
    assert alice.password.partition("$")[0] not in page


@pytest.mark.parametrize(
    ("role", "customer", "office", "errors"),
    [
        ("contact", False, False, {"customer": ["A contact needs the customer they belong to."]}),
        (
            "contact",
            True,
            True,
            {"office": ["A contact belongs to a customer and to no office."]},
        ),
        ("engineer", True, False, {"customer": ["Staff belong to no customer."]}),
        ("tam", False, False, {"office": ["This role needs the office that it works for."]}),
        ("team_head", False, False, {"office": ["This role needs the office that it works for."]}),
    ],
)
def test_customer_and_office_must_fit_the_role(cast, admin, role, customer, office, errors):
    sent = person_form(
        role=role,
        customer=cast.acme.pk if customer else "",
        office=cast.office.pk if office else "",
    )
    assert errors_of(admin.post(f"{PEOPLE}add/", sent)) == errors


def test_an_address_is_taken_in_any_case(cast, admin):
    sent = person_form(customer=cast.acme.pk, email="ALICE@acme.example")
    assert errors_of(admin.post(f"{PEOPLE}add/", sent)) == {
        "email": ["Person with this E-mail already exists."]
    }


def test_a_contact_does_not_become_staff(cast, admin):
    address = url("accounts.user", "change", cast.alice.pk)
    sent = change_form(cast.alice, role="engineer")
    assert errors_of(admin.post(address, sent))["role"] == [
        "A customer's person cannot become staff, nor staff a customer's person: "
        "what they wrote stands under their side. Enter the person anew."
    ]


def test_who_is_in_charge_of_certificates_stays_a_tam(cast, admin):
    address = url("accounts.user", "change", cast.tom.pk)
    assert errors_of(admin.post(address, change_form(cast.tom, role="engineer"))) == {
        "role": ["Is in charge of MSA-1, MSA-2: name another TAM there first."]
    }


def test_administrators_do_not_lock_themselves_out(cast, admin):
    address = url("accounts.user", "change", cast.ada.pk)
    sent = change_form(cast.ada, role="engineer", is_active="")
    assert admin.post(address, sent).status_code == 302
    ada = User.objects.get(pk=cast.ada.pk)
    assert (ada.role, ada.is_active) == ("administrator", True)


def test_a_new_phone_number_is_printed_on_a_new_version(cast, admin):
    address = url("accounts.user", "change", cast.alice.pk)
    admin.post(address, change_form(cast.alice, phone="+33 1 99 00 55 55"))
    version = cast.certificate.versions.get(number=2)
    assert version.printed["contacts"][0]["phone"] == "+33 1 99 00 55 55"
    assert cast.globex_certificate.versions.count() == 1


def test_a_new_language_prints_nothing(cast, admin):
    address = url("accounts.user", "change", cast.alice.pk)
    assert admin.post(address, change_form(cast.alice, language="fr")).status_code == 302
    assert cast.certificate.versions.count() == 1


def test_a_new_name_of_customer_or_product_is_printed(cast, admin):
    admin.post(url("accounts.customer", "change", cast.acme.pk), {"name": "Acme SA"})
    admin.post(url("accounts.product", "change", cast.product.pk), {"name": "Northlight Core"})
    printed = cast.certificate.versions.order_by("number").values_list("printed", flat=True)
    assert [(terms["customer"], terms["products"]) for terms in printed] == [
        ("Acme", ["Northlight Endpoint"]),
        ("Acme SA", ["Northlight Endpoint"]),
        ("Acme SA", ["Northlight Core"]),
    ]


@pytest.mark.parametrize(
    ("model", "field", "names"),
    [
        ("certificate", "tam", ["Tess", "Tom"]),
        ("certificate", "deputy", ["Tess", "Tom"]),
        ("contact", "user", ["Alice", "Bob", "Olga"]),
        ("dutyshift", "person", ["Dana"]),
    ],
)
def test_fields_offer_those_whom_their_rules_accept(cast, admin, model, field, names):
    asked = {"app_label": "accounts", "model_name": model, "field_name": field, "term": ""}
    found = admin.get("/admin/autocomplete/", asked).json()["results"]
    assert [person["text"] for person in found] == names


def test_the_contacts_of_a_certificate_are_chosen_from_its_customers_people(cast, admin):
    page = admin.get(url("accounts.certificate", "change", cast.certificate.pk)).content.decode()
    address = f"/admin/autocomplete/?certificate={cast.certificate.pk}"
    assert f'data-ajax--url="{address}"' in page
    asked = {"app_label": "accounts", "model_name": "contact", "field_name": "user", "term": ""}
    found = admin.get(address, asked | {"certificate": cast.certificate.pk}).json()["results"]
    assert [person["text"] for person in found] == ["Alice", "Bob"]


def keep(admin, label, row):
    """Ask to delete a row that the record rests on; return what the page says instead."""
    address = url(label, "delete", row.pk)
    for response in (
        admin.get(address, follow=True),
        admin.post(address, {"post": "yes"}, follow=True),
    ):
        assert response.redirect_chain == [(url(label, "change", row.pk), 302)]
    row.refresh_from_db()
    return messages_of(response)[-1]


def test_what_the_record_rests_on_is_kept(cast, admin):
    assert keep(admin, "accounts.certificate", cast.certificate) == (
        "“MSA-1” is part of the record and stays. It is named by: "
        "Certificate version: MSA-1 · 1, Contact: Alice and Contact: Bob. "
        "Revoke it in the list, or set its last day, instead."
    )
    assert keep(admin, "accounts.user", cast.olga) == (
        "“Olga” is part of the record and stays. It is named by: Contact: Olga. "
        "Clear “may sign in” instead: what they wrote stays under their name."
    )
    assert keep(admin, "accounts.product", cast.product).startswith(
        "“Northlight Endpoint” is part of the record and stays."
    )
    assert keep(admin, "accounts.customer", cast.acme).endswith(
        "Let its certificates end, or revoke them, instead."
    )
    assert keep(admin, "accounts.office", cast.office).endswith(
        "Give its certificates another office and let it rest."
    )
    assert keep(admin, "accounts.programme", cast.certificate.programme).endswith(
        "Move its certificates to another edition first."
    )


def test_a_duty_manager_with_a_shift_behind_them_is_kept(cast, admin):
    assert keep(admin, "accounts.user", cast.dana) == (
        "“Dana” is part of the record and stays. "
        "Clear “may sign in” instead: what they wrote stays under their name."
    )


def test_a_person_of_no_history_can_be_deleted(cast, admin):
    address = url("accounts.user", "delete", cast.erik.pk)
    assert admin.get(address).status_code == 200
    assert admin.post(address, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=cast.erik.pk).exists()


def test_versions_are_read_only(cast, admin):
    version = cast.certificate.versions.get(number=1)
    label = "accounts.certificateversion"
    assert admin.get(url(label, "change", version.pk)).status_code == 200
    for page in ("change", "delete"):
        assert admin.post(url(label, page, version.pk), {"post": "yes"}).status_code == 403
