"""Customers' OpenID Connect providers, found by customer, by domain, and by name."""

from django.db.models import QuerySet

from accounts.models import SingleSignOn


def for_customer(customer: int) -> SingleSignOn | None:
    return _all().filter(settings__customer=customer).first()


def for_address(email: str) -> SingleSignOn | None:
    """Return the provider for an address' domain; that nobody has the address does not matter."""
    domain = email.strip().lower().rpartition("@")[2]
    return _all().filter(settings__domains__contains=[domain]).first() if domain else None


def is_offered() -> bool:
    return bool(_all().exists())


def named(provider_id: str) -> SingleSignOn | None:
    return _all().filter(provider_id=provider_id).first()


def _all() -> QuerySet[SingleSignOn]:
    found: QuerySet[SingleSignOn] = SingleSignOn.objects.filter(provider=SingleSignOn.PROVIDER)
    return found.order_by("pk")
