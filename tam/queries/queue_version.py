"""By what a list of the queue is known to be still as it was (SPEC 10).

A version names the newest incident listed, a stamp of everything that is written down, the last
instant at which time alone has changed nothing, and a digest of what is shown. As long as stamp and
instant hold, one question tells that nothing is new; else the digest does.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Self

from django.db import connection
from django.db.models import Min, Q

from accounts.models import DutyShift, Role, User
from tam.queries.narrowing import whole_number

SECOND: Final = timedelta(seconds=1)
NUMBERS: Final = 4  # of a version, before its digest

# What no journal tells, a renamed customer say, shows after this long.
LOOKED_AFTER: Final = timedelta(minutes=5)

# A transaction that was writing as the newest entry was read may commit a lower key after it; none
# takes this long. Where nobody was writing at that moment, there is nothing to wait for.
SETTLED_AFTER: Final = timedelta(minutes=1)

_STAMP: Final = """
select
    (select id from incidents_journalentry order by id desc limit 1),
    (select recorded_at from incidents_journalentry order by id desc limit 1),
    (select id from tam_rosterchange order by id desc limit 1),
    pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot())
"""


class Stamp(NamedTuple):
    """The keys of the newest entries of all journals and of the roster's history; 0 for none.

    `is_quiet`: nobody was writing into the database at that moment.
    """

    journal: int
    roster: int
    recorded_at: datetime | None
    is_quiet: bool

    @classmethod
    def read(cls) -> Self:
        """Ask one question, answered from two primary keys."""
        with connection.cursor() as cursor:
            cursor.execute(_STAMP)
            journal, recorded_at, roster, is_quiet = cursor.fetchone() or (None, None, None, False)
        return cls(journal or 0, roster or 0, recorded_at, is_quiet)

    def is_settled(self, at: datetime) -> bool:
        written_lately = self.recorded_at is not None and self.recorded_at + SETTLED_AFTER > at
        return self.is_quiet or not written_lately


class Version(NamedTuple):
    """Written as its parts between hyphens."""

    newest: int
    journal: int
    roster: int
    until: int  # in seconds since 1970
    digest: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return None for what is none."""
        *written, digest = text.split("-")
        numbers = [whole_number(number) for number in written]
        known = [number for number in numbers if number is not None]
        if len(known) != len(numbers) or len(known) != NUMBERS:
            return None
        newest, journal, roster, until = known
        return cls(newest, journal, roster, until, digest)

    def __str__(self) -> str:
        return f"{self.newest}-{self.journal}-{self.roster}-{self.until}-{self.digest}"

    def holds(self, stamp: Stamp, at: datetime) -> bool:
        """Whether nothing has changed since, as far as one can tell without looking."""
        written = (self.journal, self.roster) == (stamp.journal, stamp.roster)
        return written and at.timestamp() <= self.until


def holds_until(user: User, stamp: Stamp, edges: Iterable[datetime], at: datetime) -> int:
    """Return the last second at which the list is as it is at `at`, if nothing is written.

    `edges` are the instants from which on the incidents listed look different, or are another's.
    """
    if not stamp.is_settled(at):
        return int((at - SECOND).timestamp())
    known = [edge for edge in [*edges, *_shift_edges(user, at)] if edge is not None]
    return int((min([at + LOOKED_AFTER, *known]).astimezone(UTC) - SECOND).timestamp())


def _shift_edges(user: User, at: datetime) -> list[datetime | None]:
    """Return when a duty manager sees other incidents: as a shift begins or ends."""
    if user.role != Role.DUTY_MANAGER:
        return []
    starting, ending = Min("starts_at", filter=Q(starts_at__gt=at)), Min("ends_at")
    shifts = DutyShift.objects.filter(person=user, ends_at__gt=at)
    return list(shifts.aggregate(starting=starting, ending=ending).values())
