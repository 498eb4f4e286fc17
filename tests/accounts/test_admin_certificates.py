"""Certificates through the administrators' forms: terms, contacts, versions (SPEC 3)."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.actions.certificates import name_contact
from accounts.errors import Refused
from accounts.models import Certificate, CertificateVersion, Product, Programme, Role, User
from msa import clock
from tests.accounts.previews import save_twice
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

ADD = "/admin/accounts/certificate/add/"
LIMIT = (
    "This certificate names at most 8 contacts; the slots are taken by "
    "Alice, Bob, Cleo, Dario, Edda, Fadi, Gwen, Hugo."
)


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def person_of(customer, name):
    return User.objects.create_user(
        f"{name.lower()}@acme.example", name=name, role=Role.CONTACT, customer=customer
    )


def change(certificate):
    return reverse("admin:accounts_certificate_change", args=[certificate.pk])


def form(certificate, **changes):
    """Return what the browser sends for the page of MSA-1, with `changes`."""
    contacts = list(certificate.contacts.order_by("slot"))
    data = {
        "number": "MSA-1",
        "programme": certificate.programme_id,
        "office": certificate.office_id,
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "tam": certificate.tam_id,
        "deputy": certificate.deputy_id,
        "covered_products": list(certificate.covered.values_list("product", flat=True)),
        "requested_by": "",
        **{f"week_{day}": "" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        "contacts-TOTAL_FORMS": len(contacts) + 1,
        "contacts-INITIAL_FORMS": len(contacts),
        "contacts-MIN_NUM_FORMS": 0,
        "contacts-MAX_NUM_FORMS": 1000,
        f"contacts-{len(contacts)}-user": "",
        "versions-TOTAL_FORMS": 0,
        "versions-INITIAL_FORMS": 0,
        "versions-MIN_NUM_FORMS": 0,
        "versions-MAX_NUM_FORMS": 0,
    }
    for index, contact in enumerate(contacts):
        data[f"contacts-{index}-id"] = contact.pk
        data[f"contacts-{index}-certificate"] = certificate.pk
    return {**data, **changes}


def new_form(cast, **changes):
    data = form(cast.certificate)
    kept = {
        key: value
        for key, value in data.items()
        if not key.startswith(("contacts-0", "contacts-1", "contacts-2"))
    }
    return {
        **kept,
        "number": "MSA-9",
        "customer": cast.acme.pk,
        "contacts-TOTAL_FORMS": 1,
        "contacts-INITIAL_FORMS": 0,
        "contacts-0-user": cast.alice.pk,
        **changes,
    }


def errors_of(response):
    """Return every error on the page, by field, and those of the contacts' rows."""
    assert response.status_code == 200
    found = {key: list(errors) for key, errors in response.context["adminform"].form.errors.items()}
    for formset in response.context["inline_admin_formsets"]:
        for row in formset.formset.forms:
            found.update({f"contacts.{key}": list(value) for key, value in row.errors.items()})
        if formset.formset.non_form_errors():
            found["contacts"] = list(formset.formset.non_form_errors())
    return found


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_a_new_certificate_is_issued_with_its_products_and_contacts_as_version_1(cast, admin):
    response = admin.post(ADD, new_form(cast), follow=True)
    certificate = Certificate.objects.get(number="MSA-9")
    version = certificate.versions.get()
    assert (certificate.version, certificate.contact_limit) == (1, 8)
    assert (version.number, version.issued_at, version.approved_by) == (1, MONDAY_NINE, cast.ada)
    assert version.printed["products"] == ["Northlight Endpoint"]
    assert [contact["name"] for contact in version.printed["contacts"]] == ["Alice"]
    assert messages_of(response)[0] == "Version 1 is issued."


def test_saving_without_a_change_issues_no_version(cast, admin):
    response = admin.post(change(cast.certificate), form(cast.certificate), follow=True)
    assert CertificateVersion.objects.filter(certificate=cast.certificate).count() == 1
    assert messages_of(response)[0] == (
        "Nothing that the certificate prints has changed; version 1 stands."
    )


def test_a_change_that_prints_issues_the_next_version_with_who_asked(cast, admin):
    scanner = Product.objects.create(name="Northlight Scanner")
    sent = form(
        cast.certificate,
        valid_until="2027-06-30",
        covered_products=[cast.product.pk, scanner.pk],
        requested_by=cast.alice.pk,
    )
    response = admin.post(change(cast.certificate), sent, follow=True)
    certificate = Certificate.objects.get(pk=cast.certificate.pk)
    version = certificate.versions.get(number=2)
    assert (certificate.version, certificate.valid_until) == (2, date(2027, 6, 30))
    assert (version.requested_by, version.approved_by) == (cast.alice, cast.ada)
    assert version.printed["valid_until"] == "2027-06-30"
    assert version.printed["products"] == ["Northlight Endpoint", "Northlight Scanner"]
    assert messages_of(response)[0] == "Version 2 is issued."


def test_a_code_renewed_is_another_and_prints_nothing(cast, admin):
    contact = cast.certificate.contacts.get(user=cast.alice)
    sent = form(cast.certificate, **{"contacts-0-renew_code": "on"})
    admin.post(change(cast.certificate), sent)
    renewed = cast.certificate.contacts.get(user=cast.alice)
    assert renewed.call_in_code != contact.call_in_code
    assert len(renewed.call_in_code) == 6
    assert cast.certificate.versions.count() == 1


def test_a_contact_named_takes_the_lowest_free_slot(cast, admin):
    cleo = person_of(cast.acme, "Cleo")
    sent = form(cast.certificate, **{"contacts-0-DELETE": "on", "contacts-2-user": cleo.pk})
    admin.post(change(cast.certificate), sent)
    slots = cast.certificate.contacts.order_by("slot").values_list("slot", "user__name")
    assert list(slots) == [(1, "Cleo"), (2, "Bob")]
    printed = cast.certificate.versions.get(number=2).printed["contacts"]
    assert [(contact["slot"], contact["name"]) for contact in printed] == [(1, "Cleo"), (2, "Bob")]


def eight_contacts(cast):
    for name in ("Cleo", "Dario", "Edda", "Fadi", "Gwen", "Hugo"):
        name_contact(certificate=cast.certificate, user=person_of(cast.acme, name))


def test_a_ninth_of_eight_is_refused_with_the_limit_and_the_names(cast, admin):
    eight_contacts(cast)
    ninth = person_of(cast.acme, "Ines")
    sent = form(cast.certificate, **{"contacts-8-user": ninth.pk})
    response = admin.post(change(cast.certificate), sent)
    assert errors_of(response) == {"contacts.user": [LIMIT]}
    assert cast.certificate.contacts.count() == 8


def test_a_ninth_is_named_when_another_goes_in_the_same_form(cast, admin):
    eight_contacts(cast)
    ninth = person_of(cast.acme, "Ines")
    sent = form(cast.certificate, **{"contacts-1-DELETE": "on", "contacts-8-user": ninth.pk})
    assert admin.post(change(cast.certificate), sent).status_code == 302
    names = cast.certificate.contacts.order_by("slot").values_list("user__name", flat=True)
    assert list(names) == ["Alice", "Ines", "Cleo", "Dario", "Edda", "Fadi", "Gwen", "Hugo"]


def test_a_programme_with_fewer_contacts_than_are_named_is_refused(cast, admin):
    programme = Programme.objects.get(key="premium-fr-2023")
    Programme.objects.filter(pk=programme.pk).update(contact_limit=1)
    sent = form(cast.certificate, programme=programme.pk)
    response = admin.post(change(cast.certificate), sent)
    assert errors_of(response) == {
        "contacts": [
            "This certificate names at most 1 contacts; the slots are taken by Alice, Bob."
        ]
    }


def test_a_programme_with_fewer_contacts_moves_people_into_the_slots_that_remain(cast, admin):
    programme = Programme.objects.get(key="premium-fr-2023")
    Programme.objects.filter(pk=programme.pk).update(contact_limit=1)
    sent = form(cast.certificate, programme=programme.pk, **{"contacts-0-DELETE": "on"})
    assert admin.post(change(cast.certificate), sent).status_code == 302
    contact = cast.certificate.contacts.get()
    assert (contact.slot, contact.contact_limit, contact.user) == (1, 1, cast.bob)


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ("olga", "Only people of the customer can be contacts."),
        ("erik", "Only people of the customer can be contacts."),
        ("bob", "Bob is a contact already."),
    ],
)
def test_who_cannot_be_a_contact_is_refused_on_the_row(cast, admin, who, message):
    sent = form(cast.certificate, **{"contacts-2-user": getattr(cast, who).pk})
    response = admin.post(change(cast.certificate), sent)
    assert errors_of(response) == {"contacts.user": [message]}


def test_own_hours_are_written_by_weekday_and_kept_as_windows(cast, admin):
    sent = form(cast.certificate, week_mon="8-12, 13:30 – 17.00", week_sat="09:00–24:00")
    save_twice(admin, change(cast.certificate), sent)
    certificate = Certificate.objects.get(pk=cast.certificate.pk)
    assert certificate.week == {
        "mon": [["08:00", "12:00"], ["13:30", "17:00"]],
        "sat": [["09:00", "24:00"]],
    }
    assert certificate.versions.get(number=2).printed["week"] == certificate.week
    page = admin.get(change(certificate)).content.decode()
    assert 'name="week_mon" value="08:00–12:00, 13:30–17:00"' in page


def test_own_hours_emptied_are_the_offices_again(cast, admin):
    Certificate.objects.filter(pk=cast.certificate.pk).update(week={"mon": [["08:00", "12:00"]]})
    save_twice(admin, change(cast.certificate), form(cast.certificate))
    assert Certificate.objects.get(pk=cast.certificate.pk).week is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "nine to five",
            "“nine to five” is no window; write hours such as 09:00–13:00, 14:00–18:00.",
        ),
        ("9:75-12", "“9:75-12”: an hour has 60 minutes."),
        (
            "18:00–09:00",
            "“18:00–09:00” does not open before it closes on the same day; "
            "a night shift is two windows, up to 24:00 and from 00:00.",
        ),
        ("09:00–13:00, 12:00–18:00", "These windows overlap."),
    ],
)
def test_hours_that_cannot_be_are_refused_by_weekday(cast, admin, text, message):
    response = admin.post(change(cast.certificate), form(cast.certificate, week_wed=text))
    assert errors_of(response) == {"week": [f"Wednesday: {message}"]}
    assert f'name="week_wed" value="{text}"' in response.content.decode()


def test_people_in_wrong_roles_are_refused_on_their_fields(cast, admin):
    sent = form(cast.certificate, tam=cast.erik.pk, deputy="")
    response = admin.post(change(cast.certificate), sent)
    assert errors_of(response) == {"tam": ["Erik is not a technical account manager."]}
    for field, message in (
        ("team_head", "Erik has another role: Engineer."),
        ("business_manager", "Erik has another role: Engineer."),
    ):
        response = admin.post(
            change(cast.certificate), form(cast.certificate, **{field: cast.erik.pk})
        )
        assert errors_of(response) == {field: [message]}


def test_a_certificate_names_its_own_people_for_escalations(cast, admin):
    sent = form(cast.certificate, team_head=cast.hanna.pk, business_manager=cast.bruno.pk)
    assert admin.post(change(cast.certificate), sent).status_code == 302
    kept = Certificate.objects.get(pk=cast.certificate.pk)
    assert (kept.team_head, kept.business_manager) == (cast.hanna, cast.bruno)


def test_a_certificate_that_ends_before_it_begins_is_refused(cast, admin):
    sent = form(cast.certificate, valid_until="2025-12-31")
    response = admin.post(change(cast.certificate), sent)
    assert errors_of(response) == {"valid_until": ["The last day lies before the first."]}


@pytest.mark.parametrize(
    ("first", "last"), [("1999-12-31", "2200-01-01"), ("0001-01-01", "9999-12-31")]
)
def test_extreme_days_are_told_at_their_fields(cast, admin, first, last):
    days = {"valid_from": first, "valid_until": last}
    told = ["An agreement lies between the years 2000 and 2199."]
    for address, sent in (
        (ADD, new_form(cast, **days)),
        (change(cast.certificate), form(cast.certificate, **days)),
    ):
        page = admin.post(address, sent)
        assert dict(page.context["adminform"].form.errors) == {
            "valid_from": told,
            "valid_until": told,
        }
    assert Certificate.objects.count() == 2


def test_the_first_and_the_last_day_of_all_are_taken(cast, admin):
    admin.post(ADD, new_form(cast, valid_from="2000-01-01", valid_until="2199-12-31"))
    certificate = Certificate.objects.get(number="MSA-9")
    assert (certificate.valid_from, certificate.valid_until) == (
        date(2000, 1, 1),
        date(2199, 12, 31),
    )


@pytest.mark.parametrize(
    ("field", "where"), [("", "__all__"), ("user", "__all__"), ("valid_until", "valid_until")]
)
def test_what_is_refused_only_while_saving_is_told_beside_what_was_typed(
    cast, admin, monkeypatch, field, where
):
    def slower(**_terms):
        person_of(cast.acme, "Zoe")
        raise Refused("Somebody else took the last slot.", field=field)

    monkeypatch.setattr("accounts.admin.certificates.revise_certificate", slower)
    address = change(cast.certificate)
    sent = form(
        cast.certificate,
        valid_until="2027-06-30",
        **{"contacts-0-renew_code": "on", "contacts-2-user": person_of(cast.acme, "Cleo").pk},
    )
    response = admin.post(address, sent)
    assert errors_of(response) == {where: ["Somebody else took the last slot."]}
    page = response.content.decode()
    assert 'name="valid_until" value="2027-06-30"' in page
    assert 'name="contacts-0-renew_code" id="id_contacts-0-renew_code" checked' in page
    assert ">Cleo</option>" in page
    assert messages_of(response) == []
    assert Certificate.objects.get(pk=cast.certificate.pk).valid_until == date(2026, 12, 31)
    assert not User.objects.filter(name="Zoe").exists()


def test_revoking_refuses_filing_and_can_be_taken_back(cast, admin):
    url = "/admin/accounts/certificate/"
    chosen = {"_selected_action": [cast.certificate.pk]}
    asked = admin.post(url, {"action": "revoke", **chosen, "_revoke": "Revoke", "reason": ""})
    assert asked.context["form"].errors == {"reason": ["This field is required."]}
    assert Certificate.objects.get(pk=cast.certificate.pk).revoked_at is None
    admin.post(url, {"action": "revoke", **chosen, "_revoke": "Revoke", "reason": "Unpaid."})
    assert Certificate.objects.get(pk=cast.certificate.pk).revoked_at == MONDAY_NINE
    with pytest.raises(Refused, match="was revoked"):
        cast.file()
    admin.post(url, {"action": "reinstate", **chosen})
    assert cast.file().state == "received"


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("valid", ["MSA-1", "MSA-2"]),
        ("soon", ["MSA-2"]),
        ("coming", ["MSA-3"]),
        ("ended", ["MSA-4"]),
        ("revoked", ["MSA-5"]),
    ],
)
def test_certificates_are_found_by_state_of_the_office_local_date(cast, admin, state, found):
    Certificate.objects.filter(number="MSA-2").update(valid_until=date(2026, 5, 31))
    for number, first, last in (
        ("MSA-3", date(2026, 3, 3), date(2026, 12, 31)),
        ("MSA-4", date(2025, 1, 1), date(2026, 3, 1)),
        ("MSA-5", date(2026, 1, 1), date(2026, 12, 31)),
    ):
        admin.post(ADD, new_form(cast, number=number, valid_from=first, valid_until=last))
    Certificate.objects.filter(number="MSA-5").update(revoked_at=MONDAY_NINE)
    page = admin.get("/admin/accounts/certificate/", {"state": state})
    assert [row.number for row in page.context["cl"].result_list] == found


def test_a_versions_page_tells_what_it_printed(cast, admin):
    version = cast.certificate.versions.get()
    page = admin.get(f"/admin/accounts/certificateversion/{version.pk}/change/").content.decode()
    assert "<p><strong>Contact 1:</strong> Alice, alice@acme.example</p>" in page
    assert "<p><strong>Hours:</strong> the office&#x27;s</p>" in page
