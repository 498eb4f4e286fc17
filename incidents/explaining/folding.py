"""Days alike run together, so that the account of a long promise stays readable."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from accounts.worktime import Why
from incidents.explained import Counted, Idled, Row

FOLDED_FROM = 3  # days: two are read as fast one by one
ROWS_MOST = 30  # a printed page; where there are more, days run together across weekends as well

Shape: TypeAlias = tuple[tuple[time, time, timedelta], ...]


def folded(rows: Sequence[Row], timezone: str) -> list[Row]:
    """Run days alike together; a day on which something happened stands by itself."""
    zone = ZoneInfo(timezone)
    by_week = _folded(rows, zone, frozenset({Why.OUTSIDE_HOURS}))
    if len(by_week) <= ROWS_MOST:
        return by_week
    return _folded(rows, zone, frozenset({Why.OUTSIDE_HOURS, Why.DAY_OFF}))


def _folded(rows: Sequence[Row], zone: ZoneInfo, between: frozenset[Why]) -> list[Row]:
    found: list[Row] = []
    at = 0
    while at < len(rows):
        days = _run(rows, at, zone, between)
        if len(days) >= FOLDED_FROM:
            end = days[-1][1]
            found.append(_as_one(rows[at:end], days=len(days), first=rows[slice(*days[0])]))
        else:
            end = days[-1][1] if days else at + 1
            found += rows[at:end]
        at = end
    return found


def _run(
    rows: Sequence[Row], start: int, zone: ZoneInfo, between: frozenset[Why]
) -> list[tuple[int, int]]:
    """Return the days alike from `start` on, each as its first row and the one after its last."""
    days: list[tuple[int, int]] = []
    shape: Shape = ()
    while (end := _day_end(rows, start, zone)) > start:
        found = _shape(rows[start:end], zone)
        if days and found != shape:
            break
        days.append((start, end))
        shape = found
        if not _is_plain(rows, end, between):
            break
        start = end + 1
    return days


def _day_end(rows: Sequence[Row], start: int, zone: ZoneInfo) -> int:
    """Return where the ordinary day that begins with a row ends; `start` itself where none does."""
    first = _ordinary(rows, start)
    if first is None:
        return start
    end = start + 1
    while _is_plain(rows, end, frozenset({Why.OUTSIDE_HOURS})):
        following = _ordinary(rows, end + 1)
        if following is None or following.spare != first.spare:
            break
        if _local(following.since, zone).date() != _local(first.since, zone).date():
            break
        end += 2
    return end


def _ordinary(rows: Sequence[Row], at: int) -> Counted | None:
    row = rows[at] if at < len(rows) else None
    return row if isinstance(row, Counted) and not row.special else None


def _is_plain(rows: Sequence[Row], at: int, reasons: frozenset[Why]) -> bool:
    """Whether a row is a closed stretch for these reasons only, on days without special hours."""
    row = rows[at] if at < len(rows) else None
    return (
        isinstance(row, Idled)
        and bool(row.closings)
        and all(
            not closing.special and closing.closed is not None and closing.closed.why in reasons
            for closing in row.closings
        )
    )


def _shape(rows: Sequence[Row], zone: ZoneInfo) -> Shape:
    return tuple(
        (_local(row.since, zone).time(), _local(row.until, zone).time(), row.length)
        for row in rows
        if isinstance(row, Counted)
    )


def _as_one(rows: Sequence[Row], *, days: int, first: Sequence[Row]) -> Counted:
    counted = [row for row in rows if isinstance(row, Counted)]
    closed = [closing.closed for row in rows if isinstance(row, Idled) for closing in row.closings]
    return Counted(
        since=counted[0].since,
        until=counted[-1].until,
        length=sum((row.length for row in counted), timedelta()),
        total=counted[-1].total,
        spare=counted[0].spare,
        days=days,
        windows=tuple((row.since, row.until) for row in first if isinstance(row, Counted)),
        between=frozenset(reason.why for reason in closed if reason),
    )


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone)
