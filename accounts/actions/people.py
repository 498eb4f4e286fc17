"""Customers, people and products: saved, and printed anew by the certificates that name them."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actions.certificates import reissue
from accounts.models import Certificate, Customer, Product, Role, User
from msa.outbox.actions import publish


@transaction.atomic
def save_customer(*, customer: Customer, actor: User | None, at: datetime) -> None:
    """Save a new or a changed customer; certificates that print its name are issued anew."""
    customer.save()
    reissue(certificates=Certificate.objects.filter(customer=customer), actor=actor, at=at)


@transaction.atomic
def save_product(*, product: Product, actor: User | None, at: datetime) -> None:
    """Save a new or a changed product; certificates that print its name are issued anew."""
    product.save()
    reissue(certificates=Certificate.objects.filter(covered__product=product), actor=actor, at=at)


@transaction.atomic
def save_person(*, person: User, actor: User | None, at: datetime) -> None:
    """Save a new or a changed person; certificates that print their details are issued anew.

    A changed address is told to the former one.
    """
    former = User.objects.filter(pk=person.pk).values_list("email", flat=True).first()
    person.save()
    if former is not None and former != person.email:
        publish("people.address_changed", {"person": person.pk, "former": former}, at=at)
    reissue(certificates=certificates_printing(person), actor=actor, at=at)


def certificates_printing(person: User) -> QuerySet[Certificate]:
    named = Q(contacts__user=person) | Q(tam=person) | Q(deputy=person)
    return Certificate.objects.filter(named).distinct()


def misplaced(*, role: str | None, customer: object, office: object) -> list[tuple[str, str]]:
    """Return what does not fit a role, as fields with messages."""
    problems = []
    if role == Role.CONTACT:
        if customer is None:
            problems.append(("customer", _("A contact needs the customer they belong to.")))
        if office is not None:
            problems.append(("office", _("A contact belongs to a customer and to no office.")))
    elif role:
        if customer is not None:
            problems.append(("customer", _("Staff belong to no customer.")))
        if office is None and role in {Role.TAM, Role.TEAM_HEAD}:
            problems.append(("office", _("This role needs the office that it works for.")))
    return problems
