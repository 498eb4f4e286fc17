"""Heads are told of every time with nobody responsible: weeks ahead, days ahead, and now."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.actions import offices
from accounts.models import Certificate, DutyShift, Office
from msa import clock, tasks
from msa.outbox import relay
from msa.outbox.models import Email, Message
from tam.actions.roster import alarms as alarms_module
from tam.actions.roster.alarms import tell_of_gaps_ahead, tell_of_gaps_now
from tam.letters.roster import LETTERS
from tam.models import CoverageAlarm
from tests.conftest import MONDAY_NINE, PARIS_WEEK, Cast

pytestmark = pytest.mark.django_db

AT = MONDAY_NINE
TICK, HOUR, DAY = timedelta(seconds=15), timedelta(hours=1), timedelta(days=1)
NIGHT = datetime(2026, 4, 14, 20, tzinfo=UTC)  # Tuesday, 22:00 in Paris, in six weeks
CLOSING = datetime(2026, 3, 2, 17, tzinfo=UTC)
FAR = datetime(2027, 1, 1, tzinfo=UTC)


def leave(cast: Cast, *holes: tuple[datetime, datetime]) -> None:
    """Have Dana on the line but for some times."""
    DutyShift.objects.all().delete()
    since = datetime(2026, 1, 1, tzinfo=UTC)
    for start, end in (*holes, (FAR, FAR)):
        if since == start:
            break
        offices.plan_shift(office=cast.office, person=cast.dana, starts_at=since, ends_at=start)
        since = end


def alarms() -> list[tuple[str, datetime, datetime]]:
    rows = CoverageAlarm.objects.order_by("pk")
    return [(row.stage, row.gap_starts_at, row.gap_ends_at) for row in rows]


def letters() -> list[tuple[str, str]]:
    relay.drain(LETTERS)
    return [(mail.to_name, mail.subject) for mail in Email.objects.order_by("pk")]


def test_with_somebody_always_there_nothing_is_told(cast: Cast) -> None:
    assert [tell_of_gaps_ahead(at=AT), tell_of_gaps_now(at=AT)] == [0, 0]
    assert alarms() == []


def test_a_gap_is_told_once_at_each_stage(cast: Cast) -> None:
    leave(cast, (NIGHT, NIGHT + 3 * HOUR))
    told = [
        tell_of_gaps_ahead(at=at)
        for at in (
            datetime(2026, 1, 19, 8, tzinfo=UTC),  # the Monday twelve weeks before is the next
            datetime(2026, 1, 26, 8, tzinfo=UTC),
            AT,
            NIGHT - 9 * DAY,
            NIGHT - 7 * DAY,
            NIGHT - HOUR,
        )
    ]
    assert told == [0, 1, 0, 0, 1, 0]
    times = [NIGHT - TICK, NIGHT, NIGHT + TICK, NIGHT + 2 * HOUR, NIGHT + 3 * HOUR]
    assert [tell_of_gaps_now(at=at) for at in times] == [0, 1, 0, 0, 0]
    assert alarms() == [
        ("weeks_ahead", NIGHT, NIGHT + 3 * HOUR),
        ("days_ahead", NIGHT, NIGHT + 3 * HOUR),
        ("now", NIGHT, NIGHT + 3 * HOUR),
    ]
    assert letters() == [
        ("Hanna", "[Paris] Nobody is responsible in the weeks ahead"),
        ("Hanna", "[Paris] Nobody is responsible in the days ahead"),
        ("Hanna", "[Paris] Nobody is responsible now"),
    ]
    assert "14 April 2026" not in Email.objects.get(subject__contains="now").subject
    assert "22:00" in Email.objects.get(subject__contains="now").text


def test_a_gap_that_grows_is_told_again_one_that_shrinks_is_not(cast: Cast) -> None:
    leave(cast, (NIGHT, NIGHT + 3 * HOUR))
    assert tell_of_gaps_ahead(at=AT) == 1
    leave(cast, (NIGHT + HOUR, NIGHT + 2 * HOUR))
    assert tell_of_gaps_ahead(at=AT) == 0
    leave(cast, (NIGHT, NIGHT + 5 * HOUR))
    assert tell_of_gaps_ahead(at=AT) == 1
    assert alarms() == [("weeks_ahead", NIGHT, NIGHT + 5 * HOUR)]


def test_a_gap_that_was_closed_and_opens_again_is_told_again(cast: Cast) -> None:
    other = NIGHT + 2 * DAY
    leave(cast, (NIGHT, NIGHT + 3 * HOUR), (other, other + HOUR))
    assert tell_of_gaps_ahead(at=AT) == 2
    leave(cast, (other, other + HOUR))
    assert tell_of_gaps_ahead(at=AT + HOUR) == 0
    assert alarms() == [("weeks_ahead", other, other + HOUR)]
    leave(cast, (NIGHT, NIGHT + 3 * HOUR), (other, other + HOUR))
    assert [tell_of_gaps_ahead(at=AT + 2 * HOUR), tell_of_gaps_ahead(at=AT + 3 * HOUR)] == [1, 0]
    assert alarms()[1:] == [("weeks_ahead", NIGHT, NIGHT + 3 * HOUR)]


def test_an_alarm_of_a_gap_that_was_stays(cast: Cast) -> None:
    leave(cast, (NIGHT, NIGHT + 3 * HOUR))
    times = [NIGHT - DAY, NIGHT + HOUR, NIGHT + 3 * HOUR, NIGHT + 5 * DAY]
    assert [tell_of_gaps_ahead(at=at) for at in times] == [1, 0, 0, 0]
    assert alarms() == [("days_ahead", NIGHT, NIGHT + 3 * HOUR)]


def test_a_gap_without_an_end_is_told_once_as_time_goes_on(cast: Cast) -> None:
    leave(cast, (CLOSING, FAR))
    cast.tom.absences.create(starts_at=AT, ends_at=FAR)
    cast.tess.absences.create(starts_at=AT, ends_at=FAR)
    assert [tell_of_gaps_ahead(at=AT + hours * HOUR) for hours in (0, 1, 5)] == [1, 0, 0]


def test_another_gap_of_the_same_night_is_told_too(cast: Cast) -> None:
    leave(cast, (CLOSING, CLOSING + 9 * HOUR))
    assert tell_of_gaps_now(at=CLOSING) == 1
    offices.plan_shift(
        office=cast.office,
        person=cast.dana,
        starts_at=CLOSING + HOUR,
        ends_at=CLOSING + 2 * HOUR,
    )
    times = [CLOSING + HOUR, CLOSING + 2 * HOUR, CLOSING + 2 * HOUR + TICK]
    assert [tell_of_gaps_now(at=at) for at in times] == [0, 1, 0]


def test_a_gap_that_lasts_for_days_is_told_again_after_a_week(cast: Cast) -> None:
    leave(cast, (CLOSING, FAR))
    for person in (cast.tom, cast.tess):
        person.absences.create(starts_at=AT, ends_at=FAR)
    times = [CLOSING + days * DAY for days in (0, 1, 2, 5)]
    assert [tell_of_gaps_now(at=at) for at in times] == [1, 0, 0, 0]
    assert tell_of_gaps_now(at=CLOSING + 9 * DAY) == 1


def test_it_goes_to_the_administrators_where_there_is_no_head(cast: Cast) -> None:
    cast.hanna.is_active = False
    cast.hanna.save()
    leave(cast, (CLOSING, CLOSING + HOUR))
    tell_of_gaps_now(at=CLOSING)
    assert letters() == [("Ada", "[Paris] Nobody is responsible now")]


def test_many_gaps_are_one_letter(cast: Cast) -> None:
    DutyShift.objects.all().delete()
    tell_of_gaps_ahead(at=AT)
    # Nights and weekends: five within seven days and a first part, the rest as weeks ahead.
    assert Message.objects.filter(topic="coverage.gaps").count() == 2
    assert [subject for _to, subject in letters()] == [
        "[Paris] Nobody is responsible in the days ahead",
        "[Paris] Nobody is responsible in the weeks ahead",
    ]


def test_the_tasks_look_now(cast: Cast) -> None:
    leave(cast, (CLOSING, CLOSING + HOUR), (NIGHT, NIGHT + HOUR))
    with clock.at(CLOSING):
        tasks.alarm_uncovered()
        tasks.look_ahead_for_gaps()
        tasks.extend_shift_patterns()
    assert alarms() == [
        ("now", CLOSING, CLOSING + HOUR),
        ("weeks_ahead", NIGHT, NIGHT + HOUR),
    ]


def test_a_tick_with_nothing_to_tell_costs_few_queries(
    cast: Cast, django_assert_num_queries
) -> None:
    with django_assert_num_queries(7):  # the transaction's two, its scope, and four
        assert tell_of_gaps_now(at=AT) == 0


def test_an_office_that_fails_holds_up_no_other(cast: Cast, monkeypatch, caplog) -> None:
    leave(cast, (CLOSING, CLOSING + HOUR))
    broken = Office.objects.create(name="Aachen", timezone="Europe/Berlin", week=PARIS_WEEK)
    tell = alarms_module._tell_ahead

    def fail(office: Office, at: datetime) -> int:
        if office == broken:
            raise ValueError("broken")
        return tell(office, at)

    monkeypatch.setattr(alarms_module, "_tell_ahead", fail)
    assert tell_of_gaps_ahead(at=AT) == 1
    assert f"The gaps of office {broken.pk} could not be told." in caplog.text


def test_an_office_that_cannot_be_reckoned_holds_up_no_other(cast: Cast, caplog) -> None:
    broken = Office.objects.create(name="Aachen", timezone="Mars/Base", week=PARIS_WEEK)
    Certificate.objects.filter(pk=cast.globex_certificate.pk).update(office=broken)
    DutyShift.objects.all().delete()
    assert tell_of_gaps_now(at=CLOSING + HOUR) == 1
    assert [(row.office, row.stage) for row in CoverageAlarm.objects.all()] == [
        (cast.office, "now")
    ]
    assert f"The gaps of office {broken.pk} could not be told." in caplog.text
