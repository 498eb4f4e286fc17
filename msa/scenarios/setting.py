"""The setting of a play: people, offices and agreements, by the keys that lines name them with."""

import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from accounts.actions import certificates, offices
from accounts.models import (
    Certificate,
    Customer,
    Office,
    OfficeDay,
    Product,
    Programme,
    ProgrammeSeverity,
    Role,
    Team,
    User,
)
from accounts.terms import MINUTES_MOST, SEVERITIES
from msa.scenarios.lines import Line
from tam.models import Absence

ACKNOWLEDGED = frozenset(str(severity) for severity in SEVERITIES)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # calendars count from before any act


class Setting:
    """Who and what is there to play with.

    `today` is where relative dates count from; `escalations_climb` tells whether any office sets a
    time by which they are to be acknowledged. In a rehearsal every name that must be unique bears
    a mark, so that it meets neither the live desk's nor another rehearsal's.
    """

    def __init__(self, *, today: date, password: str | None, rehearsal: bool) -> None:
        self.today = today
        self.password = password
        self.mark = f"-{secrets.token_hex(4)}" if rehearsal else ""
        self.escalations_climb = False
        self._offices: dict[str, Office] = {}
        self._people: dict[str, User] = {}
        self._customers: dict[str, Customer] = {}
        self._certificates: dict[str, Certificate] = {}
        self._programmes: dict[str, Programme] = {}
        self._products: dict[str, Product] = {}
        self.teams: dict[str, Team] = {}

    # What lines set up.

    def office(self, line: Line) -> None:
        calendar = _calendar(line)
        phones = line.fields.get("phone", {})
        office = Office.objects.create(
            name=line.text("name") + self.mark,
            timezone=calendar.get("timezone", ""),
            country=line.fields.get("country", ""),
            week=calendar.get("week", {}),
            phone=phones.get("line", ""),
            msa_phone=phones.get("msa", ""),
            email=line.fields.get("email", ""),
            acknowledge_minutes=_acknowledge(line),
        )
        self.escalations_climb |= bool(office.acknowledge_minutes)
        _add_days(office, calendar)
        if line.fields.get("holidays_from"):
            offices.adopt_public_holidays(
                office=office, years=range(self.today.year - 1, self.today.year + 2)
            )
        offices.revise_calendar(office=office, actor=None, at=EPOCH)
        self._offices[line.text("key")] = office

    def staff(self, line: Line) -> None:
        key = line.text("key")
        role = line.text("role")
        if role not in set(Role) - {Role.CONTACT}:
            raise line.error(f"“{role}” is no role of staff.")
        office = self.named_office(line) if "office" in line.fields else None
        self._people[key] = self._new_person(
            line.fields,
            key,
            role=role,
            office=office,
            timezone=office.timezone if office else "UTC",
        )

    def customer(self, line: Line) -> None:
        self._customers[line.text("key")] = Customer.objects.create(
            name=line.text("name") + self.mark, country=line.fields.get("country", "")
        )

    def programme(self, line: Line) -> None:
        """Make a programme like an edition that is loaded, with other targets and limits."""
        programme = _edition(line, "edition")
        severities = list(programme.severities.all())
        programme.pk, programme.key = None, f"{line.text('key')}{self.mark}"
        for name in ("warning_percentages", "customer_side_months"):
            if name in line.fields:
                setattr(programme, name, line.fields[name])
        programme.save(force_insert=True)
        targets = line.fields.get("targets", {})
        for row in severities:
            row.pk, row.programme = None, programme
            _set_targets(row, targets.get(str(row.severity), {}))
        ProgrammeSeverity.objects.bulk_create(severities)
        self._programmes[line.text("key")] = programme

    def certificate(self, line: Line) -> None:
        key = line.text("key")
        customer = self.named_customer(line)
        office = self.named_office(line)
        programme = self._programmes.get(line.text("programme")) or _edition(line, "programme")
        certificate = Certificate(
            number=line.fields.get("number", key) + self.mark,
            customer=customer,
            programme=programme,
            office=office,
            valid_from=line.day("valid_from"),
            valid_until=line.day("valid_until"),
            tam=self.named_person(line, "tam"),
            deputy=self.named_person(line, "deputy") if "deputy" in line.fields else None,
            week=line.fields.get("week"),
        )
        issued_at = datetime.combine(
            certificate.valid_from, time(), ZoneInfo(office.timezone)
        ).astimezone(UTC)
        certificates.issue_certificate(
            certificate=certificate,
            products=[self.product(name) for name in line.fields.get("products", [])],
            contacts=[
                self._contact(data, customer, office) for data in line.fields.get("contacts", [])
            ],
            actor=None,
            at=issued_at,
        )
        self._certificates[key] = certificate

    def absence(self, line: Line) -> None:
        if line.moment("until") <= line.moment("from"):
            raise line.error("an absence ends after it begins.")
        Absence.objects.create(
            person=self.named_person(line, "person"),
            starts_at=line.moment("from"),
            ends_at=line.moment("until"),
        )

    def shift(self, line: Line) -> None:
        offices.plan_shift(
            office=self.named_office(line),
            person=self.named_person(line, "person"),
            starts_at=line.moment("from"),
            ends_at=line.moment("until"),
        )

    # What administrators change meanwhile.

    def close_day(self, line: Line) -> None:
        offices.close_day(
            office=self.named_office(line), day=line.day("date"), actor=None, at=line.instant()
        )

    def calendar(self, line: Line) -> None:
        """Put a whole calendar in force."""
        office, calendar = self.named_office(line), _calendar(line)
        office.timezone = calendar.get("timezone", office.timezone)
        office.week = calendar.get("week", {})
        office.save(update_fields=["timezone", "week"])
        office.days.all().delete()
        _add_days(office, calendar)
        offices.revise_calendar(office=office, actor=None, at=line.instant())

    def hours(self, line: Line) -> None:
        """Give a certificate hours of its own, or the office's again."""
        certificate = Certificate.objects.get(pk=self.named_certificate(line).pk)
        certificate.week = line.fields.get("week")
        certificates.revise_certificate(
            certificate=certificate,
            products=list(certificate.products.all()),
            actor=None,
            at=line.instant(),
        )

    # What later lines name.

    def named_office(self, line: Line) -> Office:
        found: Office = _known(self._offices, line, "office")
        return found

    def named_person(self, line: Line, name: str) -> User:
        found: User = _known(self._people, line, name)
        return found

    def named_customer(self, line: Line) -> Customer:
        found: Customer = _known(self._customers, line, "customer")
        return found

    def named_team(self, line: Line) -> Team:
        found: Team = _known(self.teams, line, "team")
        return found

    def person(self, key: str) -> User:
        """Return somebody by their key; raises `KeyError`."""
        return self._people[key]

    def named_certificate(self, line: Line) -> Certificate:
        found: Certificate = _known(self._certificates, line, "certificate")
        return found

    def product(self, name: str) -> Product:
        if name not in self._products:
            self._products[name] = Product.objects.get_or_create(name=name + self.mark)[0]
        return self._products[name]

    def _contact(self, data: Mapping[str, Any], customer: Customer, office: Office) -> User:
        key = data["key"]
        if key not in self._people:
            self._people[key] = self._new_person(
                data, key, role=Role.CONTACT, customer=customer, timezone=office.timezone
            )
        return self._people[key]

    def _new_person(self, data: Mapping[str, Any], key: str, **fields: Any) -> User:
        for name in ("language", "timezone", "phone", "mobile"):
            if name in data:
                fields[name] = data[name]
        email = data.get("email", f"{key}@vendor.example")
        return User.objects.create_user(
            f"{self.mark}{email}".lstrip("-"), self.password, name=data.get("name", key), **fields
        )


def _known(things: Mapping[str, Any], line: Line, name: str) -> Any:
    key = line.text(name)
    if key not in things:
        raise line.error(f"“{key}” is not known as {name}.")
    return things[key]


def _edition(line: Line, name: str) -> Programme:
    programme = Programme.objects.filter(key=line.text(name)).first()
    if programme is None:
        raise line.error(f"“{line.text(name)}” is no programme that was loaded.")
    return programme


def _calendar(line: Line) -> Mapping[str, Any]:
    calendar = line.fields.get("calendar")
    if not isinstance(calendar, Mapping):
        raise line.error("“calendar” is missing.")
    return calendar


def _acknowledge(line: Line) -> dict[str, int]:
    """Return the minutes that an office has for each severity."""
    minutes = line.fields.get("acknowledge", {})
    if not isinstance(minutes, Mapping):
        raise line.error("“acknowledge” is not understood; expected minutes for each severity.")
    for severity, allowed in minutes.items():
        number = isinstance(allowed, int) and not isinstance(allowed, bool)
        if severity not in ACKNOWLEDGED or not number or not 0 < allowed <= MINUTES_MOST:
            raise line.error(f"“acknowledge” is not understood: {severity!r} and {allowed!r}.")
    return dict(minutes)


def _set_targets(row: ProgrammeSeverity, targets: Mapping[str, Any]) -> None:
    if "response" in targets:
        response = targets["response"] or {}
        row.response_minutes = response.get("minutes")
        row.response_unit = response.get("unit", row.response_unit)
    if "call_required" in targets:
        row.call_required_out_of_hours = bool(targets["call_required"])
    if "further" in targets:
        row.further_targets = targets["further"]
    row.full_clean(exclude=["programme"])


def _add_days(office: Office, calendar: Mapping[str, Any]) -> None:
    """Close days and give days hours of their own; of one named twice, the hours win."""
    special = calendar.get("special", {})
    closed = calendar.get("closed", [])
    names = closed if isinstance(closed, Mapping) else dict.fromkeys(closed, "")
    OfficeDay.objects.bulk_create(
        OfficeDay(office=office, date=day, kind=OfficeDay.Kind.SPECIAL, windows=windows)
        for day, windows in special.items()
    )
    OfficeDay.objects.bulk_create(
        OfficeDay(office=office, date=day, name=name)
        for day, name in names.items()
        if day not in special
    )
