"""A month of four incidents, to be played again."""

from datetime import UTC, date, datetime

from incidents.actions import responding
from incidents.actions.deadlines import fire_earlier_than
from msa.scenarios.history import Period, history_of, incidents_in
from msa.what_if.comparison import compare
from tests.conftest import Cast

NOW = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Month:
    """Four incidents: one kept, one missed, one kept by a hair, one that nobody answered."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.kept = cast.file("product-partial", instant("2026-03-02T08:00"))
        self.missed = cast.file("product-malfunction", instant("2026-03-02T09:00"))
        self.tight = cast.file("product-partial", instant("2026-03-02T10:00"), by=cast.olga)
        self.respond(self.kept, "2026-03-02T09:00")
        self.respond(self.missed, "2026-03-02T14:00")
        self.respond(self.tight, "2026-03-02T16:00")
        self.open = cast.file("product-other", instant("2026-03-31T15:00"))

    def respond(self, incident, at):
        fire_earlier_than(instant(at))
        responding.respond(incident=incident, actor=self.cast.tom, text="…", at=instant(at))

    def compared(self, change, at=NOW):
        incidents = incidents_in(MARCH, offices=[self.cast.office])
        history = history_of(incidents, period=MARCH, at=at)
        return compare(history, change, incidents)
