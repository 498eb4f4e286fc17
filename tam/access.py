"""What people of the vendor may open in the workspace (SPEC 4)."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.access import certificates_read_by
from accounts.errors import NotFound
from accounts.models import Customer, Office, Role, User

SEES_EVERY_OFFICE = frozenset({Role.ADMINISTRATOR, Role.BUSINESS_MANAGER})
PLANS_EVERY_OFFICE = frozenset({Role.ADMINISTRATOR})


def offices_seen_by(user: User) -> QuerySet[Office]:
    """Return the offices whose roster a person reads: their own, and where they have shifts."""
    if user.is_contact:
        return Office.objects.none()
    if user.role in SEES_EVERY_OFFICE:
        return Office.objects.all()
    return Office.objects.filter(Q(pk=user.office_id) | Q(shifts__person=user)).distinct()


def may_plan(user: User, office: Office) -> bool:
    """Whether a person plans an office's roster: the head of its team, and administrators."""
    if user.role in PLANS_EVERY_OFFICE:
        return True
    return user.role == Role.TEAM_HEAD and user.office_id == office.pk


def customers_read_by(user: User, at: datetime) -> QuerySet[Customer]:
    """Return the customers of the certificates that a member of staff is in charge of."""
    if user.is_contact:
        return Customer.objects.none()
    certificates = certificates_read_by(user, at).values("customer")
    return Customer.objects.filter(pk__in=certificates)


def get_customer(user: User, pk: int, at: datetime) -> Customer:
    """Return a customer for a member of staff; raises `NotFound` for others' customers."""
    customer = customers_read_by(user, at).filter(pk=pk).first()
    if customer is None:
        raise NotFound(_("There is no such customer."))
    return customer
