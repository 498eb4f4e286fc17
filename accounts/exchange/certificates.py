"""Certificates as a file: one row each, known by number (SPEC 3)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.results import Result

from accounts.actions.certificates import (
    check_limit,
    check_terms,
    issue_certificate,
    revise_certificate,
)
from accounts.actions.days import check_day
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
from accounts.hours import hours_text, read_hours
from accounts.models import Certificate, Customer, Office, Product, Programme, User
from accounts.worktime import WEEKDAYS

BETWEEN_PRODUCTS = "|"  # names have commas and semicolons in them
NEEDED = ("customer", "programme", "office", "valid_from", "valid_until", "tam")
_HOURS = gettext_lazy("Own hours such as 09:00–13:00, 14:00–18:00; all days empty: the office's.")


class CertificateRows(Rows):
    model = Certificate
    columns = (
        Column("number", gettext_lazy("Known by it; a new number is a new one."), required=True),
        Column("customer", gettext_lazy("By name, as among the customers; it stays the same.")),
        Column("programme", gettext_lazy("By key, such as premium-fr-2023.")),
        Column("office", gettext_lazy("By name.")),
        Column("valid_from", gettext_lazy("The first day, such as 2027-01-01.")),
        Column("valid_until", gettext_lazy("The last day, inclusive, such as 2027-12-31.")),
        Column("tam", gettext_lazy("By e-mail.")),
        Column("deputy", gettext_lazy("By e-mail; an empty cell: none.")),
        Column("products", gettext_lazy("By name, with | between them; an empty cell: none.")),
        *(Column(day, _HOURS) for day in WEEKDAYS),
    )

    def read_ahead(self, rows: Sequence[Mapping[str, str]]) -> None:
        emails = {text.lower() for name in ("tam", "deputy") for text in named_in(rows, name)}
        customers = Customer.objects.filter(name__in=named_in(rows, "customer"))
        self.customers = {customer.name: customer for customer in customers}
        self.programmes = {programme.key: programme for programme in Programme.objects.all()}
        offices = Office.objects.prefetch_related("days")
        self.offices = {office.name: office for office in offices}
        self.staff = {person.email: person for person in User.objects.filter(email__in=emails)}
        self.products = {product.name: product for product in Product.objects.all()}
        certificates = (
            Certificate.objects.filter(number__in=named_in(rows, "number"))
            .select_related("customer", "programme", "office", "tam", "deputy")
            .prefetch_related("covered__product", "office__days", "contacts__user")
        )
        self.certificates = {certificate.number: certificate for certificate in certificates}
        self.seen: dict[str, int] = {}

    def plan(self, reading: Reading) -> Plan:
        number = reading.cleaned("number", Certificate._meta.get_field("number"))  # noqa: SLF001
        if number in self.seen:
            reading.refuse("number", _("Row %(row)d has it already.") % {"row": self.seen[number]})
        certificate = self.certificates.get(number) or Certificate(number=number)
        before = {} if is_new(certificate) else self.cells(certificate)
        self._check_needed(reading, certificate)
        self._take_terms(reading, certificate)
        products = self._products(reading, certificate)
        reading.finish()
        if certificate.valid_until < certificate.valid_from:
            reading.refuse("valid_until", _("The last day lies before the first."))
        if certificate.deputy is not None and certificate.deputy == certificate.tam:
            reading.refuse("deputy", _("The deputy is the TAM; name another person, or nobody."))
        reading.attempt(lambda: check_terms(certificate))
        if not is_new(certificate):
            reading.attempt(lambda: check_limit(certificate))
        reading.finish()
        self.seen[number] = reading.number
        after = self._cells(certificate, [product.name for product in products])
        changes = [] if is_new(certificate) else changed_cells(before, after)
        kind = NEW if is_new(certificate) else CHANGED if changes else UNCHANGED

        def act() -> Certificate:
            return self._act(certificate, products)

        return Plan(kind, number, act, changes)

    def concerned(self, result: Result) -> QuerySet[Certificate]:
        changed = [row.object_repr for row in result.rows if row.import_type == CHANGED]
        return Certificate.objects.filter(number__in=changed)

    def cells(self, instance: Certificate) -> dict[str, str]:
        return self._cells(instance, [row.product.name for row in instance.covered.all()])

    def _cells(self, certificate: Certificate, products: Sequence[str]) -> dict[str, str]:
        week = certificate.week or {}
        return {
            "number": certificate.number,
            "customer": certificate.customer.name,
            "programme": certificate.programme.key,
            "office": certificate.office.name,
            "valid_from": certificate.valid_from.isoformat(),
            "valid_until": certificate.valid_until.isoformat(),
            "tam": certificate.tam.email,
            "deputy": certificate.deputy.email if certificate.deputy else "",
            "products": f" {BETWEEN_PRODUCTS} ".join(sorted(products)),
            **{day: hours_text(week.get(day, [])) for day in WEEKDAYS},
        }

    def _check_needed(self, reading: Reading, certificate: Certificate) -> None:
        customer = reading.text("customer")
        if is_new(certificate):
            for name in NEEDED:
                if not reading.text(name):
                    reading.refuse(name, _("A new certificate needs it."))
        elif customer and customer != certificate.customer.name:
            message = _("%(number)s belongs to %(customer)s, and stays theirs.")
            names = {"number": certificate.number, "customer": certificate.customer}
            reading.refuse("customer", message % names)

    def _take_terms(self, reading: Reading, certificate: Certificate) -> None:
        nobody = _("Nobody of the staff has the address “%(text)s”.")
        taken: dict[str, Any] = {
            "programme": reading.one_of(
                "programme", self.programmes, _("No programme has the key “%(text)s”.")
            ),
            "office": reading.one_of("office", self.offices, _("No office is called “%(text)s”.")),
            "tam": reading.one_of("tam", self.staff, nobody, key=reading.text("tam").lower()),
            "valid_from": self._day(reading, "valid_from"),
            "valid_until": self._day(reading, "valid_until"),
        }
        if is_new(certificate):
            taken["customer"] = reading.one_of(
                "customer", self.customers, _("No customer is called “%(text)s”.")
            )
        for name, value in taken.items():
            if value is not None:
                setattr(certificate, name, value)
        if reading.has("deputy"):
            email = reading.text("deputy").lower()
            certificate.deputy = reading.one_of("deputy", self.staff, nobody, key=email)
        if any(reading.has(day) for day in WEEKDAYS):
            certificate.week = self._week(reading, certificate.week or {})

    def _day(self, reading: Reading, column: str) -> date | None:
        day = reading.day(column)
        if day is not None:
            reading.attempt(lambda: check_day(day, field=column))
        return day

    def _week(self, reading: Reading, before: Mapping[str, Any]) -> dict[str, Any] | None:
        week = dict(before)
        for day in WEEKDAYS:
            if not reading.has(day):
                continue
            try:
                week[day] = read_hours(reading.text(day))
            except ValidationError as error:
                for message in error.messages:
                    reading.refuse(day, message)
        return {day: windows for day, windows in week.items() if windows} or None

    def _products(self, reading: Reading, certificate: Certificate) -> list[Product]:
        if not reading.has("products"):
            if is_new(certificate):
                return []
            return [row.product for row in certificate.covered.all()]
        names = [name.strip() for name in reading.text("products").split(BETWEEN_PRODUCTS)]
        for name in names:
            if name and name not in self.products:
                message = _("No product is called “%(text)s”.")
                reading.refuse("products", message % {"text": name})
        return [self.products[name] for name in dict.fromkeys(names) if name in self.products]

    def _act(self, certificate: Certificate, products: Sequence[Product]) -> Certificate:
        save = issue_certificate if is_new(certificate) else revise_certificate
        save(certificate=certificate, products=products, actor=self.actor, at=self.at)
        return certificate
