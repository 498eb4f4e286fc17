"""Planning an office's line: shifts, patterns, and their history (SPEC 10)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.actions import offices
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import DutyShift, Office, Role, ShiftPattern, User
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email, Message
from tam.actions.roster.absences import enter_absence
from tam.actions.roster.patterns import end_pattern, extend_patterns, left_out, make_pattern
from tam.actions.roster.shifts import change_shift, plan_shift, remove_shift
from tam.letters.roster import LETTERS
from tam.models import RosterChange
from tests.conftest import MONDAY_NINE, PARIS_WEEK, Cast

pytestmark = pytest.mark.django_db

AT = MONDAY_NINE
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVENING = datetime(2026, 3, 2, 17, tzinfo=UTC)  # 18:00 in Paris
MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.fixture
def dirk(cast: Cast) -> User:
    DutyShift.objects.all().delete()
    return User.objects.create_user(
        "dirk@northlight.example", name="Dirk", role=Role.DUTY_MANAGER, office=cast.office
    )


def plan(cast: Cast, person: User, starts_at=EVENING, ends_at=MORNING, *, by=None, at=AT):
    return plan_shift(
        office=cast.office,
        person=person,
        starts_at=starts_at,
        ends_at=ends_at,
        actor=by or cast.hanna,
        at=at,
    )


def change(cast: Cast, shift, person=None, starts_at=None, ends_at=None, *, at=AT):
    return change_shift(
        shift=shift,
        person=person or shift.person,
        starts_at=starts_at or shift.starts_at,
        ends_at=ends_at or shift.ends_at,
        actor=cast.hanna,
        at=at,
    )


def history() -> list[tuple[str, str, str | None]]:
    rows = RosterChange.objects.order_by("pk")
    return list(rows.values_list("kind", "person__name", "changed_by__name"))


def letters() -> list[tuple[str, str]]:
    relay.drain(LETTERS)
    return [(mail.to_name, mail.subject) for mail in Email.objects.order_by("pk")]


def test_a_shift_is_planned_noted_and_told(cast: Cast, dirk: User) -> None:
    shift = plan(cast, dirk)
    assert (shift.person, shift.starts_at, shift.ends_at) == (dirk, EVENING, MORNING)
    assert history() == [("shift_planned", "Dirk", "Hanna")]
    assert RosterChange.objects.get().data == {
        "shift": shift.pk,
        "person": dirk.pk,
        "starts_at": "2026-03-02T17:00:00+00:00",
        "ends_at": "2026-03-03T08:00:00+00:00",
    }
    assert letters() == [("Dirk", "[Paris] A shift is planned for you")]


@pytest.mark.parametrize("name", ["tom", "dana", "erik", "bruno"])
def test_only_heads_and_administrators_plan(cast: Cast, dirk: User, name: str) -> None:
    with pytest.raises(NotAllowed):
        plan(cast, dirk, by=getattr(cast, name))
    assert plan(cast, dirk, by=cast.ada).person == dirk


def test_a_head_plans_no_other_office(cast: Cast, dirk: User) -> None:
    other = Office.objects.create(name="Berlin", timezone=BERLIN, week=PARIS_WEEK)
    User.objects.filter(pk=cast.hanna.pk).update(office=other)
    cast.hanna.refresh_from_db()
    with pytest.raises(NotAllowed):
        plan(cast, dirk)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "field"),
    [
        (EVENING, EVENING, "ends_at"),
        (AT - HOUR, EVENING, "starts_at"),
        (EVENING, EVENING + 500 * DAY, "ends_at"),
    ],
)
def test_times_that_cannot_be(cast: Cast, dirk: User, starts_at, ends_at, field) -> None:
    with pytest.raises(Refused) as refusal:
        plan(cast, dirk, starts_at, ends_at)
    assert refusal.value.field == field
    assert not DutyShift.objects.exists()


def test_who_cannot_work_then_is_not_planned(cast: Cast, dirk: User) -> None:
    with pytest.raises(Refused, match="Only a duty manager"):
        plan(cast, cast.tom)
    plan(cast, dirk)
    with pytest.raises(Refused, match="Dirk is on this line then already"):
        plan(cast, dirk, MORNING - MINUTE, MORNING + HOUR)
    assert plan(cast, dirk, MORNING, MORNING + HOUR).starts_at == MORNING
    enter_absence(
        person=cast.dana, starts_at=EVENING, ends_at=EVENING + HOUR, actor=cast.dana, at=AT
    )
    with pytest.raises(Refused, match="Dana is absent then"):
        plan(cast, cast.dana)
    assert plan(cast, cast.dana, EVENING + HOUR).person == cast.dana


def test_what_should_have_begun_just_now_begins_at_once(cast: Cast, dirk: User) -> None:
    assert plan(cast, dirk, AT - 20 * MINUTE).starts_at == AT


def test_a_shift_to_come_gets_other_times_and_another_person(cast: Cast, dirk: User) -> None:
    shift = change(cast, plan(cast, dirk), cast.dana, EVENING + HOUR, MORNING + HOUR)
    assert (shift.person, shift.starts_at) == (cast.dana, EVENING + HOUR)
    assert history()[1:] == [("shift_changed", "Dana", "Hanna")]
    assert RosterChange.objects.get(kind="shift_changed").data["before"] == {
        "person": dirk.pk,
        "starts_at": "2026-03-02T17:00:00+00:00",
        "ends_at": "2026-03-03T08:00:00+00:00",
    }
    assert sorted(letters()[1:]) == [
        ("Dana", "[Paris] Your shift is changed"),
        ("Dirk", "[Paris] Your shift is given to somebody else"),
    ]


def test_saving_what_is_so_changes_nothing(cast: Cast, dirk: User) -> None:
    change(cast, plan(cast, dirk))
    assert len(history()) == 1


def test_a_shift_that_has_begun_only_ends_otherwise(cast: Cast, dirk: User) -> None:
    shift = plan(cast, dirk)
    begun = EVENING + HOUR
    with pytest.raises(Conflict, match="only its end"):
        change(cast, shift, cast.dana, at=begun)
    with pytest.raises(Conflict, match="only its end"):
        change(cast, shift, starts_at=EVENING + HOUR, at=begun)
    with pytest.raises(Conflict, match="not be removed"):
        remove_shift(shift=shift, actor=cast.hanna, at=begun)
    assert change(cast, shift, ends_at=begun + HOUR, at=begun).ends_at == begun + HOUR
    with pytest.raises(Conflict, match="over"):
        change(cast, shift, ends_at=MORNING, at=begun + 2 * HOUR)


def test_a_running_shift_does_not_end_in_the_past(cast: Cast, dirk: User) -> None:
    shift = plan(cast, dirk)
    begun = EVENING + 2 * HOUR
    for ends_at in (begun - HOUR, begun - 31 * MINUTE):
        with pytest.raises(Refused, match="too far in the past") as refusal:
            change(cast, shift, ends_at=ends_at, at=begun)
        assert refusal.value.field == "ends_at"
    assert history() == [("shift_planned", "Dirk", "Hanna")]
    assert change(cast, shift, ends_at=begun - 30 * MINUTE, at=begun).ends_at == begun


def test_a_running_shift_ends_earlier_whoever_is_absent(cast: Cast, dirk: User) -> None:
    shift = plan(cast, dirk)
    begun = EVENING + HOUR
    enter_absence(person=dirk, starts_at=begun, ends_at=MORNING, actor=dirk, at=begun)
    assert change(cast, shift, ends_at=begun + MINUTE, at=begun).ends_at == begun + MINUTE
    with pytest.raises(Refused, match="absent"):
        change(cast, shift, ends_at=begun + HOUR, at=begun)


def test_a_shift_to_come_is_removed(cast: Cast, dirk: User) -> None:
    shift = plan(cast, dirk)
    remove_shift(shift=shift, actor=cast.hanna, at=AT)
    assert not DutyShift.objects.exists()
    assert history()[1:] == [("shift_removed", "Dirk", "Hanna")]
    with pytest.raises(Conflict, match="no longer planned"):
        remove_shift(shift=shift, actor=cast.hanna, at=AT)


def pattern(cast: Cast, person: User, **fields) -> ShiftPattern:
    return ShiftPattern(
        **{
            "office": cast.office,
            "person": person,
            "weekdays": ["fri", "sat"],
            "starts": time(22),
            "ends": time(6),
            "every_weeks": 2,
            "first_day": date(2026, 3, 2),
            **fields,
        }
    )


def starts(of: ShiftPattern) -> list[datetime]:
    return list(of.shifts.order_by("starts_at").values_list("starts_at", flat=True))


def test_a_pattern_keeps_its_times_on_the_clock(cast: Cast, dirk: User) -> None:
    made = pattern(cast, dirk)
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    winter, summer = (6, 7, 20, 21), ((4, 3), (4, 4), (4, 17), (4, 18), (5, 1), (5, 2), (5, 15))
    assert starts(made) == [
        *(datetime(2026, 3, day, 21, tzinfo=UTC) for day in winter),
        *(datetime(2026, month, day, 20, tzinfo=UTC) for month, day in summer),
        datetime(2026, 5, 16, 20, tzinfo=UTC),
    ]
    night = made.shifts.get(starts_at__day=7, starts_at__month=3)
    assert night.ends_at == datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert made.planned_until == date(2026, 5, 25)
    assert history() == [("pattern_made", "Dirk", "Hanna")]
    assert letters() == [("Dirk", "[Paris] Shifts that come again are planned for you")]


def test_a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer(
    cast: Cast, dirk: User
) -> None:
    made = pattern(
        cast,
        dirk,
        weekdays=["sat"],
        every_weeks=1,
        first_day=date(2026, 3, 28),
        last_day=date(2026, 3, 28),
    )
    [shift] = make_pattern(pattern=made, actor=cast.hanna, at=AT)
    assert shift.ends_at - shift.starts_at == 7 * HOUR


def test_what_the_person_cannot_work_is_left_out(cast: Cast, dirk: User) -> None:
    enter_absence(
        person=dirk,
        starts_at=datetime(2026, 3, 7, tzinfo=UTC),
        ends_at=datetime(2026, 3, 8, tzinfo=UTC),
        actor=dirk,
        at=AT,
    )
    made = pattern(cast, dirk, last_day=date(2026, 3, 21))
    assert left_out(made, at=AT) == 2  # Friday's night reaches into Saturday
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    assert starts(made) == [
        datetime(2026, 3, 20, 21, tzinfo=UTC),
        datetime(2026, 3, 21, 21, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["someday"]}, "weekdays"),
        ({"every_weeks": 0}, "every_weeks"),
        ({"first_day": date(2026, 3, 1)}, "first_day"),
        ({"last_day": date(2026, 3, 1)}, "last_day"),
        ({"last_day": date(2026, 3, 2)}, ""),  # no shift at all
    ],
)
def test_a_pattern_that_plans_nothing_is_refused(cast: Cast, dirk: User, fields, field) -> None:
    with pytest.raises(Refused) as refusal:
        make_pattern(pattern=pattern(cast, dirk, **fields), actor=cast.hanna, at=AT)
    assert refusal.value.field == field
    assert not ShiftPattern.objects.exists()


def test_patterns_are_extended_day_by_day_and_once(cast: Cast, dirk: User) -> None:
    made = pattern(cast, dirk)
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    before = len(starts(made))
    assert [extend_patterns(at=AT), extend_patterns(at=AT + DAY)] == [0, 0]
    assert extend_patterns(at=AT + 7 * DAY) == 2  # 29 and 30 May
    assert extend_patterns(at=AT + 7 * DAY) == 0
    assert starts(made)[before:] == [
        datetime(2026, 5, 29, 20, tzinfo=UTC),
        datetime(2026, 5, 30, 20, tzinfo=UTC),
    ]
    assert history()[1:] == [("shift_planned", "Dirk", None)] * 2
    assert letters() == [("Dirk", "[Paris] Shifts that come again are planned for you")]


def test_what_was_removed_by_hand_is_not_made_again(cast: Cast, dirk: User) -> None:
    made = pattern(cast, dirk)
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    remove_shift(shift=made.shifts.order_by("starts_at")[0], actor=cast.hanna, at=AT)
    left = len(starts(made))
    extend_patterns(at=AT + DAY)
    assert len(starts(made)) == left


def test_nothing_more_is_planned_for_who_has_left(cast: Cast, dirk: User) -> None:
    make_pattern(pattern=pattern(cast, dirk), actor=cast.hanna, at=AT)
    User.objects.filter(pk=dirk.pk).update(is_active=False)
    assert extend_patterns(at=AT + 28 * DAY) == 0


def test_nothing_more_is_planned_for_who_is_no_duty_manager_any_more(
    cast: Cast, dirk: User
) -> None:
    made = pattern(cast, dirk)
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    planned = starts(made)
    User.objects.filter(pk=dirk.pk).update(role=Role.ENGINEER)
    assert extend_patterns(at=AT + 28 * DAY) == 0
    assert starts(made) == planned


def test_ending_a_pattern_takes_its_shifts_to_come(cast: Cast, dirk: User) -> None:
    made = pattern(cast, dirk)
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    first, second, third = made.shifts.order_by("starts_at")[:3]
    change(cast, third, ends_at=third.ends_at + HOUR)
    during = second.starts_at + HOUR
    assert end_pattern(pattern=made, actor=cast.hanna, at=during) == 9
    assert list(DutyShift.objects.order_by("starts_at")) == [first, second, third]
    made.refresh_from_db()
    assert made.last_day == date(2026, 3, 6)
    assert extend_patterns(at=during + 28 * DAY) == 0
    with pytest.raises(Conflict, match="ended already"):
        end_pattern(pattern=made, actor=cast.hanna, at=during)


def test_a_pattern_that_never_began_is_gone(cast: Cast, dirk: User) -> None:
    made = pattern(cast, dirk, first_day=date(2026, 3, 20))
    make_pattern(pattern=made, actor=cast.hanna, at=AT)
    end_pattern(pattern=made, actor=cast.hanna, at=AT)
    assert not ShiftPattern.objects.exists()
    assert not DutyShift.objects.exists()
    assert history()[-1] == ("pattern_ended", "Dirk", "Hanna")


def test_planning_by_the_setting_stays_without_history(cast: Cast) -> None:
    """Demos and replays plan by `accounts`, before there is anybody to act."""
    offices.plan_shift(office=cast.office, person=cast.dana, starts_at=EVENING, ends_at=MORNING)
    assert history() == []
    assert not Message.objects.filter(topic="roster.changed").exists()


def test_the_preview_refuses_an_end_in_the_past_too(cast: Cast, signed_in) -> None:
    running = DutyShift.objects.get()
    with clock.at(AT):
        page = signed_in(cast.hanna).post(
            f"/roster/shifts/{running.pk}/", {"ends_at": "2026-03-02T08:29", "step": "preview"}
        )
    assert page.status_code == 422
    assert page.context["form"].errors == {"ends_at": ["This lies too far in the past."]}
