"""Offices through the administrators' forms: hours, days, holidays, shifts (SPEC 9, 10)."""

import re
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from accounts.hours import week_text
from accounts.models import CalendarRevision, DutyShift, Office
from msa import clock
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

PARIS = [["09:00", "18:00"]]
SHIFTS = "/admin/accounts/dutyshift/"


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.ada)


def change(office):
    return reverse("admin:accounts_office_change", args=[office.pk])


def form(**changes):
    """Return what the browser sends for the page of the office of Paris, with `changes`."""
    return {
        "name": "Paris",
        "timezone": "Europe/Paris",
        "country": "FR",
        "subdivision": "",
        **{f"week_{day}": "09:00–18:00" for day in ("mon", "tue", "wed", "thu", "fri")},
        "week_sat": "",
        "week_sun": "",
        "phone": "+33 1 99 00 41 00",
        "msa_phone": "+33 1 99 00 41 10",
        "email": "",
        "days-TOTAL_FORMS": 1,
        "days-INITIAL_FORMS": 0,
        "days-MIN_NUM_FORMS": 0,
        "days-MAX_NUM_FORMS": 1000,
        "days-0-date": "",
        "days-0-kind": "closed",
        "days-0-name": "",
        "days-0-windows": "",
        **changes,
    }


def day_form(day, kind, windows="", name=""):
    return form(
        **{
            "days-0-date": day,
            "days-0-kind": kind,
            "days-0-windows": windows,
            "days-0-name": name,
        }
    )


def errors_of(response):
    assert response.status_code == 200
    found = {key: list(errors) for key, errors in response.context["adminform"].form.errors.items()}
    for formset in response.context["inline_admin_formsets"]:
        for row in formset.formset.forms:
            found.update({f"days.{key}": list(value) for key, value in row.errors.items()})
    return found


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_saving_without_a_change_makes_no_revision(cast, admin):
    assert admin.post(change(cast.office), form()).status_code == 302
    assert CalendarRevision.objects.filter(office=cast.office).count() == 1


def test_changed_hours_come_into_force_as_a_revision(cast, admin):
    response = admin.post(change(cast.office), form(week_fri="9-13, 14-17"), follow=True)
    revision = CalendarRevision.objects.get(office=cast.office, number=2)
    assert (revision.changed_at, revision.changed_by) == (MONDAY_NINE, cast.ada)
    assert revision.calendar["week"] == {
        **dict.fromkeys(("mon", "tue", "wed", "thu"), PARIS),
        "fri": [["09:00", "13:00"], ["14:00", "17:00"]],
    }
    assert Office.objects.get(pk=cast.office.pk).calendar == revision.calendar
    assert messages_of(response)[0] == "The calendar of Paris is in force as revision 2."


def test_an_office_that_never_opens_is_refused(cast, admin):
    closed = {f"week_{day}": "" for day in ("mon", "tue", "wed", "thu", "fri")}
    response = admin.post(change(cast.office), form(**closed))
    assert errors_of(response) == {
        "week": ["Give at least one day hours: this office would never open."]
    }
    assert CalendarRevision.objects.filter(office=cast.office).count() == 1


def test_each_weekday_has_its_own_error(cast, admin):
    response = admin.post(change(cast.office), form(week_mon="9-9", week_tue="later"))
    assert errors_of(response) == {
        "week": [
            "Monday: “9-9” does not open before it closes on the same day; "
            "a night shift is two windows, up to 24:00 and from 00:00.",
            "Tuesday: “later” is no window; write hours such as 09:00–13:00, 14:00–18:00.",
        ]
    }
    marked = re.findall(r'name="(week_\w+)"[^>]*aria-invalid="true"', response.content.decode())
    assert marked == ["week_mon", "week_tue"]


def test_a_new_office_has_its_calendar_at_once(admin):
    response = admin.post("/admin/accounts/office/add/", form(name="Lyon"), follow=True)
    office = Office.objects.get(name="Lyon")
    assert office.revisions.get().number == 1
    assert office.hours().timezone == "Europe/Paris"
    assert messages_of(response)[0] == "The calendar of Lyon is in force as revision 1."


def test_a_closed_day_and_special_hours_are_rows(cast, admin):
    admin.post(change(cast.office), day_form("2026-05-04", "closed", name="Moving house"))
    special = day_form("2026-12-24", "special", "9-12")
    special |= {"days-TOTAL_FORMS": 2, "days-INITIAL_FORMS": 1}
    first = cast.office.days.get()
    special |= {f"days-1-{key}": special[f"days-0-{key}"] for key in ("date", "kind", "windows")}
    special |= {
        "days-0-id": first.pk,
        "days-0-office": cast.office.pk,
        "days-0-date": "2026-05-04",
        "days-0-kind": "closed",
        "days-0-name": "Moving house",
        "days-0-windows": "",
    }
    admin.post(change(cast.office), special)
    calendar = CalendarRevision.objects.get(office=cast.office, number=3).calendar
    assert calendar["closed"] == {"2026-05-04": "Moving house"}
    assert calendar["special"] == {"2026-12-24": [["09:00", "12:00"]]}


@pytest.mark.parametrize(
    ("week", "text"),
    [
        ({}, ""),
        (None, ""),
        ({"sun": PARIS}, "Sunday 09:00–18:00"),
        (
            {"mon": PARIS, "tue": PARIS, "thu": PARIS, "fri": [["09:00", "12:00"]]},
            "Monday–Tuesday 09:00–18:00; Thursday 09:00–18:00; Friday 09:00–12:00",
        ),
        (
            {day: [["09:00", "12:00"], ["13:00", "24:00"]] for day in ("tue", "wed")},
            "Tuesday–Wednesday 09:00–12:00, 13:00–24:00",
        ),
    ],
)
def test_a_week_is_told_with_days_alike_together(week, text):
    assert week_text(week) == text


def test_special_hours_without_hours_are_refused(cast, admin):
    response = admin.post(change(cast.office), day_form("2026-12-24", "special"))
    assert errors_of(response) == {"days.windows": ["Give the hours, or choose “Closed”."]}


def test_closing_a_day_removes_its_special_hours(cast, admin):
    admin.post(change(cast.office), day_form("2026-12-24", "closed", "9-12"))
    assert cast.office.days.get().windows == []


def test_the_button_saves_and_adds_the_public_holidays_of_two_years(cast, admin):
    sent = form(_add_public_holidays="1")
    response = admin.post(change(cast.office), sent, follow=True)
    assert response.redirect_chain == [(change(cast.office), 302)]
    assert messages_of(response) == [
        "Paris: 22 public holidays added.",
        "The calendar of Paris is in force as revision 2.",
    ]
    assert cast.office.days.get(date=date(2026, 7, 14)).public_holiday
    assert cast.office.days.get(date=date(2027, 1, 1)).public_holiday
    again = admin.post(
        "/admin/accounts/office/",
        {"action": "add_public_holidays", "_selected_action": [cast.office.pk]},
        follow=True,
    )
    assert messages_of(again) == ["Paris: 0 public holidays added."]


def test_the_action_says_when_there_is_no_country(cast, admin):
    Office.objects.filter(pk=cast.office.pk).update(country="")
    response = admin.post(
        "/admin/accounts/office/",
        {"action": "add_public_holidays", "_selected_action": [cast.office.pk]},
        follow=True,
    )
    assert messages_of(response) == ["Paris has no country, from which public holidays would come."]
    assert not cast.office.days.exists()


@pytest.mark.parametrize(
    ("country", "region", "errors"),
    [
        ("xx", "", {"country": ["No public holidays are known for this country."]}),
        (
            "nl",
            "BY",
            {"subdivision": ["No region of NL; known are –."]},
        ),
    ],
)
def test_countries_and_regions_without_holidays_are_refused(cast, admin, country, region, errors):
    response = admin.post(change(cast.office), form(country=country, subdivision=region))
    assert errors_of(response) == errors


def test_an_unknown_time_zone_is_refused(cast, admin):
    response = admin.post(change(cast.office), form(timezone="Europe/Atlantis"))
    assert errors_of(response)["timezone"] == [
        "“Europe/Atlantis” is not a time zone; expected a name such as Europe/Paris."
    ]


def test_a_new_name_is_printed_on_a_new_version_of_each_certificate(cast, admin):
    admin.post(change(cast.office), form(name="Paris-Nord"))
    for certificate in (cast.certificate, cast.globex_certificate):
        assert certificate.versions.get(number=2).printed["office"] == "Paris-Nord"


def test_revisions_are_read_only(cast, admin):
    revision = cast.office.revisions.get()
    url = f"/admin/accounts/calendarrevision/{revision.pk}/"
    page = admin.get(f"{url}change/")
    assert page.status_code == 200
    assert "Monday–Friday 09:00–18:00" in page.content.decode()
    assert admin.post(f"{url}change/", {"number": "7"}).status_code == 403
    assert admin.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    assert admin.get("/admin/accounts/calendarrevision/add/").status_code == 403


def shift_form(cast, **changes):
    return {
        "office": cast.office.pk,
        "person": cast.dana.pk,
        "starts_at_0": "2027-01-04",
        "starts_at_1": "18:00:00",
        "ends_at_0": "2027-01-05",
        "ends_at_1": "09:00:00",
        **changes,
    }


def test_a_shift_is_planned_in_the_administrators_time_zone(cast, admin):
    assert admin.post(f"{SHIFTS}add/", shift_form(cast)).status_code == 302
    shift = DutyShift.objects.get(starts_at__year=2027)
    assert shift.starts_at == datetime(2027, 1, 4, 17, 0, tzinfo=UTC)  # Ada is in Paris
    assert shift.ends_at == datetime(2027, 1, 5, 8, 0, tzinfo=UTC)


def test_only_duty_managers_are_planned_and_forwards(cast, admin):
    sent = shift_form(cast, person=cast.tom.pk, ends_at_0="2027-01-03")
    response = admin.post(f"{SHIFTS}add/", sent)
    assert errors_of(response) == {
        "person": ["Only a duty manager can be put on duty."],
        "ends_at": ["The shift ends before it begins."],
    }


def test_a_shift_that_has_begun_can_only_end_otherwise(cast, admin):
    shift = DutyShift.objects.get()
    url = f"{SHIFTS}{shift.pk}/"
    moved = shift_form(cast, ends_at_0="2026-03-03", starts_at_0="2026-02-01")
    assert admin.post(f"{url}change/", moved).status_code == 302
    shift.refresh_from_db()
    assert shift.starts_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert shift.ends_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert admin.post(f"{url}delete/", {"post": "yes"}).status_code == 403


def test_a_shift_that_is_over_is_read_only(cast, admin):
    shift = DutyShift.objects.get()
    DutyShift.objects.filter(pk=shift.pk).update(ends_at=datetime(2026, 2, 1, tzinfo=UTC))
    url = f"{SHIFTS}{shift.pk}/change/"
    assert admin.get(url).status_code == 200
    assert admin.post(url, shift_form(cast)).status_code == 403
