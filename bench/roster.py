"""The roster that `bench.coverage` measures, in the environment of a desk.

Six offices; every fifth certificate has hours of its own; three duty managers take turns of eight
hours, with holes; fifty absences. Everything is rolled back.
"""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter, process_time

import django

django.setup()

from django.db import transaction  # noqa: E402 (Django first)

from accounts.actions.offices import revise_calendar  # noqa: E402
from accounts.models import Certificate, Customer, DutyShift, Office, Programme, Role, User  # noqa: E402
from accounts.tenancy import set_scope  # noqa: E402
from tam.models import Absence  # noqa: E402
from tam.queries.roster_coverage import coverage_of  # noqa: E402

CERTIFICATES, RUNS = 200, 5
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri")
ZONES = (
    "Europe/Paris",
    "Europe/Amsterdam",
    "Europe/Moscow",
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
)


def make() -> list[Office]:
    customer = Customer.objects.create(name="bench", country="FR")
    programme = Programme.objects.all()[0]
    offices = [make_office(zone) for zone in ZONES]
    for office in offices:
        tams = [person(office, f"tam{number}", Role.TAM) for number in range(6)]
        managers = [person(office, f"duty{number}", Role.DUTY_MANAGER) for number in range(3)]
        DutyShift.objects.bulk_create(
            DutyShift(
                office=office,
                person=managers[number % 3],
                starts_at=AT + number * timedelta(hours=8),
                ends_at=AT + number * timedelta(hours=8) + timedelta(hours=8 - number % 7 // 6),
            )
            for number in range(3 * 84)
        )
        Absence.objects.bulk_create(
            Absence(
                person=tams[number % 6],
                starts_at=AT + number * timedelta(days=9),
                ends_at=AT + number * timedelta(days=9) + timedelta(days=3),
            )
            for number in range(9)
        )
        for number in range(CERTIFICATES // len(ZONES) + 1):
            hour = 8 + number // 5 % 4
            week = {day: [[f"{hour:02}:00", "20:00"]] for day in DAYS}
            Certificate.objects.create(
                number=f"{office.name}-{number}",
                customer=customer,
                programme=programme,
                office=office,
                contact_limit=programme.contact_limit,
                valid_from=date(2026, 1, 1),
                valid_until=date(2026, 12, 31),
                tam=tams[number % 6],
                deputy=tams[(number + 1) % 6] if number % 2 else None,
                week=None if number % 5 else week,
            )
    return offices


def make_office(zone: str) -> Office:
    week = {day: [["09:00", "18:00"]] for day in DAYS}
    office = Office.objects.create(name=f"bench {zone}", timezone=zone, week=week)
    revise_calendar(office=office, actor=None, at=AT)
    return office


def person(office: Office, name: str, role: Role) -> User:
    email = f"{name}.{office.pk}@bench.example"
    return User.objects.create_user(email, name=name, role=role, office=office)


def main() -> None:
    with transaction.atomic():
        set_scope(staff=True)
        offices = make()
        for run in range(RUNS):
            before, worked = perf_counter(), process_time()
            found = coverage_of(offices, set(), AT)
            took, busy = perf_counter() - before, process_time() - worked
            certificates = sum(one.certificates for one in found)
            gaps = sum(len(one.gaps) for one in found)
            print(f"run {run + 1}: {certificates} certificates, {gaps} gaps,", end=" ")
            print(f"{took * 1000:.0f} ms, of the processor {busy * 1000:.0f} ms")
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
