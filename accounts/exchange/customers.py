"""Customers as a file: one row each, known by name."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.people import save_customer
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
from accounts.models import Customer

COUNTRY_LETTERS = 2


class CustomerRows(Rows):
    model = Customer
    columns = (
        Column("name", gettext_lazy("Known by it; a new name is a new customer."), required=True),
        Column("country", gettext_lazy("Two letters, such as FR.")),
    )

    def read_ahead(self, rows: Sequence[Mapping[str, str]]) -> None:
        found = Customer.objects.filter(name__in=named_in(rows, "name"))
        self.known = {customer.name: customer for customer in found}
        self.seen: dict[str, int] = {}

    def plan(self, reading: Reading) -> Plan:
        name = reading.cleaned("name", Customer._meta.get_field("name"))  # noqa: SLF001
        if name in self.seen:
            reading.refuse("name", _("Row %(row)d has it already.") % {"row": self.seen[name]})
        customer = self.known.get(name) or Customer(name=name or "")
        before = self.cells(customer)
        if reading.has("country"):
            customer.country = self._country(reading)
        reading.finish()
        self.seen[name] = reading.number

        def act() -> Customer:
            save_customer(customer=customer, actor=self.actor, at=self.at)
            return customer

        changes = [] if is_new(customer) else changed_cells(before, self.cells(customer))
        kind = NEW if is_new(customer) else CHANGED if changes else UNCHANGED
        return Plan(kind, name, act, changes)

    def cells(self, instance: Customer) -> dict[str, str]:
        return {"name": instance.name, "country": instance.country}

    def _country(self, reading: Reading) -> str:
        text = reading.text("country").upper()
        if text and not (len(text) == COUNTRY_LETTERS and text.isascii() and text.isalpha()):
            reading.refuse(
                "country", _("“%(text)s” is no country in two letters such as FR.") % {"text": text}
            )
        return text
