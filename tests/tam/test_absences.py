"""Absences: who enters them, what they open, and their history (SPEC 10)."""

from datetime import timedelta

import pytest

from accounts.errors import Conflict, NotAllowed, Refused
from accounts.models import DutyShift, Office, User
from msa import clock
from msa.outbox import relay
from msa.outbox.models import Email
from tam.actions.roster.absences import change_absence, enter_absence, remove_absence
from tam.coverage import Span, Standing
from tam.letters.roster import LETTERS
from tam.models import Absence, RosterChange
from tam.queries.roster_effects import effect_of_absence
from tests.conftest import MONDAY_NINE, PARIS_WEEK, Cast

pytestmark = pytest.mark.django_db

AT = MONDAY_NINE
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def enter(person: User, since=AT + HOUR, until=AT + DAY, *, by=None, at=AT) -> Absence:
    return enter_absence(person=person, starts_at=since, ends_at=until, actor=by or person, at=at)


def history() -> list[tuple[str, str, str]]:
    rows = RosterChange.objects.order_by("pk")
    return list(rows.values_list("kind", "person__name", "changed_by__name"))


def test_people_enter_their_own_and_heads_those_of_their_office(cast: Cast) -> None:
    enter(cast.tom)
    enter(cast.tess, by=cast.hanna)
    enter(cast.erik, by=cast.ada)
    assert history() == [
        ("absence_entered", "Tom", "Tom"),
        ("absence_entered", "Tess", "Hanna"),
        ("absence_entered", "Erik", "Ada"),
    ]
    relay.drain(LETTERS)
    assert [(mail.to_name, mail.subject) for mail in Email.objects.order_by("pk")] == [
        ("Tess", "[Paris] An absence is entered for you"),
        ("Erik", "[Paris] An absence is entered for you"),
    ]


@pytest.mark.parametrize("name", ["tess", "dana", "bruno"])
def test_nobody_else_does(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed):
        enter(cast.tom, by=getattr(cast, name))


def test_a_head_enters_none_of_another_office(cast: Cast) -> None:
    other = Office.objects.create(name="Berlin", timezone="Europe/Berlin", week=PARIS_WEEK)
    User.objects.filter(pk=cast.tom.pk).update(office=other)
    cast.tom.refresh_from_db()
    with pytest.raises(NotAllowed):
        enter(cast.tom, by=cast.hanna)


def test_what_should_have_begun_today_begins_now(cast: Cast) -> None:
    assert enter(cast.tom, AT - 2 * HOUR).starts_at == AT
    with pytest.raises(Refused, match="too far in the past"):
        enter(cast.tess, AT - 2 * DAY)


def test_times_that_cannot_be(cast: Cast) -> None:
    for until in (AT + HOUR, AT):
        with pytest.raises(Refused, match="ends before it begins"):
            enter(cast.tom, AT + HOUR, until)
    with pytest.raises(Refused, match="no longer than a year"):
        enter(cast.tom, AT + HOUR, AT + 400 * DAY)
    enter(cast.tom)
    with pytest.raises(Refused, match="entered for this time already"):
        enter(cast.tom, AT + 2 * HOUR)
    assert enter(cast.tom, AT + DAY, AT + 2 * DAY).pk


def test_one_to_come_changes_and_goes_one_that_has_begun_only_ends(cast: Cast) -> None:
    absence = enter(cast.tom)

    def change(since, until, at=AT):
        return change_absence(
            absence=absence, starts_at=since, ends_at=until, actor=cast.tom, at=at
        )

    assert change(AT + 2 * HOUR, AT + DAY).starts_at == AT + 2 * HOUR
    begun = AT + 3 * HOUR
    with pytest.raises(Conflict, match="only its end"):
        change(AT + HOUR, AT + DAY, begun)
    with pytest.raises(Conflict, match="not be removed"):
        remove_absence(absence=absence, actor=cast.tom, at=begun)
    assert change(AT + 2 * HOUR, begun + HOUR, begun).ends_at == begun + HOUR
    with pytest.raises(Conflict, match="over"):
        change(AT + 2 * HOUR, AT + DAY, begun + HOUR)
    later = enter(cast.tom, AT + 5 * DAY, AT + 6 * DAY)
    remove_absence(absence=later, actor=cast.tom, at=AT)
    assert [kind for kind, *_who in history()] == [
        "absence_entered",
        "absence_changed",
        "absence_changed",
        "absence_entered",
        "absence_removed",
    ]


def test_one_that_has_begun_does_not_end_in_the_past(cast: Cast) -> None:
    absence = enter(cast.tom, AT + HOUR, AT + 9 * DAY)
    begun = AT + 4 * DAY

    def end(ends_at):
        return change_absence(
            absence=absence,
            starts_at=absence.starts_at,
            ends_at=ends_at,
            actor=cast.tom,
            at=begun,
        )

    for ends_at in (begun - 3 * DAY, begun - DAY - timedelta(seconds=1)):
        with pytest.raises(Refused, match="too far in the past") as refusal:
            end(ends_at)
        assert refusal.value.field == "ends_at"
    assert [kind for kind, *_who in history()] == ["absence_entered"]
    assert end(begun - DAY).ends_at == begun


def test_the_preview_refuses_an_end_in_the_past_too(cast: Cast, signed_in) -> None:
    absence = Absence.objects.create(person=cast.tom, starts_at=AT - 5 * DAY, ends_at=AT + DAY)
    with clock.at(AT):
        page = signed_in(cast.hanna).post(
            f"/roster/absences/{absence.pk}/", {"ends_at": "2026-02-28T09:00", "step": "preview"}
        )
    assert page.status_code == 422
    assert page.context["form"].errors == {"ends_at": ["This lies too far in the past."]}


def test_what_a_tams_absence_opens(cast: Cast) -> None:
    span = Span(AT, AT + DAY)  # until Tuesday, 09:00
    effect = effect_of_absence(cast.tom, span, instead_of=None, at=AT)
    assert [
        (row.certificate.number, row.standing, row.person, row.length) for row in effect.standing_in
    ] == [
        ("MSA-1", Standing.DEPUTY, cast.tess, 9 * HOUR),
        ("MSA-2", Standing.DUTY, cast.dana, 9 * HOUR),
    ]
    assert (effect.shifts, effect.opens) == ([], [])
    DutyShift.objects.update(ends_at=AT + 8 * HOUR)
    effect = effect_of_absence(cast.tom, span, instead_of=None, at=AT)
    assert effect.opens == [(cast.office, [Span(AT + 8 * HOUR, AT + 9 * HOUR)])]


def test_what_a_duty_managers_absence_opens(cast: Cast) -> None:
    shift = DutyShift.objects.get()
    effect = effect_of_absence(cast.dana, Span(AT, AT + DAY), instead_of=None, at=AT)
    assert effect.shifts == [shift]
    assert effect.standing_in == []
    assert effect.opens == [(cast.office, [Span(AT + 9 * HOUR, AT + DAY)])]


def test_a_change_is_held_against_the_absence_that_it_replaces(cast: Cast) -> None:
    absence = enter(cast.dana, AT + 10 * HOUR, AT + 12 * HOUR)
    effect = effect_of_absence(
        cast.dana, Span(AT + 11 * HOUR, AT + 14 * HOUR), instead_of=absence, at=AT
    )
    assert effect.opens == [(cast.office, [Span(AT + 12 * HOUR, AT + 14 * HOUR)])]
