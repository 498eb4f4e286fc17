"""Two steps to a change that moves promises, and two people at once (SPEC 19.3, 7.10)."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Barrier

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts.actions.certificates import name_contact
from accounts.models import CalendarRevision, Certificate, Office, Programme, Role, User
from accounts.tenancy import set_scope, staff_transaction
from incidents.models import Clock, Incident
from msa import clock
from msa.outbox import relay
from msa.wiring import HANDLERS
from tests.accounts import test_admin_certificates, test_admin_offices, test_admin_programmes
from tests.accounts.previews import go_back, save, save_twice, typed
from tests.conftest import MONDAY_NINE, make_cast
from tests.msa.outbox import in_parallel

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
FOUR = MONDAY_NINE + timedelta(hours=7)  # Monday 16:00 in Paris
TUESDAY = test_admin_offices.day_form("2026-03-03", "closed", name="Moving house")
TAM_HOURS = {f"tam_hours_{day}": "9-18" for day in ("mon", "tue", "wed", "thu", "fri")}
office_form = test_admin_offices.form
certificate_form = test_admin_certificates.form
programme_form = test_admin_programmes.form


@pytest.fixture(autouse=True)
def four():
    with clock.at(FOUR):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def change(row):
    return reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])


def at_two(cast, category="product-other", **options):
    return cast.file(category, MONDAY_NINE + timedelta(hours=5), **options)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def text_of(page):
    main = page.content.decode().partition('<ul class="effect-facts">')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main.partition("<form")[0]).split())


def rows_in_all():
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_a_closed_day_is_read_then_saved_and_moves_what_was_told(cast, admin):
    first, second = at_two(cast, "product-partial"), at_two(cast, by=cast.olga)
    page = admin.post(change(cast.office), TUESDAY)
    assert page.status_code == 200
    told = [(row.incident.reference, row.due_after) for row in page.context["effect"].moved]
    assert told == [
        (first.reference, datetime(2026, 3, 4, 10, tzinfo=UTC)),
        (second.reference, datetime(2026, 3, 4, 12, tzinfo=UTC)),
    ]
    saved = save(admin, change(cast.office), page, follow=True)
    assert messages_of(saved)[0] == "The calendar of Paris is in force as revision 2."
    assert CalendarRevision.objects.get(number=2).calendar["closed"] == {
        "2026-03-03": "Moving house"
    }
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    clocks = Clock.objects.order_by("due_at").values_list("incident__reference", "due_at")
    assert list(clocks) == told


def test_the_page_says_it_in_words(cast, admin):
    at_two(cast, "product-partial")
    page = admin.post(change(cast.office), TUESDAY)
    assert text_of(page) == (
        "Moves 1 due time. 1 becomes later. The first is then 4 Mar 2026 11:00 CET . "
        "Published reports never change. "
        "Due times that move "
        "Incident Due until now Due then "
        "INC-2026-000001 (in a new tab) Acme · First response 11:00 · 3 Mar 11:00 · 4 Mar later "
        "An incident filed now in the portal would be due "
        "Under the certificate Instead of Due then "
        "Medium MSA-1 and 1 alike · First response 13:00 · 3 Mar 13:00 · 4 Mar later "
        "Low MSA-1 and 1 alike · First response 15:00 · 3 Mar 15:00 · 4 Mar later"
    )


def test_instants_stand_in_the_readers_zone_and_in_the_offices(cast, signed_in):
    at_two(cast, "product-partial")
    User.objects.filter(pk=cast.ada.pk).update(timezone="Asia/Tokyo")
    page = signed_in(User.objects.get(pk=cast.ada.pk)).post(change(cast.office), TUESDAY)
    assert "The first is then 4 Mar 2026 19:00 JST ( 4 Mar 2026 11:00 CET )" in text_of(page)
    assert "19:00 · 4 Mar 11:00 · 4 Mar (CET)" in text_of(page)


def test_reading_writes_nothing(cast, admin):
    at_two(cast)
    for row, sent in (
        (cast.office, TUESDAY | {"_add_public_holidays": "1"}),
        (cast.certificate, certificate_form(cast.certificate, week_tue="9-12")),
    ):
        before = rows_in_all()
        lengths = list(Incident.objects.values_list("reference", "journal_length"))
        page = admin.post(change(row), sent)
        assert page.context["effect"].moved_in_all == 1
        assert rows_in_all() == before
        assert list(Incident.objects.values_list("reference", "journal_length")) == lengths
        assert messages_of(admin.get("/admin/")) == []
    assert Office.objects.get().calendar["closed"] == {}
    assert Certificate.objects.get(number="MSA-1").week is None


def test_the_page_is_well_made(cast, admin):
    at_two(cast)
    page = admin.post(change(cast.office), TUESDAY).content.decode()
    assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)[^>]*>", page) == []
    assert '<a href="/incidents/INC-2026-000001/" target="_blank">' in page


def test_it_carries_all_that_was_typed_and_gives_it_back(cast, admin):
    at_two(cast)
    sent = TUESDAY | {"email": "paris@northlight.example", "_continue": "1"}
    page = admin.post(change(cast.office), sent)
    assert typed(page) == {name: [str(value)] for name, value in sent.items()}
    form = go_back(admin, change(cast.office), page)
    html = form.content.decode()
    assert 'name="email" value="paris@northlight.example"' in html
    assert 'name="days-0-name" value="Moving house"' in html
    assert 'name="days-0-date" value="2026-03-03"' in html
    assert "errornote" not in html
    assert not cast.office.days.exists()
    assert form.context["adminform"].form.errors == {}


def test_each_button_does_what_it_did(cast, admin):
    at_two(cast)
    page = admin.post(change(cast.office), TUESDAY | {"_continue": "1"})
    saved = save(admin, change(cast.office), page)
    assert (saved.status_code, saved["Location"]) == (302, change(cast.office))


def test_nothing_to_tell_saves_at_once(cast, admin):
    at_two(cast)
    far = test_admin_offices.day_form("2026-11-12", "closed")
    assert admin.post(change(cast.office), far).status_code == 302
    assert cast.office.days.get().date == date(2026, 11, 12)


def test_a_removed_day_and_another_zone_are_told(cast, admin):
    at_two(cast)
    moved = save_twice(admin, change(cast.office), TUESDAY)
    assert moved.status_code == 302
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    day = cast.office.days.get()
    row = {"days-TOTAL_FORMS": 2, "days-INITIAL_FORMS": 1, "days-0-id": day.pk}
    row |= {"days-0-office": cast.office.pk, "days-1-kind": "closed"}
    removed = admin.post(change(cast.office), TUESDAY | row | {"days-0-DELETE": "on"})
    assert removed.context["effect"].moved_earlier == 1
    moved = admin.post(change(cast.office), TUESDAY | row | {"timezone": "America/New_York"})
    assert moved.context["effect"].moved_earlier == 1


def test_what_has_changed_meanwhile_is_read_again(cast, admin):
    at_two(cast)
    page = admin.post(change(cast.office), TUESDAY)
    at_two(cast, by=cast.bob)
    again = save(admin, change(cast.office), page)
    assert again.status_code == 200
    assert again.context["effect"].moved_in_all == 2
    assert "Meanwhile the effect has become another." in again.content.decode()
    assert not cast.office.days.exists()
    assert save(admin, change(cast.office), again).status_code == 302
    assert cast.office.days.exists()


def test_an_effect_that_went_away_needs_no_reading(cast, admin):
    at_two(cast)
    page = admin.post(change(cast.office), TUESDAY)
    Clock.objects.update(ended_at=FOUR)
    Certificate.objects.update(revoked_at=FOUR)
    assert save(admin, change(cast.office), page).status_code == 302


def test_public_holidays_added_in_the_list_are_read_first(cast, admin):
    at_two(cast)
    with clock.at(datetime(2026, 4, 30, 15, tzinfo=UTC)):  # the day before a public holiday
        cast.file("product-other", datetime(2026, 4, 30, 14, tzinfo=UTC))
        sent = {"action": "add_public_holidays", "_selected_action": [cast.office.pk]}
        page = admin.post("/admin/accounts/office/", sent)
        assert page.context["effect"].moved_in_all == 1
        assert go_back(admin, "/admin/accounts/office/", page)["Location"] == (
            "/admin/accounts/office/"
        )
        assert not cast.office.days.exists()
        saved = save(admin, "/admin/accounts/office/", page, follow=True)
    assert messages_of(saved) == [
        "Paris: 22 public holidays added.",
        "The calendar of Paris is in force as revision 2.",
    ]


def test_hours_of_a_certificates_own_are_read_first(cast, admin):
    incident = at_two(cast)
    sent = certificate_form(cast.certificate, week_tue="9-12", week_wed="9-18")
    saved = save_twice(admin, change(cast.certificate), sent, follow=True)
    assert messages_of(saved)[0] == "Version 2 is issued."
    relay.drain(HANDLERS, prepare=partial(set_scope, staff=True))
    due_at = datetime(2026, 3, 11, 11, tzinfo=UTC)  # three hours on Tuesday, five on Wednesday
    assert Clock.objects.get(incident=incident).due_at == due_at - timedelta(days=7, hours=-2)


def test_another_office_is_read_first(cast, admin):
    at_two(cast)
    week = {"tue": [["09:00", "18:00"]]}
    lyon = Office.objects.create(name="Lyon", timezone="Europe/Paris", week=week)
    lyon.calendar = {"timezone": "Europe/Paris", "week": week, "closed": {}, "special": {}}
    lyon.save()
    page = admin.post(change(cast.certificate), certificate_form(cast.certificate, office=lyon.pk))
    assert page.context["effect"].moved_in_all == 1


def test_a_programme_says_which_promises_change_and_moves_nothing(cast, admin):
    incident = at_two(cast, "product-partial")
    programme = cast.certificate.programme
    sent = programme_form(programme, **TAM_HOURS)
    page = admin.post(change(programme), sent | {"severities-2-response_minutes": 300})
    assert text_of(page) == (
        "Each incident took its targets over when it was filed: none of those changes. "
        "2 certificates in force are concerned. "
        "Published reports never change. "
        "Promises that change "
        "Promise Until now Then "
        "Medium First response 6 h working 5 h working not worse "
        "An incident filed now in the portal would be due "
        "Under the certificate Instead of Due then "
        "Medium MSA-1 and 1 alike · First response 13:00 · 3 Mar 12:00 · 3 Mar earlier"
    )
    assert save(admin, change(programme), page).status_code == 302
    saved = Programme.objects.get(pk=programme.pk)
    assert saved.severities.get(severity=3).response_minutes == 300
    assert Incident.objects.get(pk=incident.pk).targets["response"]["3"]["minutes"] == 360


def seen(admin, row):
    return admin.get(change(row)).context["adminform"].form.initial["seen"]


def test_the_second_of_two_is_told_and_keeps_what_they_typed(cast, admin):
    sent = certificate_form(cast.certificate, seen=seen(admin, cast.certificate))
    assert admin.post(change(cast.certificate), sent | {"deputy": ""}).status_code == 302
    second = admin.post(change(cast.certificate), sent | {"valid_until": "2027-06-30"})
    assert second.status_code == 200
    [error] = second.context["adminform"].form.non_field_errors()
    assert error == (
        "This was changed since you opened it; nothing of yours is saved yet. What you typed is "
        "still here: saved again, it replaces what was saved meanwhile. "
        f'<a href="{change(cast.certificate)}" target="_blank">See what is saved (in a new tab)</a>'
    )
    html = second.content.decode()
    assert error in html
    assert 'name="valid_until" value="2027-06-30"' in html
    assert Certificate.objects.get(pk=cast.certificate.pk).valid_until == date(2026, 12, 31)
    knowing = second.context["adminform"].form["seen"].value()
    again = sent | {"valid_until": "2027-06-30", "seen": knowing}
    assert admin.post(change(cast.certificate), again).status_code == 302
    saved = Certificate.objects.get(pk=cast.certificate.pk)
    assert (saved.valid_until, saved.deputy) == (date(2027, 6, 30), cast.tess)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told():
    with staff_transaction():
        cast = make_cast()
        form = certificate_form(cast.certificate)
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(cast.ada)
    shown = clients[0].get(change(cast.certificate)).context["adminform"].form.initial["seen"]
    barrier, outcomes = Barrier(2), []

    def save_at_once(client, last_day):
        barrier.wait()
        with clock.at(FOUR):
            sent = form | {"valid_until": last_day, "seen": shown}
            outcomes.append(client.post(change(cast.certificate), sent).status_code)

    in_parallel(
        partial(save_at_once, clients[0], "2027-06-30"),
        partial(save_at_once, clients[1], "2028-06-30"),
    )
    assert sorted(outcomes) == [200, 302]


def test_a_contact_named_or_removed_meanwhile_is_a_change(cast, admin):
    sent = certificate_form(cast.certificate, seen=seen(admin, cast.certificate))
    contact = cast.certificate.contacts.get(user=cast.bob)
    contact.delete()
    removed = admin.post(change(cast.certificate), sent)
    assert removed.status_code == 200
    assert "This was changed since you opened it" in removed.content.decode()
    cleo = User.objects.create_user(
        "cleo@acme.example", name="Cleo", role=Role.CONTACT, customer=cast.acme
    )
    sent = certificate_form(cast.certificate, seen=seen(admin, cast.certificate))
    name_contact(certificate=cast.certificate, user=cleo)
    named = admin.post(change(cast.certificate), sent)
    assert "This was changed since you opened it" in named.content.decode()


def test_offices_and_programmes_are_not_overwritten_either(cast, admin):
    programme = cast.certificate.programme
    for row, sent, name in (
        (cast.office, office_form(), "phone"),
        (programme, programme_form(programme, **TAM_HOURS), "document"),
    ):
        first = sent | {"seen": seen(admin, row)}
        assert admin.post(change(row), first | {name: "1"}).status_code == 302
        second = admin.post(change(row), first | {name: "2"})
        assert "This was changed since you opened it" in second.content.decode()
        row.refresh_from_db()
        assert getattr(row, name) == "1"


def test_what_nobody_else_changed_is_saved_and_not_logged_as_a_field(cast, admin):
    sent = certificate_form(cast.certificate, seen=seen(admin, cast.certificate))
    admin.post(change(cast.certificate), sent | {"deputy": ""})
    history = admin.get(
        reverse("admin:accounts_certificate_history", args=[cast.certificate.pk])
    ).content.decode()
    assert "Changed Deputy." in history


@pytest.mark.parametrize(
    "asked",
    [
        "state__exact=%00",
        "q=%00",
        "%00=1",
        "received_at__year=9999",
        "received_at__year=99999999999999999999",
        "received_at__year=-1",
        "received_at__year=2026%00",
    ],
)
def test_odd_questions_to_a_list_are_refused(admin, asked):
    assert admin.get(f"/admin/incidents/incident/?{asked}").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "/admin/accounts/dutyshift/?starts_at__year=9999&starts_at__month=12",
        "/admin/accounts/certificate/?valid_until__year=9999&valid_until__month=12",
        "/admin/accounts/certificate/add/?customer=%00",
        "/admin/autocomplete/?term=%00&app_label=accounts&model_name=contact&field_name=user",
        "/admin/outbox/message/?q=%00",
    ],
)
def test_odd_questions_elsewhere_are_refused(admin, address):
    assert admin.get(address).status_code == 400


def test_a_year_and_a_month_that_people_live_in_are_answered(cast, admin):
    at_two(cast)
    page = admin.get("/admin/incidents/incident/?received_at__year=2026&received_at__month=3")
    assert len(page.context["cl"].result_list) == 1
