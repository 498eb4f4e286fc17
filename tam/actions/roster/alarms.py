"""Telling the heads of an office's team of times with nobody responsible (SPEC 10).

Each gap is told once at each stage: when it comes into sight, when it is near, and when it is.
The beat only says *look now*; what was told is a row, which goes when the gap is closed ahead.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from accounts.models import Office
from accounts.tenancy import staff_transaction
from accounts.worktime import local_date
from msa.outbox.actions import JSON, publish
from tam.coverage import Roster, local_midnight
from tam.models import CoverageAlarm
from tam.queries.roster_gaps import Gap, certificates_valid, gaps

logger = logging.getLogger(__name__)

Stage = CoverageAlarm.Stage

WEEKS_AHEAD: Final = timedelta(weeks=12)
DAYS_AHEAD: Final = timedelta(days=7)  # time to find somebody, and near enough to be certain
# How far beyond the last beginning ends are looked for: a longer gap is told as without an end.
BEYOND: Final = timedelta(weeks=1)
# How far back the beginning of a gap that is now is looked for. One that lasts longer is told as
# beginning there; a longer look would cost every tick of it more.
LOOK_BACK: Final = timedelta(days=1)
A_DAY: Final = timedelta(days=1)
MOMENT: Final = timedelta(seconds=1)
NAMED: Final = 20  # gaps that a letter names; the page has all of them


def tell_of_gaps_ahead(*, at: datetime) -> int:
    """Tell of gaps that have come into sight or are near; return how many. Once an hour.

    Sight moves on by whole weeks, nearness by whole days of the office, so that heads are not
    written to every hour.
    """
    return _each(Office.objects.order_by("pk"), _tell_ahead, at)


def tell_of_gaps_now(*, at: datetime) -> int:
    """Tell of every office where somebody's certificate has nobody at this instant. Every tick."""
    return _each(Office.objects.order_by("pk"), _tell_now, at)


def _each(offices: Iterable[Office], tell: Callable[[Office, datetime], int], at: datetime) -> int:
    """Look at one office after the other; one that fails holds up no other."""
    told = 0
    for office in offices:
        try:
            told += tell(office, at)
        except Exception:
            logger.exception("The gaps of office %s could not be told.", office.pk)
    return told


def _tell_ahead(office: Office, at: datetime) -> int:
    with staff_transaction():
        if not _lock(office):
            return 0
        [(_office, found)] = _found([office], at, at + WEEKS_AHEAD + BEYOND)
        today = local_date(at, office.timezone)
        near = local_midnight(today + DAYS_AHEAD + A_DAY, office.timezone)
        monday = today - timedelta(days=today.weekday())
        sight = local_midnight(monday + WEEKS_AHEAD, office.timezone)
        told = _standing(_alarms(office), found, at)
        days = [gap for gap in found if at < gap.since < near]
        weeks = [gap for gap in found if near <= gap.since < sight]
        return _raise(office, Stage.DAYS_AHEAD, _news(days, told[Stage.DAYS_AHEAD]), at) + _raise(
            office, Stage.WEEKS_AHEAD, _news(weeks, told[Stage.WEEKS_AHEAD]), at
        )


def _tell_now(office: Office, at: datetime) -> int:
    with staff_transaction():
        [(_office, uncovered)] = _found([office], at, at + MOMENT)
        if not uncovered or not _lock(office):
            return 0
        [(_office, found)] = _found([office], at - LOOK_BACK, at + BEYOND)
        now = [gap for gap in found if gap.since <= at < gap.until]
        told = _alarms(office)[Stage.NOW]
        return _raise(
            office, Stage.NOW, [gap for gap in now if not _is_told_now(gap, told, at)], at
        )


def _lock(office: Office) -> bool:
    """Whether no other run is at this office; then none comes until this one has committed."""
    offices = Office.objects.select_for_update(skip_locked=True, no_key=True)
    return offices.filter(pk=office.pk).first() is not None


def _found(
    offices: Sequence[Office], since: datetime, until: datetime
) -> list[tuple[Office, list[Gap]]]:
    certificates = certificates_valid(offices, since, until)
    roster = Roster.read(offices, since, until)
    return [(office, gaps(roster, certificates[office.pk])) for office in offices]


def _alarms(office: Office) -> dict[Stage, list[CoverageAlarm]]:
    alarms = list(office.coverage_alarms.all())
    return {stage: [alarm for alarm in alarms if alarm.stage == stage] for stage in Stage}


def _standing(
    told: dict[Stage, list[CoverageAlarm]], found: Sequence[Gap], at: datetime
) -> dict[Stage, list[CoverageAlarm]]:
    """Withdraw the alarms ahead of whose gaps nothing is left; return what was told and stands.

    A gap that opens again is then told again.
    """
    gone = {
        alarm.pk
        for stage in (Stage.DAYS_AHEAD, Stage.WEEKS_AHEAD)
        for alarm in told[stage]
        if alarm.gap_ends_at > at
        and not any(
            gap.since < alarm.gap_ends_at and gap.until > alarm.gap_starts_at for gap in found
        )
    }
    if gone:
        CoverageAlarm.objects.filter(pk__in=gone).delete()
    return {stage: [row for row in rows if row.pk not in gone] for stage, rows in told.items()}


def _news(found: Iterable[Gap], told: Sequence[CoverageAlarm]) -> list[Gap]:
    """Return the gaps that are not part of one that was told."""
    return [gap for gap in found if not any(_covers(alarm, gap) for alarm in told)]


def _covers(alarm: CoverageAlarm, gap: Gap) -> bool:
    without_end = alarm.gap_ends_at >= alarm.raised_at + WEEKS_AHEAD + BEYOND
    if without_end:
        return alarm.gap_starts_at <= gap.since
    return alarm.gap_starts_at <= gap.since and gap.until <= alarm.gap_ends_at


def _is_told_now(gap: Gap, told: Sequence[CoverageAlarm], at: datetime) -> bool:
    if gap.since > at - LOOK_BACK:
        return any(alarm.gap_starts_at == gap.since for alarm in told)
    return any(alarm.gap_starts_at <= gap.since <= alarm.gap_ends_at for alarm in told)


def _raise(office: Office, stage: Stage, found: Sequence[Gap], at: datetime) -> int:
    """Note what is told, and publish `coverage.gaps` once for all of it."""
    if not found:
        return 0
    for gap in found:
        CoverageAlarm.objects.update_or_create(
            office=office,
            stage=stage,
            gap_starts_at=gap.since,
            defaults={"gap_ends_at": gap.until, "raised_at": at},
        )
    named: list[JSON] = [
        {
            "since": gap.since.isoformat(),
            "until": gap.until.isoformat(),
            "certificates": len(gap.certificates),
        }
        for gap in found[:NAMED]
    ]
    publish(
        "coverage.gaps",
        {
            "office": office.pk,
            "stage": stage.value,
            "gaps": named,
            "more": len(found) - len(named),
        },
        at=at,
        stream=f"coverage-{office.pk}",
    )
    return len(found)
