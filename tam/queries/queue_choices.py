"""What the queue can be narrowed to, by name, and whom its incidents can be given to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Certificate, Customer, Product, Team, User
from incidents.models import Incident
from tam.queries.narrowing import ME, NOBODY, Narrowing
from tam.queries.people import WORKS_ON_INCIDENTS

# In one select: more than an office has; who has more finds them by the search.
OFFERED: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """A filter for rows that are kept: those that a person may choose, and by which column."""

    rows: Callable[[User, datetime], QuerySet[Any]]
    label: str = "name"

    def labels(self, user: User, at: datetime) -> dict[str, str]:
        found = self.rows(user, at).order_by(self.label).values_list("pk", self.label)[:OFFERED]
        return {str(key): label for key, label in found}

    def label_of(self, key: str, user: User, at: datetime) -> str | None:
        return self.rows(user, at).filter(pk=key).values_list(self.label, flat=True).first()


def staff() -> QuerySet[User]:
    """Return who of the vendor works on incidents."""
    return User.objects.filter(is_active=True, role__in=WORKS_ON_INCIDENTS)


def teams() -> QuerySet[Team]:
    return Team.objects.filter(is_active=True)


def _customers(user: User, at: datetime) -> QuerySet[Customer]:
    seen = Incident.objects.visible_to(user, at).filter(customer=OuterRef("pk"))
    return Customer.objects.filter(Exists(seen))


def _certificates(user: User, at: datetime) -> QuerySet[Certificate]:
    seen = Incident.objects.visible_to(user, at).filter(certificate=OuterRef("pk"))
    return Certificate.objects.filter(Exists(seen))


KEPT: Mapping[str, Kept] = {
    "customer": Kept(_customers),
    "certificate": Kept(_certificates, "number"),
    "owner": Kept(lambda _user, _at: staff()),
    "team": Kept(lambda _user, _at: teams()),
    "product": Kept(lambda _user, _at: Product.objects.all()),
}


def names_of(narrowing: Narrowing, user: User, at: datetime) -> dict[str, str]:
    """Name what the filters in use stand for, without those of which the person may not know.

    One query for each filter in use.
    """
    names: dict[str, str] = {}
    for name, value in narrowing.filters:
        if name == "owner" and value in {ME, NOBODY}:
            names[name] = _("Me") if value == ME else _("Nobody")
        elif name in KEPT and (label := KEPT[name].label_of(value, user, at)) is not None:
            names[name] = label
    return names
