"""Contacts as a file: one row for each person on each certificate (SPEC 3).

Rows name people and correct their details; nobody is removed by a file. Call-in codes stand in no
file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.certificates import check_new_contact, name_contact, reissue
from accounts.actions.people import certificates_printing
from accounts.exchange.rows import (
    CHANGED,
    NEW,
    UNCHANGED,
    Column,
    Plan,
    Reading,
    Rows,
    changed_cells,
    is_new,
    named_in,
)
from accounts.models import Certificate, Contact, Role, User

OPTIONAL = ("phone", "mobile")  # an empty cell empties them
KEPT = ("name", "language", "timezone")  # an empty cell leaves them as they are


class ContactRows(Rows):
    model = User
    columns = (
        Column("certificate", gettext_lazy("The number of the certificate."), required=True),
        Column("customer", gettext_lazy("Only compared: whose certificate it is.")),
        Column(
            "email",
            gettext_lazy("Known by it; a new address is a new person, who is invited."),
            required=True,
        ),
        Column("name", gettext_lazy("Needed for a new person; printed on the certificate.")),
        Column("phone", gettext_lazy("Printed on the certificate; an empty cell removes it.")),
        Column("mobile", gettext_lazy("An empty cell removes it.")),
        Column("language", gettext_lazy("en, fr, zh-hans, nl or ru; a new person's: en.")),
        Column("timezone", gettext_lazy("Such as Europe/Paris; a new person's: the office's.")),
    )

    def read_ahead(self, rows: Sequence[Mapping[str, str]]) -> None:
        certificates = (
            Certificate.objects.filter(number__in=named_in(rows, "certificate"))
            .select_related("customer", "office")
            .prefetch_related("contacts__user")
        )
        emails = {email.lower() for email in named_in(rows, "email")}
        people = User.objects.filter(email__in=emails).select_related("customer")
        self.certificates = {certificate.number: certificate for certificate in certificates}
        self.people = {person.email: person for person in people}
        self.held = {
            certificate.pk: [contact.user for contact in certificate.contacts.all()]
            for certificate in self.certificates.values()
        }
        self.seen: dict[tuple[str, str], int] = {}
        self.said: dict[str, tuple[int, dict[str, str]]] = {}
        self.touched: dict[int, Certificate] = {}
        self.corrected: dict[int, User] = {}

    def plan(self, reading: Reading) -> Plan:
        certificate = self._certificate(reading)
        email = (reading.cleaned("email", User._meta.get_field("email")) or "").lower()  # noqa: SLF001
        self._check_repeated(reading, email)
        reading.finish()
        assert certificate is not None  # noqa: S101 (an unknown one is refused by now)
        person = self.people.get(email) or self._newcomer(reading, certificate, email)
        before = _details(person)
        self._correct(reading, person)
        held = self.held[certificate.pk]
        is_named = person in held
        if not is_named:
            reading.attempt(
                lambda: check_new_contact(certificate=certificate, user=person, held=held),
                column="email" if person.customer_id != certificate.customer_id else "certificate",
            )
        reading.finish()
        self.people[email] = person
        changes = [] if is_new(person) else changed_cells(before, _details(person))
        if not is_named:
            held.append(person)
        kind = NEW if not is_named else CHANGED if changes else UNCHANGED

        def act() -> User:
            return self._act(person, certificate, is_named=is_named, is_changed=bool(changes))

        return Plan(kind, f"{person.name} · {certificate.number}", act, changes)

    def settle(self) -> None:
        concerned = {row.pk: row for row in self.touched.values()}
        for person in self.corrected.values():
            concerned |= {row.pk: row for row in certificates_printing(person)}
        reissue(certificates=concerned.values(), actor=self.actor, at=self.at)

    def cells(self, instance: Contact) -> dict[str, str]:
        return {
            "certificate": instance.certificate.number,
            "customer": instance.certificate.customer.name,
            "email": instance.user.email,
            **_details(instance.user),
        }

    def _certificate(self, reading: Reading) -> Certificate | None:
        if not reading.text("certificate"):
            reading.refuse("certificate", _("The number of the certificate is missing."))
        certificate = reading.one_of(
            "certificate", self.certificates, _("No certificate has the number “%(text)s”.")
        )
        customer = reading.text("customer")
        if certificate and customer and customer != certificate.customer.name:
            message = _("%(number)s belongs to %(customer)s.")
            names = {"number": certificate.number, "customer": certificate.customer}
            reading.refuse("customer", message % names)
        return certificate

    def _check_repeated(self, reading: Reading, email: str) -> None:
        key = (reading.text("certificate"), email)
        if key in self.seen:
            message = _("Row %(row)d names this person on this certificate already.")
            reading.refuse("email", message % {"row": self.seen[key]})
        self.seen.setdefault(key, reading.number)
        details = {name: reading.text(name) for name in (*OPTIONAL, *KEPT)}
        row, said = self.said.setdefault(email, (reading.number, details))
        if email and said != details:
            column = next(name for name in details if said[name] != details[name])
            reading.refuse(column, _("Row %(row)d says otherwise of this person.") % {"row": row})

    def _newcomer(self, reading: Reading, certificate: Certificate, email: str) -> User:
        if not reading.text("name"):
            reading.refuse("name", _("A new person needs a name."))
        return User(
            email=email,
            role=Role.CONTACT,
            customer=certificate.customer,
            timezone=certificate.office.timezone,
            language=settings.LANGUAGE_CODE,
        )

    def _correct(self, reading: Reading, person: User) -> None:
        for name in (*OPTIONAL, *KEPT):
            if reading.has(name) and (reading.text(name) or name in OPTIONAL):
                value = reading.cleaned(name, User._meta.get_field(name))  # noqa: SLF001
                setattr(person, name, value)

    def _act(
        self, person: User, certificate: Certificate, *, is_named: bool, is_changed: bool
    ) -> User:
        if is_new(person):
            person.set_unusable_password()
            person.save(force_insert=True)
        elif is_changed:
            person.save(update_fields=[*OPTIONAL, *KEPT])
            self.corrected[person.pk] = person
        if not is_named:
            name_contact(certificate=certificate, user=person)
            self.touched[certificate.pk] = certificate
        return person


def _details(person: User) -> dict[str, Any]:
    return {name: getattr(person, name) for name in ("name", *OPTIONAL, "language", "timezone")}
