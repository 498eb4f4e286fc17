"""By when escalations are to be acknowledged, through the administrators' form (SPEC 11)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import CalendarRevision, Office
from msa import clock
from tests.accounts.test_admin_offices import errors_of, form
from tests.conftest import MONDAY_NINE

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LATER = MONDAY_NINE + HOUR


@pytest.fixture(autouse=True)
def monday():
    with clock.at(MONDAY_NINE):
        yield


def save(cast, signed_in, **changes):
    page = reverse("admin:accounts_office_change", args=[cast.office.pk])
    return signed_in(cast.ada).post(page, form(**changes))


def test_minutes_for_each_severity_are_kept_and_shown(cast, signed_in):
    times = {"acknowledge_1": "30", "acknowledge_3": "240", "workload_by_person": "on"}
    assert save(cast, signed_in, **times).status_code == 302
    office = Office.objects.get(pk=cast.office.pk)
    assert office.acknowledge_minutes == {"1": 30, "3": 240}
    assert office.workload_by_person
    page = signed_in(cast.ada).get(reverse("admin:accounts_office_change", args=[office.pk]))
    shown = page.context["adminform"].form
    values = [shown[f"acknowledge_{severity}"].value() for severity in (1, 2, 3, 4)]
    assert values == [30, None, 240, None]
    assert CalendarRevision.objects.filter(office=office).count() == 1


def test_emptied_again_nothing_climbs(cast, signed_in):
    save(cast, signed_in, acknowledge_2="60")
    save(cast, signed_in)
    assert Office.objects.get(pk=cast.office.pk).acknowledge_minutes == {}


def test_what_was_set_before_stays_known_for_its_own_time(cast, signed_in):
    with clock.at(MONDAY_NINE):
        save(cast, signed_in, acknowledge_2="30")
    with clock.at(LATER):
        save(cast, signed_in, acknowledge_2="30", phone="+33 1 0000")
        save(cast, signed_in, acknowledge_2="1")
    with clock.at(LATER + HOUR):
        save(cast, signed_in)
    office = Office.objects.get(pk=cast.office.pk)
    instants = (MONDAY_NINE - SECOND, MONDAY_NINE, LATER - SECOND, LATER, LATER + HOUR)
    assert [office.acknowledge_minutes_at(at) for at in instants] == [
        {},
        {"2": 30},
        {"2": 30},
        {"2": 1},
        {},
    ]
    assert office.former_acknowledgements.count() == 3


@pytest.mark.parametrize(
    ("minutes", "error"),
    [
        ("0", "Ensure this value is greater than or equal to 1."),
        ("525601", "Ensure this value is less than or equal to 525600."),
        ("soon", "Enter a whole number."),
    ],
)
def test_a_time_that_is_none_is_refused(cast, signed_in, minutes, error):
    assert errors_of(save(cast, signed_in, acknowledge_4=minutes)) == {"acknowledge_4": [error]}
