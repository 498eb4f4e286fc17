"""Who is responsible over a span, and where nobody is (SPEC 10)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import offices
from accounts.models import Certificate, DutyShift, Role, User
from tam.coverage import Overlap, Roster, Span, Standing, Turn, Watch, wall_clock
from tam.models import Absence
from tam.queries.roster_gaps import certificates_valid, gaps, totals, without
from tam.responsible import responsible_for
from tests.conftest import MONDAY_NINE, Cast, see_everything

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 3, 1, 23, tzinfo=UTC)  # midnight in Paris
CLOSING = datetime(2026, 3, 2, 17, tzinfo=UTC)  # 18:00 in Paris
WEEK = 7 * DAY
MINUTES_OF_A_WEEK = 7 * 24 * 60


@pytest.fixture
def dirk(cast: Cast) -> User:
    return User.objects.create_user(
        "dirk@northlight.example", name="Dirk", role=Role.DUTY_MANAGER, office=cast.office
    )


def roster(cast: Cast, since: datetime = MONDAY, until: datetime = MONDAY + DAY) -> Roster:
    return Roster.read([cast.office], since, until)


def test_the_turns_of_a_day_leave_nothing_out(cast: Cast) -> None:
    Absence.objects.create(person=cast.tom, starts_at=CLOSING - HOUR, ends_at=CLOSING)
    assert roster(cast).turns(cast.certificate) == [
        Turn(MONDAY, MONDAY_NINE, Standing.DUTY, cast.dana),
        Turn(MONDAY_NINE, CLOSING - HOUR, Standing.TAM, cast.tom),
        Turn(CLOSING - HOUR, CLOSING, Standing.DEPUTY, cast.tess),
        Turn(CLOSING, MONDAY + DAY, Standing.DUTY, cast.dana),
    ]


def test_the_line_is_whose_shift_began_first_and_who_is_there(cast: Cast, dirk: User) -> None:
    offices.plan_shift(
        office=cast.office, person=dirk, starts_at=CLOSING, ends_at=CLOSING + 4 * HOUR
    )
    Absence.objects.create(
        person=cast.dana, starts_at=CLOSING + 3 * HOUR, ends_at=CLOSING + 5 * HOUR
    )
    found = roster(cast)
    assert found.line(cast.office) == [
        Watch(MONDAY, CLOSING + 3 * HOUR, cast.dana),
        Watch(CLOSING + 3 * HOUR, CLOSING + 4 * HOUR, dirk),
        Watch(CLOSING + 4 * HOUR, CLOSING + 5 * HOUR, None),
        Watch(CLOSING + 5 * HOUR, MONDAY + DAY, cast.dana),
    ]
    assert found.overlaps(cast.office) == [Overlap(CLOSING, CLOSING + 3 * HOUR, (cast.dana, dirk))]


def test_who_is_no_duty_manager_any_more_leaves_a_gap(cast: Cast, dirk: User) -> None:
    offices.plan_shift(office=cast.office, person=dirk, starts_at=CLOSING, ends_at=CLOSING + HOUR)
    User.objects.filter(pk=cast.dana.pk).update(role=Role.ENGINEER)
    found = roster(cast)
    assert found.line(cast.office) == [
        Watch(MONDAY, CLOSING, None),
        Watch(CLOSING, CLOSING + HOUR, dirk),
        Watch(CLOSING + HOUR, MONDAY + DAY, None),
    ]
    assert found.overlaps(cast.office) == []
    valid = certificates_valid([cast.office], MONDAY, MONDAY + DAY)[cast.office.pk]
    assert [(gap.since, gap.until) for gap in gaps(found, valid)] == [
        (MONDAY, MONDAY_NINE),
        (CLOSING + HOUR, MONDAY + DAY),
    ]


def test_what_would_be_is_asked_without_touching_what_is(cast: Cast, dirk: User) -> None:
    shift = DutyShift.objects.get()
    found = roster(cast)
    added = DutyShift(office=cast.office, person=dirk, starts_at=CLOSING, ends_at=CLOSING + HOUR)
    other = found.with_shifts(cast.office, [added], [shift.pk])
    assert other.line(cast.office) == [
        Watch(MONDAY, CLOSING, None),
        Watch(CLOSING, CLOSING + HOUR, dirk),
        Watch(CLOSING + HOUR, MONDAY + DAY, None),
    ]
    away = found.with_absences(cast.dana, [Span(CLOSING, MONDAY + DAY)])
    assert away.line(cast.office)[-1] == Watch(CLOSING, MONDAY + DAY, None)
    assert found.line(cast.office) == [Watch(MONDAY, MONDAY + DAY, cast.dana)]


def test_certificates_are_valid_by_whole_days_of_their_office(cast: Cast) -> None:
    Certificate.objects.filter(pk=cast.certificate.pk).update(valid_until=date(2026, 3, 2))
    Certificate.objects.filter(pk=cast.globex_certificate.pk).update(revoked_at=CLOSING)
    DutyShift.objects.all().delete()
    span = (MONDAY, MONDAY + 3 * DAY)
    found = certificates_valid([cast.office], *span)[cast.office.pk]
    assert [certificate.number for certificate in found] == ["MSA-1", "MSA-2"]
    listed = gaps(roster(cast, *span), found)
    assert [
        (gap.since, gap.until, [certificate.number for certificate in gap.certificates])
        for gap in listed
    ] == [
        (MONDAY, MONDAY_NINE, ["MSA-1", "MSA-2"]),
        (CLOSING, MONDAY + DAY, ["MSA-1"]),
    ]
    assert totals(roster(cast, *span), found) == {
        Standing.TAM: 18 * HOUR,
        Standing.DEPUTY: timedelta(),
        Standing.DUTY: timedelta(),
        Standing.NOBODY: (9 + 6 + 9) * HOUR,
    }
    later = certificates_valid([cast.office], MONDAY + DAY, MONDAY + 2 * DAY)
    assert later == {cast.office.pk: []}


def test_gaps_that_touch_are_one(cast: Cast) -> None:
    DutyShift.objects.all().delete()
    Absence.objects.create(person=cast.tom, starts_at=MONDAY, ends_at=MONDAY + DAY)
    found = certificates_valid([cast.office], MONDAY, MONDAY + DAY)[cast.office.pk]
    listed = gaps(roster(cast), found)
    assert [
        (gap.since, gap.until, gap.length, [row.number for row in gap.certificates])
        for gap in listed
    ] == [(MONDAY, MONDAY + DAY, DAY, ["MSA-1", "MSA-2"])]


@pytest.mark.parametrize(
    ("spans", "others", "left"),
    [
        ([(0, 10)], [], [(0, 10)]),
        ([(0, 10)], [(0, 10)], []),
        ([(0, 10)], [(2, 3), (5, 20)], [(0, 2), (3, 5)]),
        ([(0, 4), (6, 8)], [(3, 7)], [(0, 3), (7, 8)]),
        ([(5, 6)], [(0, 5), (6, 9)], [(5, 6)]),
    ],
)
def test_what_of_some_times_no_other_covers(spans, others, left) -> None:
    def at(pairs):
        return [Span(MONDAY + start * HOUR, MONDAY + end * HOUR) for start, end in pairs]

    assert without(at(spans), at(others)) == at(left)


def test_a_wall_clock_survives_a_change_of_clocks() -> None:
    def clock(day: int, hour: int, month: int = 3) -> datetime:
        moment = datetime(2026, month, day, hour, 30, tzinfo=UTC)
        return wall_clock(moment.date(), moment.time().replace(tzinfo=None), "Europe/Paris")

    assert clock(28, 2) == datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    assert clock(29, 2) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30: 02:30 is skipped
    assert clock(29, 4) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
    assert clock(25, 2, 10) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two


def test_reading_costs_as_much_for_three_certificates_as_for_one(
    cast: Cast, django_assert_num_queries
) -> None:
    for more in (["MSA-3", "MSA-4"], []):
        with django_assert_num_queries(3):
            found = certificates_valid([cast.office], MONDAY, MONDAY + WEEK)[cast.office.pk]
            gaps(roster(cast, MONDAY, MONDAY + WEEK), found)
        for number in more:
            copy = Certificate.objects.get(pk=cast.certificate.pk)
            copy.pk, copy.number = None, number
            copy.save(force_insert=True)


minutes = st.integers(0, MINUTES_OF_A_WEEK)
spans = st.tuples(st.integers(0, 3), minutes, st.integers(1, 2 * 24 * 60))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    shifts=st.lists(spans, max_size=8),
    absences=st.lists(spans, max_size=6),
    inactive=st.sets(st.integers(0, 3), max_size=2),
    off_duty=st.sets(st.integers(0, 1), max_size=1),
    instants=st.lists(minutes, min_size=20, max_size=40),
)
def test_it_never_disagrees_with_who_is_responsible_at_an_instant(
    cast: Cast, dirk: User, shifts, absences, inactive, off_duty, instants
) -> None:
    """Instants are drawn from the edges too, where the two could differ."""
    people = [cast.dana, dirk, cast.tom, cast.tess]
    with transaction.atomic():
        see_everything()
        DutyShift.objects.all().delete()
        User.objects.filter(pk__in=[people[number].pk for number in inactive]).update(
            is_active=False
        )
        User.objects.filter(pk__in=[people[number].pk for number in off_duty]).update(
            role=Role.ENGINEER
        )
        for number, start, length in shifts:
            since = MONDAY + timedelta(minutes=start)
            DutyShift.objects.create(
                office=cast.office,
                person=people[number % 2],
                starts_at=since,
                ends_at=since + timedelta(minutes=length),
            )
        for number, start, length in absences:
            since = MONDAY + timedelta(minutes=start)
            Absence.objects.create(
                person=people[number], starts_at=since, ends_at=since + timedelta(minutes=length)
            )
        certificates = list(
            Certificate.objects.select_related("office", "tam", "deputy").order_by("number")
        )
        found = Roster.read([cast.office], MONDAY, MONDAY + WEEK + DAY)
        edges = [start for _number, start, _length in (*shifts, *absences)]
        edges += [start + length for _number, start, length in (*shifts, *absences)]
        for minute in {*instants, *edges}:
            at = MONDAY + timedelta(minutes=minute)
            for certificate in certificates:
                turns = [turn for turn in found.turns(certificate) if turn.since <= at < turn.until]
                expected = responsible_for(certificate, at).person if turns else None
                assert [turn.person for turn in turns] == [expected] * bool(turns)
        for certificate in certificates:
            turns = found.turns(certificate)
            assert turns[0].since == MONDAY
            assert turns[-1].until == MONDAY + WEEK + DAY
            assert [turn.until for turn in turns[:-1]] == [turn.since for turn in turns[1:]]
        transaction.set_rollback(True)
