"""The history of every row, and what is refused while saving (SPEC 19)."""

import re
from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError

from accounts.actions.offices import revise_calendar
from accounts.errors import Refused
from accounts.models import Certificate, Office, User
from msa import clock
from tests.accounts import test_admin_certificates, test_admin_offices
from tests.accounts.test_admin import change_form, url
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

certificate_form = test_admin_certificates.form


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def history(admin, label, row):
    """Return each entry's words, oldest first."""
    page = admin.get(url(label, "history", row.pk))
    assert page.status_code == 200
    return [
        " ".join(re.sub(r"<[^>]*>", " ", cell).split())
        for cell in re.findall(
            r"<td>[^<]*</td>\s*<td>(.*?)</td></tr>", page.content.decode(), re.DOTALL
        )
    ]


def test_the_history_of_a_certificate_tells_before_and_after_and_the_version(cast, admin):
    sent = certificate_form(
        cast.certificate, valid_until="2027-06-30", deputy="", covered_products=[]
    )
    admin.post(url("accounts.certificate", "change", cast.certificate.pk), sent)
    assert history(admin, "accounts.certificate", cast.certificate) == [
        "Changed Last day, Deputy and Products. "
        "Last day before: Dec. 31, 2026 → after: June 30, 2027 "
        "Deputy before: Tess → nothing "
        "Products before: Northlight Endpoint → nothing "
        "Version 2 (PDF) · What changed"
    ]


def test_revoking_and_taking_it_back_stand_in_the_history_once(cast, admin):
    chosen = {"_selected_action": [cast.certificate.pk]}
    for action in ("revoke", "revoke", "reinstate", "reinstate"):
        sent = {"action": action, **chosen, "_revoke": "Revoke", "reason": "Unpaid."}
        admin.post(url("accounts.certificate"), sent)
    assert history(admin, "accounts.certificate", cast.certificate) == [
        "Revoked: Unpaid.",
        "Revocation taken back.",
    ]


def test_the_history_of_a_person_tells_before_and_after_and_no_password(cast, admin):
    address = url("accounts.user", "change", cast.alice.pk)
    admin.post(address, change_form(cast.alice, phone="+33 1 55", language="fr"))
    assert history(admin, "accounts.user", cast.alice) == [
        "Changed Phone and Language. "
        "Phone nothing → after: +33 1 55 Language before: English → after: French"
    ]


def test_the_history_is_told_in_its_readers_language(cast, admin, signed_in):
    address = url("accounts.certificate", "change", cast.certificate.pk)
    admin.post(address, certificate_form(cast.certificate, deputy=""))
    User.objects.filter(pk=cast.ada.pk).update(language="fr")
    french = signed_in(User.objects.get(pk=cast.ada.pk))
    assert history(french, "accounts.certificate", cast.certificate)[0].startswith("Modification")


def test_what_nobody_changed_has_no_history(cast, admin):
    page = admin.get(url("accounts.certificate", "history", cast.certificate.pk))
    assert "Nobody has changed this here yet." in page.content.decode()


def test_an_invitation_is_sent_again_and_told(cast, admin):
    cast.alice.set_unusable_password()
    cast.alice.save()
    chosen = {"_selected_action": [cast.alice.pk, cast.bob.pk], "action": "invite"}
    page = admin.post(url("accounts.user"), chosen, follow=True)
    assert sorted(str(message) for message in page.context["messages"]) == [
        "1 person invited.",
        "Bob has a password already, and can ask for a new one when signing in.",
    ]
    assert LogEntry.objects.get().object_repr == "Alice"


def test_of_two_who_save_the_same_at_once_the_second_keeps_what_they_typed(
    cast, admin, monkeypatch
):
    def beaten(**_terms):
        raise IntegrityError("accounts_certificate_number_key")

    monkeypatch.setattr("accounts.admin.certificates.revise_certificate", beaten)
    sent = certificate_form(cast.certificate, valid_until="2027-06-30")
    page = admin.post(url("accounts.certificate", "change", cast.certificate.pk), sent)
    assert list(page.context["adminform"].form.errors["__all__"]) == [
        "Somebody else saved at this very moment; nothing of yours is saved yet. "
        "What you typed is still here: save it again."
    ]
    assert 'name="valid_until" value="2027-06-30"' in page.content.decode()


def test_an_office_that_opens_on_special_days_only_is_refused(cast):
    office = Office(name="Rome", timezone="Europe/Rome", week={})
    office.save()
    office.days.create(date=date(2026, 5, 4), kind="special", windows=[["09:00", "12:00"]])
    with pytest.raises(Refused) as refusal:
        revise_calendar(office=office, actor=None, at=datetime(2026, 1, 1, tzinfo=UTC))
    assert (refusal.value.field, str(refusal.value)) == (
        "week",
        "Give at least one day hours: clocks could never come due.",
    )


def test_a_holiday_added_stands_in_the_history_of_its_office(cast, admin):
    sent = test_admin_offices.day_form("2026-03-03", "closed", name="Moving house")
    page = admin.post(url("accounts.office", "change", cast.office.pk), sent)
    assert page.status_code == 302
    assert history(admin, "accounts.office", cast.office) == [
        "Added closed or special day “2026-03-03 Moving house”."
    ]


def many(cast, count):
    terms = {
        "customer": cast.acme,
        "programme": cast.certificate.programme,
        "office": cast.office,
        "tam": cast.tom,
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        "contact_limit": 8,
        "version": 1,
    }
    Certificate.objects.bulk_create(
        Certificate(number=f"N-{number:05}", **terms) for number in range(count)
    )


def test_ten_thousand_certificates_open_in_under_fifteen_queries(
    cast, admin, django_assert_max_num_queries
):
    many(cast, 10_000)
    for asked, found in (
        ({}, 100),
        ({"q": "N-00042"}, 1),
        ({"q": "alice"}, 1),
        ({"state": "due", "p": "2"}, None),
        ({"p": "100"}, 100),
        ({"office__id__exact": cast.office.pk, "o": "-4"}, 100),
    ):
        with django_assert_max_num_queries(14):
            page = admin.get(url("accounts.certificate"), asked, follow=True)
        assert page.status_code == 200
        if found is not None:
            assert len(page.context["cl"].result_list) == found
