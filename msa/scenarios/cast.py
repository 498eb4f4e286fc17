"""Who and what plays in a history: people, offices and agreements, under neutral keys.

A certificate is played as one agreement for each table of targets that its incidents took over,
or as several where more contacts acted than one can name: what counts is what was promised.
"""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from accounts.models import Certificate, DutyShift, Office, Role, User
from incidents.models import Incident
from tam.models import Absence

Fields: TypeAlias = dict[str, Any]

SEVERITIES = ("1", "2", "3", "4")
ADDRESSED = (Role.TEAM_HEAD, Role.BUSINESS_MANAGER)  # escalations reach them (SPEC 11)


@dataclass(slots=True)
class Agreement:
    """A certificate as it plays: its targets as they were taken over, and the contacts it names."""

    key: str
    programme: str
    certificate: Certificate
    targets: Mapping[str, Any]
    filed: list[datetime] = field(default_factory=list)
    contacts: list[User] = field(default_factory=list)

    def take(self, incident: Incident, contacts: Sequence[User]) -> None:
        """Name an incident's contacts, its author first, as far as there are slots."""
        self.filed.append(incident.received_at)
        new = [contact for contact in contacts if contact not in self.contacts]
        self.contacts += new[: self.certificate.contact_limit - len(self.contacts)]

    def has_room_for(self, contacts: Sequence[User]) -> bool:
        return len({*self.contacts, *contacts}) <= self.certificate.contact_limit


class Cast:
    """The people and agreements of a history; they are known when all its acts have been told."""

    def __init__(self, *, offices: Iterable[Office], since: datetime, until: datetime) -> None:
        self.since = since
        self.until = until
        self.offices = sorted(offices, key=lambda office: office.pk)
        self.agreements: list[Agreement] = []
        self._keys: dict[str, dict[Hashable, str]] = {}
        self._people: dict[int, User] = {}
        self._latest: dict[Hashable, Agreement] = {}
        self._shifts = list(
            DutyShift.objects.filter(
                office__in=self.offices,
                person__role=Role.DUTY_MANAGER,
                starts_at__lt=until,
                ends_at__gt=since,
            )
            .select_related("office", "person")
            .order_by("starts_at", "pk")
        )

    def key(self, kind: str, thing: Hashable) -> str:
        """Return the neutral name of a thing: its kind and a number, in order of appearance."""
        known = self._keys.setdefault(kind, {})
        return known.setdefault(thing, f"{kind}-{len(known) + 1}")

    def agreement(self, incident: Incident, contacts: Sequence[User]) -> Agreement:
        """Return the agreement on which an incident is played, with room for its contacts."""
        targets = json.dumps(incident.targets, sort_keys=True)
        certificate = incident.certificate
        latest = self._latest.get((certificate.pk, targets))
        if latest is None or not latest.has_room_for(contacts):
            latest = Agreement(
                key=self.key("certificate", len(self.agreements)),
                programme=self.key("programme", (certificate.programme.key, targets)),
                certificate=certificate,
                targets=incident.targets,
            )
            self._latest[certificate.pk, targets] = latest
            self.agreements.append(latest)
        latest.take(incident, contacts)
        return latest

    def player(self, person: User, agreement: Agreement, incident: Incident, at: datetime) -> str:
        """Return who plays an act: the person, or whoever may do it in their place.

        What gave a person the right may be gone from the records: then the account manager of
        today plays the act, and a surplus contact's the author. Nothing else depends on who acts.
        """
        if person.is_contact:
            return self._person(person if person in agreement.contacts else incident.author)
        tam = agreement.certificate.tam
        return self._person(person if self._may_act(person, agreement, at) else tam)

    def lines(self) -> Iterator[Fields]:
        """Return everything that is there before the first act."""
        yield from (self._office(office) for office in self.offices)
        agreements = [self._certificate(agreement) for agreement in self.agreements]
        shifts = [self._shift(shift) for shift in self._shifts]
        for person in User.objects.filter(
            is_active=True, role__in=ADDRESSED, office__in=self.offices
        ).order_by("pk"):
            self._person(person)
        staff = [person for person in self._people.values() if not person.is_contact]
        yield from (self._staff(person) for person in staff)
        yield from self._customers()
        yield from self._programmes()
        yield from agreements
        yield from self._absences(staff)
        yield from shifts

    def revisions(self) -> Iterator[tuple[datetime, Fields]]:
        """Return each change of hours during the history, with its instant."""
        for office in self.offices:
            for at, calendar in _after(self.since, self._calendars(office)):
                line = {"do": "calendar", "office": self.key("office", office.pk)}
                yield at, {**line, "calendar": calendar}
        for agreement in self.agreements:
            weeks = self._weeks(agreement.certificate)
            for at, week in _after(self.since, weeks):
                yield at, {"do": "hours", "certificate": agreement.key, "week": week}

    def _may_act(self, person: User, agreement: Agreement, at: datetime) -> bool:
        match person.role:
            case Role.TAM:
                return person in (agreement.certificate.tam, agreement.certificate.deputy)
            case Role.DUTY_MANAGER:
                office = agreement.certificate.office_id
                return any(
                    (shift.person_id, shift.office_id) == (person.pk, office)
                    and shift.starts_at <= at < shift.ends_at
                    for shift in self._shifts
                )
            case _:
                return person.role in ADDRESSED

    # One line for each.

    def _office(self, office: Office) -> Fields:
        key = self.key("office", office.pk)
        calendar = _in_force(self.since, self._calendars(office))
        line = {"do": "office", "key": key, "name": key, "calendar": calendar}
        if office.acknowledge_minutes:
            line["acknowledge"] = office.acknowledge_minutes
        return line

    def _staff(self, person: User) -> Fields:
        key = self.key("person", person.pk)
        line = {"do": "staff", "key": key, "role": str(person.role), "email": _email(key)}
        if person.office_id in {office.pk for office in self.offices}:
            line["office"] = self.key("office", person.office_id)
        return line

    def _customers(self) -> Iterator[Fields]:
        for pk in dict.fromkeys(each.certificate.customer_id for each in self.agreements):
            key = self.key("customer", pk)
            yield {"do": "customer", "key": key, "name": key}

    def _programmes(self) -> Iterator[Fields]:
        for agreement in {each.programme: each for each in self.agreements}.values():
            yield {
                "do": "programme",
                "key": agreement.programme,
                "edition": agreement.certificate.programme.key,
                "targets": {
                    severity: _targets(agreement.targets, severity) for severity in SEVERITIES
                },
                "warning_percentages": agreement.targets["warning_percentages"],
                "customer_side_months": agreement.targets["customer_side_months"],
            }

    def _certificate(self, agreement: Agreement) -> Fields:
        """Return a certificate that is valid at all its filings, as it was found to be."""
        certificate = agreement.certificate
        days = [certificate.local_date(filed_at) for filed_at in agreement.filed]
        line = {
            "do": "certificate",
            "key": agreement.key,
            "number": agreement.key,
            "customer": self.key("customer", certificate.customer_id),
            "programme": agreement.programme,
            "office": self.key("office", certificate.office_id),
            "valid_from": min([certificate.valid_from, *days]).isoformat(),
            "valid_until": max([certificate.valid_until, *days]).isoformat(),
            "tam": self._person(certificate.tam),
            "contacts": [self._contact(contact) for contact in agreement.contacts],
        }
        if certificate.deputy:
            line["deputy"] = self._person(certificate.deputy)
        if week := _in_force(self.since, self._weeks(certificate)):
            line["week"] = week
        return line

    def _contact(self, contact: User) -> Fields:
        key = self._person(contact)
        return {"key": key, "name": key, "email": _email(key)}

    def _absences(self, staff: Iterable[User]) -> Iterator[Fields]:
        for absence in Absence.objects.filter(
            person__in=staff, starts_at__lt=self.until, ends_at__gt=self.since
        ).order_by("starts_at", "pk"):
            yield {
                "do": "absence",
                "person": self.key("person", absence.person_id),
                "from": written(absence.starts_at),
                "until": written(absence.ends_at),
            }

    def _shift(self, shift: DutyShift) -> Fields:
        return {
            "do": "shift",
            "person": self._person(shift.person),
            "office": self.key("office", shift.office_id),
            "from": written(shift.starts_at),
            "until": written(shift.ends_at),
        }

    def _person(self, person: User) -> str:
        self._people[person.pk] = person
        return self.key("person", person.pk)

    def _calendars(self, office: Office) -> list[tuple[datetime, Fields]]:
        revisions = office.revisions.filter(changed_at__lte=self.until).order_by("number")
        return [
            (revision.changed_at, revision.calendar | {"closed": list(revision.calendar["closed"])})
            for revision in revisions
        ]

    def _weeks(self, certificate: Certificate) -> list[tuple[datetime, Fields | None]]:
        versions = certificate.versions.filter(issued_at__lte=self.until).order_by("number")
        weeks = [(version.issued_at, version.printed["week"]) for version in versions]
        before = [None, *(week for _, week in weeks)]
        return [
            (at, week)
            for number, (at, week) in enumerate(weeks)
            if not number or week != before[number]
        ]


def written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_force(at: datetime, values: Sequence[tuple[datetime, Any]]) -> Any:
    """Return the value of an instant, or the first that there is."""
    earlier = [value for since, value in values if since <= at]
    return earlier[-1] if earlier else values[0][1]


def _after(at: datetime, values: Sequence[tuple[datetime, Any]]) -> Sequence[tuple[datetime, Any]]:
    """Return what came later than the value in force at an instant."""
    return [pair for number, pair in enumerate(values) if number and pair[0] > at]


def _targets(targets: Mapping[str, Any], severity: str) -> Fields:
    response = targets["response"].get(severity)
    return {
        "response": response and {"minutes": response["minutes"], "unit": response["unit"]},
        "call_required": bool(response and response["call_required"]),
        "further": targets["further_targets"].get(severity, {}),
    }


def _email(key: str) -> str:
    return f"{key}@example.invalid"
