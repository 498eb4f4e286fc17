"""A year of six offices: every second is somebody's or nobody's, and every gap is found."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.actions import certificates, offices
from accounts.models import Certificate, DutyShift, Office, Programme, Role, User
from msa import clock
from tam.coverage import Roster, Standing
from tam.models import Absence
from tam.queries.roster_gaps import certificates_valid, gaps, totals
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
NINE_TO_SIX = {day: [["09:00", "18:00"]] for day in WEEKDAYS}
EVENINGS = {day: [["18:00", "22:00"]] for day in WEEKDAYS}
TWELVE_WEEKS = timedelta(weeks=12)

# Two hours of a Sunday without a shift, where the clocks change during them if they ever do; local.
SUNDAYS = {
    "Europe/Paris": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 8, 6, 30, tzinfo=UTC),
    "Asia/Shanghai": datetime(2026, 3, 29, 10, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 4, 14, 30, tzinfo=UTC),  # by half an hour
    "Europe/Moscow": datetime(2026, 3, 29, 10, tzinfo=UTC),
    "America/Santiago": datetime(2026, 4, 5, 2, 30, tzinfo=UTC),
}


@dataclass
class Line:
    """An office with three certificates, and its gaps as they were planted."""

    office: Office
    planted: list[tuple[datetime, datetime, list[str]]]


@pytest.fixture
def lines(cast: Cast) -> list[Line]:
    return [make_line(cast, zone, sunday) for zone, sunday in SUNDAYS.items()]


def make_line(cast: Cast, zone: str, sunday: datetime) -> Line:
    """Make an office whose line is answered day and night, by turns of twelve hours, but for holes.

    Its TAM is absent on Thursday 11 June, its night's duty manager on the afternoon of Sunday
    5 July. `plain` has no deputy, `deputised` has one, `evening` has hours of its own.
    """
    key = zone.rpartition("/")[2].lower()
    office = Office.objects.create(name=key, timezone=zone, week=NINE_TO_SIX)
    offices.revise_calendar(office=office, actor=None, at=YEAR[0])
    tam, deputy, day, night = (
        User.objects.create_user(
            f"{name}.{key}@northlight.example", name=f"{name} {key}", role=role, office=office
        )
        for name, role in (
            ("tam", Role.TAM),
            ("deputy", Role.TAM),
            ("day", Role.DUTY_MANAGER),
            ("night", Role.DUTY_MANAGER),
        )
    )
    for name, second, week in (
        ("deputised", deputy, None),
        ("evening", None, EVENINGS),
        ("plain", None, None),
    ):
        agree(cast, office, f"{key}-{name}", tam, second, week)

    def local(day: int, month: int, hour: int) -> datetime:
        return datetime(2026, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    holes = [
        (sunday, sunday + 2 * HOUR),
        (local(10, 6, 10), local(10, 6, 12)),  # the TAM is there
        (local(11, 6, 10), local(11, 6, 11)),  # the TAM is not
    ]
    Absence.objects.create(person=tam, starts_at=local(11, 6, 0), ends_at=local(12, 6, 0))
    for person in (day, night):
        Absence.objects.create(person=person, starts_at=local(5, 7, 12), ends_at=local(5, 7, 18))
    DutyShift.objects.bulk_create(
        DutyShift(office=office, person=person, starts_at=since, ends_at=until)
        for person, since, until in answered(day, night, holes)
    )
    deputised, evening, plain = (f"{key}-{name}" for name in ("deputised", "evening", "plain"))
    return Line(
        office,
        [
            (sunday, sunday + 2 * HOUR, [deputised, evening, plain]),
            (*holes[1], [evening]),
            (*holes[2], [evening, plain]),
            (local(5, 7, 12), local(5, 7, 18), [deputised, evening, plain]),
        ],
    )


def agree(
    cast: Cast, office: Office, number: str, tam: User, deputy: User | None, week: object
) -> None:
    certificates.issue_certificate(
        certificate=Certificate(
            number=number,
            customer=cast.acme,
            programme=Programme.objects.get(key="msa-enterprise-fr-2022"),
            office=office,
            valid_from=date(2025, 1, 1),
            valid_until=date(2027, 12, 31),
            tam=tam,
            deputy=deputy,
            week=week,
        ),
        products=[cast.product],
        contacts=[cast.alice],
        actor=None,
        at=YEAR[0],
    )


def answered(day, night, holes):
    """Yield the year in turns of twelve hours, without the holes."""
    start, person = YEAR[0], day
    while start < YEAR[1]:
        until = start + 12 * HOUR
        since = start
        for hole_since, hole_until in holes:
            if since < hole_until and hole_since < until:
                if since < hole_since:
                    yield person, since, hole_since
                since = hole_until
        if since < until:
            yield person, since, until
        start, person = until, night if person is day else day


def listed(found):
    return [(gap.since, gap.until, [row.number for row in gap.certificates]) for gap in found]


def test_every_second_of_the_year_is_somebodys_or_nobodys(lines: list[Line]) -> None:
    shown = [line.office for line in lines]
    valid = certificates_valid(shown, *YEAR)
    roster = Roster.read(shown, *YEAR)
    for line in lines:
        found = totals(roster, valid[line.office.pk])
        # 261 weekdays of nine hours twice and of four once; the TAM's Thursday is taken off.
        assert found == {
            Standing.TAM: (2340 + 2340 + 1040) * HOUR,
            Standing.DEPUTY: 9 * HOUR,
            Standing.DUTY: 20523 * HOUR,
            Standing.NOBODY: (2 * 3 + 2 * 1 + 1 * 2 + 6 * 3) * HOUR,
        }
        for certificate in valid[line.office.pk]:
            shares = totals(roster, [certificate])
            assert sum(shares.values(), timedelta()).total_seconds() == 31_536_000


def test_every_planted_gap_is_found_and_nothing_else(lines: list[Line]) -> None:
    shown = [line.office for line in lines]
    valid = certificates_valid(shown, *YEAR)
    roster = Roster.read(shown, *YEAR)
    for line in lines:
        assert listed(gaps(roster, valid[line.office.pk])) == line.planted
        assert roster.overlaps(line.office) == []


def test_the_coverage_page_finds_every_planted_gap(lines: list[Line], cast, signed_in) -> None:
    client = signed_in(cast.ada)
    found: dict[int, list[object]] = {line.office.pk: [] for line in lines}
    at = YEAR[0]
    while at + TWELVE_WEEKS < YEAR[1]:
        with clock.at(at):
            page = client.get("/coverage/?all=1")
        for one in page.context["coverage"]:
            if one.office.pk in found:
                found[one.office.pk] += listed(row.gap for row in one.gaps)
        html = page.content.decode()
        for line in lines:
            for since, until, _numbers in line.planted:
                if at <= since < at + TWELVE_WEEKS:
                    assert f'datetime="{since.isoformat()}"' in html
                    assert f'datetime="{until.isoformat()}"' in html
        at += TWELVE_WEEKS
    assert found == {line.office.pk: line.planted for line in lines}
