"""Who is responsible at an instant (SPEC 10), and to whom each level goes (SPEC 11)."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.actions import offices
from accounts.models import DutyShift, Role, User
from tam.models import Absence
from tam.responsible import (
    StandIn,
    on_duty,
    people_at_level,
    responsible_for,
    team_heads,
)
from tests.conftest import MONDAY_NINE, Cast

pytestmark = pytest.mark.django_db

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
CLOSING = datetime(2026, 3, 2, 17, tzinfo=UTC)  # Monday, 18:00 in Paris


def be_absent(*people: User, since: datetime = MONDAY_NINE, until: datetime = CLOSING) -> None:
    for person in people:
        Absence.objects.create(person=person, starts_at=since, ends_at=until)


def names(people: list[User]) -> list[str]:
    return [person.name for person in people]


@pytest.mark.parametrize(
    ("at", "absent", "expected"),
    [
        (MONDAY_NINE - SECOND, (), ("Dana", StandIn.CLOSED)),
        (MONDAY_NINE, (), ("Tom", StandIn.NO)),
        (CLOSING - SECOND, (), ("Tom", StandIn.NO)),
        (CLOSING, (), ("Dana", StandIn.CLOSED)),
        (MONDAY_NINE, ("tom",), ("Tess", StandIn.ABSENT)),
        (CLOSING - SECOND, ("tom",), ("Tess", StandIn.ABSENT)),
        (MONDAY_NINE + DAY, ("tom",), ("Tom", StandIn.NO)),
        (MONDAY_NINE, ("tess",), ("Tom", StandIn.NO)),
        (MONDAY_NINE, ("tom", "tess"), ("Dana", StandIn.ABSENT)),
        (MONDAY_NINE, ("tom", "tess", "dana"), (None, StandIn.ABSENT)),
    ],
)
def test_the_tam_then_the_deputy_then_the_duty_manager(
    cast: Cast, at: datetime, absent: tuple[str, ...], expected: tuple[str | None, StandIn]
) -> None:
    be_absent(*(getattr(cast, name) for name in absent))
    found = responsible_for(cast.certificate, at)
    assert (found.person and found.person.name, found.standing_in) == expected


def test_without_a_deputy_the_duty_manager_follows_the_tam(cast: Cast) -> None:
    be_absent(cast.tom)
    found = responsible_for(cast.globex_certificate, MONDAY_NINE)
    assert (found.person, found.standing_in) == (cast.dana, StandIn.ABSENT)


def test_without_anybody_on_duty_nobody_is(cast: Cast) -> None:
    DutyShift.objects.all().delete()
    found = responsible_for(cast.certificate, CLOSING)
    assert (found.person, found.standing_in) == (None, StandIn.CLOSED)


def test_own_hours_of_the_certificate_govern(cast: Cast) -> None:
    cast.certificate.week = {"mon": [["20:00", "22:00"]]}
    assert responsible_for(cast.certificate, MONDAY_NINE).person == cast.dana
    evening = datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert responsible_for(cast.certificate, evening).person == cast.tom


def test_a_shift_begins_with_its_first_second_and_ends_before_its_last(cast: Cast) -> None:
    DutyShift.objects.all().delete()
    offices.plan_shift(
        office=cast.office, person=cast.dana, starts_at=CLOSING, ends_at=CLOSING + DAY
    )
    assert names(on_duty(cast.office, CLOSING - SECOND)) == []
    assert names(on_duty(cast.office, CLOSING)) == ["Dana"]
    assert names(on_duty(cast.office, CLOSING + DAY - SECOND)) == ["Dana"]
    assert names(on_duty(cast.office, CLOSING + DAY)) == []


def test_of_two_on_shift_the_first_who_is_there_is_responsible(cast: Cast) -> None:
    dirk = User.objects.create_user(
        "dirk@northlight.example", name="Dirk", role=Role.DUTY_MANAGER, office=cast.office
    )
    offices.plan_shift(office=cast.office, person=dirk, starts_at=CLOSING, ends_at=CLOSING + DAY)
    assert names(on_duty(cast.office, CLOSING)) == ["Dana", "Dirk"]
    assert responsible_for(cast.certificate, CLOSING).person == cast.dana
    be_absent(cast.dana, since=CLOSING, until=CLOSING + DAY)
    assert responsible_for(cast.certificate, CLOSING).person == dirk


def test_who_may_no_longer_sign_in_is_not_there(cast: Cast) -> None:
    User.objects.filter(pk__in=[cast.tom.pk, cast.dana.pk]).update(is_active=False)
    cast.certificate.refresh_from_db()
    assert responsible_for(cast.certificate, MONDAY_NINE).person == cast.tess
    assert responsible_for(cast.certificate, CLOSING).person is None


def test_who_is_no_duty_manager_any_more_does_not_answer_the_line(cast: Cast) -> None:
    User.objects.filter(pk=cast.dana.pk).update(role=Role.ENGINEER)
    assert names(on_duty(cast.office, CLOSING)) == []
    assert responsible_for(cast.certificate, CLOSING).person is None


def test_the_levels_go_to_the_tam_the_head_and_the_business_manager(cast: Cast) -> None:
    levels = [names(people_at_level(cast.certificate, level)) for level in (1, 2, 3)]
    assert levels == [["Tom"], ["Hanna"], ["Bruno"]]


def test_a_programme_with_two_levels_ends_at_the_second(cast: Cast) -> None:
    cast.certificate.programme.escalation_levels = ["tam", "business_manager"]
    levels = [names(people_at_level(cast.certificate, level)) for level in (1, 2, 3)]
    assert levels == [["Tom"], ["Bruno"], ["Bruno"]]


def test_an_office_without_a_head_falls_to_the_administrators(cast: Cast) -> None:
    assert names(team_heads(cast.office)) == ["Hanna"]
    User.objects.filter(pk=cast.hanna.pk).update(is_active=False)
    assert names(team_heads(cast.office)) == ["Ada"]


@pytest.mark.parametrize(
    ("at", "absent", "queries"), [(MONDAY_NINE, (), 1), (MONDAY_NINE, ("tom", "tess"), 3)]
)
def test_it_costs_few_queries(
    cast: Cast,
    django_assert_num_queries,
    at: datetime,
    absent: tuple[str, ...],
    queries: int,
) -> None:
    be_absent(*(getattr(cast, name) for name in absent))
    with django_assert_num_queries(queries):
        responsible_for(cast.certificate, at)


def test_whom_the_certificate_names_comes_before_the_office(cast: Cast) -> None:
    helen, boris = (
        User.objects.create_user(f"{name}@northlight.example", name=name.title(), role=role)
        for name, role in (("helen", Role.TEAM_HEAD), ("boris", Role.BUSINESS_MANAGER))
    )
    cast.certificate.team_head, cast.certificate.business_manager = helen, boris
    assert [people_at_level(cast.certificate, level) for level in (1, 2, 3)] == [
        [cast.tom],
        [helen],
        [boris],
    ]
    helen.is_active = False
    helen.save(update_fields=["is_active"])
    assert people_at_level(cast.certificate, 2) == [cast.hanna]
