"""What a certificate owes its customer by its programme's services, and until when (SPEC 19.8).

Days are those of the office's zone. What is due by a day is due by its last whole second: the
instants of requests are whole seconds, and a page then shows that very day.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from accounts.endings import WARNING_DAYS
from accounts.models import Certificate, Obligation

# After a quarter: its figures are there at once, its narrative takes an author some weeks.
REPORT_DAYS: Final = 30
# Days before the due day on which people are reminded.
REMIND_RENEWAL_DAYS: Final = max(WARNING_DAYS)  # the same day on which the end is first warned of
REMIND_REPORT_DAYS: Final = 14  # time to write it
REMIND_HEALTH_CHECK_DAYS: Final = 60  # it is agreed 14 days ahead, then takes place and is written
REMIND_ACTION_DAYS: Final = 7  # what was agreed for longer is easily forgotten

MONTHS_A_QUARTER: Final = 3
_DAY: Final = timedelta(days=1)

# What follows from the agreement by itself; the other kinds are owed by whoever agrees on them.
BY_AGREEMENT: Final = (
    Obligation.Kind.RENEWAL,
    Obligation.Kind.QUARTERLY_REPORT,
    Obligation.Kind.HEALTH_CHECK,
)


@dataclass(frozen=True, slots=True)
class Owed:
    """Something owed under a certificate; the fields are those of `Obligation`."""

    kind: Obligation.Kind
    key: str
    title: str
    owed_since: datetime
    due_at: datetime
    remind_at: datetime


def owed_by(certificate: Certificate, at: datetime) -> list[Owed]:
    """Return what is owed at an instant and not past its due instant; nothing if it is revoked.

    What fell due before anybody could enter it is not entered afterwards. Reads the office, the
    programme and the renewal with its programme.
    """
    if certificate.revoked_at is not None:
        return []
    today, services = certificate.local_date(at), certificate.programme.services
    owed = [_renewal(certificate)]
    if services.get("quarterly_reports"):
        owed += _quarterly_reports(certificate, today)
    if services.get("health_check"):
        owed.append(_health_check(certificate, today))
    return [one for one in owed if one.owed_since <= at <= one.due_at]


def end_of_day(day: date, timezone: str) -> datetime:
    """Return the last whole second of a date in a zone, in UTC."""
    return start_of_day(day + _DAY, timezone) - timedelta(seconds=1)


def start_of_day(day: date, timezone: str) -> datetime:
    """Return the instant at which a date begins in a zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def _renewal(certificate: Certificate) -> Owed:
    last = certificate.valid_until
    return _owed(
        certificate,
        Obligation.Kind.RENEWAL,
        f"renewal-{certificate.pk}-{last.isoformat()}",
        certificate.number,
        since=certificate.valid_from,
        due=last,
        remind_days=REMIND_RENEWAL_DAYS,
    )


def _quarterly_reports(certificate: Certificate, today: date) -> Iterator[Owed]:
    """Yield the report on the present quarter, and on the last: no earlier one is due yet."""
    present = _quarter_of(today)
    for first in (_quarter_of(present - _DAY), present):
        last = _months_later(first, MONTHS_A_QUARTER) - _DAY
        if certificate.valid_until < first or last < certificate.valid_from:
            continue
        if _is_reported_by_renewal(certificate, last):
            continue
        number = (first.month - 1) // MONTHS_A_QUARTER + 1
        yield _owed(
            certificate,
            Obligation.Kind.QUARTERLY_REPORT,
            f"quarterly-report-{certificate.pk}-{first.year}-{number}",
            f"{first.year} Q{number}",
            since=max(first, certificate.valid_from),
            due=last + REPORT_DAYS * _DAY,
            remind_days=REMIND_REPORT_DAYS,
        )


def _is_reported_by_renewal(certificate: Certificate, last: date) -> bool:
    """Whether the follow-on certificate, which holds at the quarter's end, owes the report."""
    follower: Certificate | None = getattr(certificate, "renewal", None)
    return (
        follower is not None
        and certificate.valid_until < last
        and follower.valid_from <= last
        and follower.revoked_at is None
        and bool(follower.programme.services.get("quarterly_reports"))
    )


def _health_check(certificate: Certificate, today: date) -> Owed:
    """Return the check of the contract year that a day lies in."""
    begun = certificate.valid_from
    years = max(0, min(today, certificate.valid_until).year - begun.year)
    if years and _months_later(begun, 12 * years) > min(today, certificate.valid_until):
        years -= 1
    first = _months_later(begun, 12 * years)
    last = min(_months_later(begun, 12 * (years + 1)) - _DAY, certificate.valid_until)
    return _owed(
        certificate,
        Obligation.Kind.HEALTH_CHECK,
        f"health-check-{certificate.pk}-{first.isoformat()}",
        str(first.year) if first.year == last.year else f"{first.year}/{last.year}",
        since=first,
        due=last,
        remind_days=REMIND_HEALTH_CHECK_DAYS,
    )


def _owed(
    certificate: Certificate,
    kind: Obligation.Kind,
    key: str,
    title: str,
    *,
    since: date,
    due: date,
    remind_days: int,
) -> Owed:
    zone = certificate.office.timezone
    return Owed(
        kind=kind,
        key=key,
        title=title,
        owed_since=start_of_day(since, zone),
        due_at=end_of_day(due, zone),
        remind_at=start_of_day(due - remind_days * _DAY, zone),
    )


def _quarter_of(day: date) -> date:
    """Return the first day of a date's calendar quarter."""
    return date(day.year, day.month - (day.month - 1) % MONTHS_A_QUARTER, 1)


def _months_later(day: date, months: int) -> date:
    """Return the same day `months` later; where that month is shorter, its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
