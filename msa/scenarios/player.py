"""Playing a scenario: each act goes through the same function as the button in the portal."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, transaction

from accounts.actions import certificates, offices
from accounts.errors import Refused
from accounts.models import (
    Certificate,
    Customer,
    Office,
    OfficeDay,
    Product,
    Programme,
    Role,
    User,
)
from accounts.tenancy import set_scope
from incidents.access import Verb, get_incident
from incidents.actions import answering, filing, responding
from incidents.actions.deadlines import fire_earlier_than
from incidents.models import Category, Incident
from incidents.states import Channel
from msa.outbox import relay
from msa.outbox.relay import Handlers
from msa.scenarios.lines import Line
from msa.wiring import HANDLERS
from tam.actions import escalations
from tam.models import Absence

# What acts and the database raise for values of another kind than the format's.
UNREADABLE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    ObjectDoesNotExist,
    DatabaseError,
)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # calendars count from before any act


class Player:
    """Plays lines in order, inside the caller's transaction.

    `incidents` are those that were filed, by key and in order; `refused` the numbers of the lines
    that the rules did not allow; `ended_at` the instant of the last line that has one. Only the
    play's own incidents meet its time; `today` is where relative dates count from.
    """

    def __init__(
        self, *, today: date, password: str | None = None, handlers: Handlers = HANDLERS
    ) -> None:
        self.today = today
        self.password = password
        self.handlers = handlers
        self.incidents: dict[str, Incident] = {}
        self.refused: list[int] = []
        self.ended_at = EPOCH
        self._offices: dict[str, Office] = {}
        self._people: dict[str, User] = {}
        self._customers: dict[str, Customer] = {}
        self._certificates: dict[str, Certificate] = {}
        self._refused_filings: set[str] = set()

    def play(self, lines: Iterable[Line]) -> None:
        """Play; raises `ScenarioError` for a line that cannot be understood."""
        set_scope(staff=True)
        for line in lines:
            act = ACTS.get(line.do)
            if act is None:
                raise line.error(f"“{line.do}” is no act.")
            if line.at:
                self._let_time_pass(line.at)
            try:
                with transaction.atomic():
                    act(self, line)
            except Refused:
                self.refused.append(line.number)
            except UNREADABLE as error:
                raise line.error(f"cannot be played: {type(error).__name__}: {error}") from error
            self._deliver()

    def _let_time_pass(self, at: datetime) -> None:
        if self.incidents and fire_earlier_than(at, among=self.incidents.values()):
            self._deliver()
        self.ended_at = at

    def _deliver(self) -> None:
        relay.drain(self.handlers, prepare=partial(set_scope, staff=True))

    # People and agreements.

    def office(self, line: Line) -> None:
        calendar = line.fields.get("calendar")
        if not isinstance(calendar, Mapping):
            raise line.error("“calendar” is missing.")
        phones = line.fields.get("phone", {})
        office = Office.objects.create(
            name=line.text("name"),
            timezone=calendar.get("timezone", ""),
            country=line.fields.get("country", ""),
            week=calendar.get("week", {}),
            phone=phones.get("line", ""),
            msa_phone=phones.get("msa", ""),
            email=line.fields.get("email", ""),
        )
        self._add_days(office, calendar)
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
        office = self._known(self._offices, line, "office") if "office" in line.fields else None
        self._people[key] = self._person(
            line.fields,
            key,
            role=role,
            office=office,
            timezone=office.timezone if office else "UTC",
        )

    def customer(self, line: Line) -> None:
        self._customers[line.text("key")] = Customer.objects.create(
            name=line.text("name"), country=line.fields.get("country", "")
        )

    def certificate(self, line: Line) -> None:
        key = line.text("key")
        customer = self._known(self._customers, line, "customer")
        office = self._known(self._offices, line, "office")
        programme = Programme.objects.filter(key=line.text("programme")).first()
        if programme is None:
            raise line.error(f"“{line.text('programme')}” is no programme that was loaded.")
        certificate = Certificate(
            number=line.fields.get("number", key),
            customer=customer,
            programme=programme,
            office=office,
            valid_from=line.day("valid_from"),
            valid_until=line.day("valid_until"),
            tam=self._known(self._people, line, "tam"),
            deputy=self._known(self._people, line, "deputy") if "deputy" in line.fields else None,
            week=line.fields.get("week"),
        )
        issued_at = datetime.combine(
            certificate.valid_from, time(), ZoneInfo(office.timezone)
        ).astimezone(UTC)
        certificates.issue_certificate(
            certificate=certificate,
            products=[
                Product.objects.get_or_create(name=name)[0]
                for name in line.fields.get("products", [])
            ],
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
            person=self._known(self._people, line, "person"),
            starts_at=line.moment("from"),
            ends_at=line.moment("until"),
        )

    def shift(self, line: Line) -> None:
        offices.plan_shift(
            office=self._known(self._offices, line, "office"),
            person=self._known(self._people, line, "person"),
            starts_at=line.moment("from"),
            ends_at=line.moment("until"),
        )

    # Acts on incidents.

    def file(self, line: Line) -> None:
        key = line.text("key")
        self._refused_filings.add(key)
        category = Category.objects.filter(key=line.text("category")).first()
        if category is None:
            raise line.error(f"“{line.text('category')}” is no category.")
        person = self._known(self._people, line, "by")
        author = self._known(self._people, line, "contact") if "contact" in line.fields else person
        product = line.fields.get("product")
        self.incidents[key] = filing.file_incident(
            certificate=self._known(self._certificates, line, "certificate"),
            category=category,
            author=author,
            actor=person,
            title=line.text("title"),
            text=line.text("text"),
            at=line.instant(),
            channel=self._channel(line),
            product=Product.objects.get(name=product) if product else None,
            product_version=line.fields.get("version", ""),
        )
        self._refused_filings.discard(key)

    def log_call(self, line: Line) -> None:
        incident, actor = self._incident(line, Verb.LOG_CALL)
        responding.log_call(
            incident=incident,
            actor=actor,
            caller=self._known(self._people, line, "caller"),
            qualified=bool(line.fields.get("qualified")),
            text=line.text("text"),
            at=line.instant(),
        )

    def change_severity(self, line: Line) -> None:
        incident, actor = self._incident(line, Verb.CHANGE_SEVERITY)
        responding.change_severity(
            incident=incident,
            actor=actor,
            severity=line.whole("severity"),
            text=line.text("text"),
            at=line.instant(),
        )

    def reopen(self, line: Line) -> None:
        incident, actor = self._incident(line, Verb.REOPEN)
        answering.reopen(
            incident=incident, actor=actor, at=line.instant(), text=line.fields.get("text", "")
        )

    def close_day(self, line: Line) -> None:
        offices.close_day(
            office=self._known(self._offices, line, "office"),
            day=line.day("date"),
            actor=None,
            at=line.instant(),
        )

    def end(self, line: Line) -> None:
        line.instant()

    def say(self, line: Line, verb: Verb, act: Callable[..., Any]) -> None:
        """An act whose only word is a text."""
        incident, actor = self._incident(line, verb)
        act(incident=incident, actor=actor, text=line.text("text"), at=line.instant())

    # How lines lead to things.

    def _incident(self, line: Line, verb: Verb) -> tuple[Incident, User]:
        key = line.text("incident")
        actor = self._known(self._people, line, "by")
        if key in self._refused_filings:
            raise Refused(f"“{key}” was not filed.")
        incident = self._known(self.incidents, line, "incident")
        return get_incident(actor, incident.reference, verb, line.instant()), actor

    def _channel(self, line: Line) -> Channel:
        name = line.fields.get("channel", Channel.PORTAL)
        if name not in set(Channel):
            raise line.error(f"“{name}” is no channel.")
        return Channel(name)

    def _known(self, things: Mapping[str, Any], line: Line, name: str) -> Any:
        key = line.text(name)
        if key not in things:
            raise line.error(f"“{key}” is not known as {name}.")
        return things[key]

    def _contact(self, data: Mapping[str, Any], customer: Customer, office: Office) -> User:
        key = data["key"]
        if key not in self._people:
            self._people[key] = self._person(
                data, key, role=Role.CONTACT, customer=customer, timezone=office.timezone
            )
        return self._people[key]

    def _person(self, data: Mapping[str, Any], key: str, **fields: Any) -> User:
        for name in ("language", "timezone", "phone", "mobile"):
            if name in data:
                fields[name] = data[name]
        return User.objects.create_user(
            data.get("email", f"{key}@vendor.example"),
            self.password,
            name=data.get("name", key),
            **fields,
        )

    def _add_days(self, office: Office, calendar: Mapping[str, Any]) -> None:
        special = calendar.get("special", {})
        OfficeDay.objects.bulk_create(
            OfficeDay(office=office, date=day, kind=OfficeDay.Kind.SPECIAL, windows=windows)
            for day, windows in special.items()
        )
        OfficeDay.objects.bulk_create(
            OfficeDay(office=office, date=day)
            for day in dict.fromkeys(calendar.get("closed", []))
            if day not in special
        )


def _saying(verb: Verb, act: Callable[..., Any]) -> Callable[[Player, Line], None]:
    return lambda player, line: player.say(line, verb, act)


ACTS: Mapping[str, Callable[[Player, Line], None]] = {
    "office": Player.office,
    "staff": Player.staff,
    "customer": Player.customer,
    "certificate": Player.certificate,
    "absence": Player.absence,
    "shift": Player.shift,
    "file": Player.file,
    "respond": _saying(Verb.RESPOND, responding.respond),
    "ask": _saying(Verb.ASK, responding.ask_customer),
    "offer_solution": _saying(Verb.OFFER_SOLUTION, responding.offer_solution),
    "take_back": _saying(Verb.TAKE_BACK, responding.take_back),
    "note": _saying(Verb.NOTE, responding.add_note),
    "record_workaround": _saying(Verb.RECORD_WORKAROUND, responding.record_workaround),
    "change_severity": Player.change_severity,
    "log_call": Player.log_call,
    "answer": _saying(Verb.ANSWER, answering.answer),
    "accept": _saying(Verb.ACCEPT, answering.accept),
    "decline": _saying(Verb.DECLINE, answering.decline),
    "withdraw": _saying(Verb.WITHDRAW, answering.withdraw),
    "reopen": Player.reopen,
    "escalate": _saying(Verb.ESCALATE, escalations.escalate),
    "acknowledge": _saying(Verb.ANSWER_ESCALATION, escalations.acknowledge),
    "answer_escalation": _saying(Verb.ANSWER_ESCALATION, escalations.answer_escalation),
    "close_day": Player.close_day,
    "end": Player.end,
}
