"""The log of advice, as each side reads it (SPEC 10)."""

from django.db.models import QuerySet

from accounts.models import Customer, User
from tam.models import Advice


def advice_to(customer: Customer) -> QuerySet[Advice]:
    """Return a customer's log, the latest first."""
    return _log().filter(customer=customer)


def advice_read_by(contact: User) -> QuerySet[Advice]:
    """Return the log of a contact's customer, the latest first."""
    return _log().filter(customer=contact.customer_id)


def _log() -> QuerySet[Advice]:
    related = Advice.objects.select_related("customer", "certificate", "given_by", "done_by")
    return related.order_by("-given_at", "-pk")
