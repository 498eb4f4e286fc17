"""Duty managers who take one another's shifts (SPEC 10)."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.actions import offices
from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import DutyShift, Office, Role, User
from msa.outbox import relay
from msa.outbox.models import Email
from tam.actions.roster.shifts import change_shift, remove_shift
from tam.actions.roster.swaps import accept_swap, decline_swap, propose_swap, withdraw_swap
from tam.letters.roster import LETTERS
from tam.models import Absence, RosterChange, ShiftSwap
from tests.conftest import MONDAY_NINE, PARIS_WEEK, Cast

pytestmark = pytest.mark.django_db

AT = MONDAY_NINE
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY_NIGHT = datetime(2026, 3, 2, 17, tzinfo=UTC)
NIGHT = 15 * HOUR


@pytest.fixture
def dirk(cast: Cast) -> User:
    return User.objects.create_user(
        "dirk@northlight.example", name="Dirk", role=Role.DUTY_MANAGER, office=cast.office
    )


@pytest.fixture
def danas(cast: Cast) -> DutyShift:
    DutyShift.objects.all().delete()
    return night(cast, cast.dana, MONDAY_NIGHT)


def night(cast: Cast, person: User, starts_at: datetime) -> DutyShift:
    return offices.plan_shift(
        office=cast.office, person=person, starts_at=starts_at, ends_at=starts_at + NIGHT
    )


def ask(cast: Cast, shift: DutyShift, of: User, in_return: DutyShift | None = None, by=None):
    return propose_swap(
        shift=shift, asked_of=of, in_return=in_return, note="", actor=by or cast.dana, at=AT
    )


def letters() -> list[tuple[str, str]]:
    relay.drain(LETTERS)
    return [(mail.to_name, mail.subject) for mail in Email.objects.order_by("pk")]


def people() -> list[str]:
    return [shift.person.name for shift in DutyShift.objects.order_by("starts_at")]


def test_a_colleague_takes_a_shift(cast: Cast, dirk: User, danas: DutyShift) -> None:
    swap = ask(cast, danas, dirk)
    assert people() == ["Dana"]
    accept_swap(swap=swap, actor=dirk, at=AT)
    assert people() == ["Dirk"]
    change = RosterChange.objects.get()
    assert (change.kind, change.person, change.changed_by) == ("shifts_swapped", dirk, dirk)
    assert change.data["before"]["person"] == cast.dana.pk
    assert letters() == [
        ("Dirk", "[Paris] Dana asks you to take a shift"),
        ("Dana", "[Paris] Dirk takes your shift"),
        ("Dirk", "[Paris] You have taken the shift of Dana"),
    ]


def test_shifts_change_hands_both_ways(cast: Cast, dirk: User, danas: DutyShift) -> None:
    dirks = night(cast, dirk, MONDAY_NIGHT + DAY)
    accept_swap(swap=ask(cast, danas, dirk, dirks), actor=dirk, at=AT)
    assert people() == ["Dirk", "Dana"]


def test_two_shifts_at_the_same_time_can_be_swapped(cast: Cast, dirk, danas) -> None:
    dirks = night(cast, dirk, MONDAY_NIGHT + HOUR)
    accept_swap(swap=ask(cast, danas, dirk, dirks), actor=dirk, at=AT)
    assert people() == ["Dirk", "Dana"]


def test_a_swap_is_declined_or_withdrawn(cast: Cast, dirk: User, danas: DutyShift) -> None:
    decline_swap(swap=ask(cast, danas, dirk), actor=dirk, at=AT)
    withdraw_swap(swap=ask(cast, danas, dirk), actor=cast.dana, at=AT)
    assert people() == ["Dana"]
    assert letters() == [
        ("Dirk", "[Paris] Dana asks you to take a shift"),
        ("Dana", "[Paris] Dirk does not take your shift"),
        ("Dirk", "[Paris] Dana asks you to take a shift"),
        ("Dirk", "[Paris] The swap of a shift is off"),
    ]


def test_only_whose_it_is_asks_and_only_who_is_asked_decides(cast, dirk, danas) -> None:
    with pytest.raises(NotAllowed):
        ask(cast, danas, dirk, by=dirk)
    swap = ask(cast, danas, dirk)
    for decide in (accept_swap, decline_swap):
        with pytest.raises(NotAllowed):
            decide(swap=swap, actor=cast.dana, at=AT)
    with pytest.raises(NotAllowed):
        withdraw_swap(swap=swap, actor=dirk, at=AT)


def test_nobody_works_two_shifts_at_once_or_while_absent(cast, dirk, danas) -> None:
    busy = night(cast, dirk, MONDAY_NIGHT + HOUR)
    with pytest.raises(Refused, match="Dirk would work two shifts at once"):
        ask(cast, danas, dirk)
    busy.delete()
    swap = ask(cast, danas, dirk)
    absence = Absence.objects.create(
        person=dirk, starts_at=MONDAY_NIGHT + HOUR, ends_at=MONDAY_NIGHT + 2 * HOUR
    )
    with pytest.raises(Refused, match="Dirk is absent then"):
        accept_swap(swap=swap, actor=dirk, at=AT)
    assert people() == ["Dana"]
    absence.delete()
    accept_swap(swap=swap, actor=dirk, at=AT)
    assert people() == ["Dirk"]


def test_the_lines_of_two_offices_are_answered_at_the_same_time(cast, dirk, danas) -> None:
    berlin = Office.objects.create(name="Berlin", timezone="Europe/Berlin", week=PARIS_WEEK)
    offices.plan_shift(
        office=berlin, person=dirk, starts_at=MONDAY_NIGHT, ends_at=MONDAY_NIGHT + NIGHT
    )
    accept_swap(swap=ask(cast, danas, dirk), actor=dirk, at=AT)
    danas.refresh_from_db()
    assert danas.person == dirk


def test_who_is_no_duty_manager_any_more_takes_no_shift(cast, dirk, danas) -> None:
    swap = ask(cast, danas, dirk)
    User.objects.filter(pk=dirk.pk).update(role=Role.ENGINEER)
    with pytest.raises(Refused, match="Only a duty manager"):
        accept_swap(swap=swap, actor=dirk, at=AT)
    assert people() == ["Dana"]


def test_what_comes_in_return_must_be_workable_too(cast, dirk, danas) -> None:
    dirks = night(cast, dirk, MONDAY_NIGHT + DAY)
    night(cast, cast.dana, MONDAY_NIGHT + DAY + HOUR)
    with pytest.raises(Refused, match="Dana would work two shifts at once"):
        ask(cast, danas, dirk, dirks)


@pytest.mark.parametrize("name", ["tom", "dana"])
def test_only_another_duty_manager_is_asked(cast: Cast, danas: DutyShift, name: str) -> None:
    with pytest.raises(Refused, match="another duty manager"):
        ask(cast, danas, getattr(cast, name))


def test_one_swap_is_asked_at_a_time_and_decided_once(cast, dirk, danas) -> None:
    swap = ask(cast, danas, dirk)
    with pytest.raises(Conflict, match="being asked"):
        ask(cast, danas, dirk)
    accept_swap(swap=swap, actor=dirk, at=AT)
    with pytest.raises(Conflict, match="decided already"):
        accept_swap(swap=swap, actor=dirk, at=AT)


def test_a_shift_that_has_begun_is_not_swapped(cast, dirk, danas) -> None:
    swap = ask(cast, danas, dirk)
    with pytest.raises(Conflict, match="has begun"):
        accept_swap(swap=swap, actor=dirk, at=MONDAY_NIGHT)


def test_a_swap_is_off_when_its_shift_changes_or_goes(cast, dirk, danas) -> None:
    ask(cast, danas, dirk)
    change_shift(
        shift=danas,
        person=cast.dana,
        starts_at=danas.starts_at,
        ends_at=danas.ends_at + HOUR,
        actor=cast.hanna,
        at=AT,
    )
    assert [swap.state for swap in ShiftSwap.objects.all()] == ["withdrawn"]
    ask(cast, danas, dirk)
    remove_shift(shift=danas, actor=cast.hanna, at=AT)
    assert not ShiftSwap.objects.exists()
    off = [to for to, subject in letters() if "is off" in subject]
    assert sorted(off) == ["Dana", "Dana", "Dirk", "Dirk"]


def test_what_else_was_asked_for_a_swapped_shift_is_off(cast, dirk, danas) -> None:
    dora = User.objects.create_user(
        "dora@northlight.example", name="Dora", role=Role.DUTY_MANAGER, office=cast.office
    )
    doras = night(cast, dora, MONDAY_NIGHT + 2 * DAY)
    other = ask(cast, doras, cast.dana, danas, by=dora)
    accept_swap(swap=ask(cast, danas, dirk), actor=dirk, at=AT)
    other.refresh_from_db()
    assert other.state == "withdrawn"
