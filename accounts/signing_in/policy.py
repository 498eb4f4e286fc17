"""Who may sign in by which way, and who needs a second factor (SPEC 3, 4)."""

from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from accounts.actions.invitations import is_named
from accounts.models import SingleSignOn, User
from accounts.signing_in.providers import for_customer

# Ways of proving that count as a second factor; recovery codes only stand in for them.
FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

# What staff reach who still have to set one up, by the names of addresses.
WITHOUT_SECOND_FACTOR: Final = frozenset(
    {
        "account_reauthenticate",
        "login",
        "logout",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_view_recovery_codes",
        "ready",
        "set_language",
        "set_theme",
    }
)

NOT_NAMED: Final = _(
    "No certificate names you as a contact, so you cannot sign in. "
    "Ask a contact of your organisation to have you added."
)
ELSEWHERE: Final = _("Your organisation has its people sign in by single sign-on only.")
CLOSED: Final = _("This account is closed.")


def objection(person: User, *, by_provider: bool = False) -> str | LazyText:
    """Return why a person who has proved who they are does not get in; "" when they do.

    `by_provider`: the proof is their organisation's single sign-on.
    """
    if not person.is_active:
        return CLOSED
    if person.is_contact and not is_named(person):
        return NOT_NAMED
    if not by_provider and only_way_in(person):
        return ELSEWHERE
    return ""


def only_way_in(person: User) -> SingleSignOn | None:
    """Return the single sign-on that a person has to use; None when they may choose."""
    if person.customer_id is None:
        return None
    connection = for_customer(person.customer_id)
    return connection if connection and connection.only else None


def has_second_factor(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person, type__in=FACTORS).exists())


def needs_second_factor(person: User) -> bool:
    return bool(settings.STAFF_SECOND_FACTOR) and not person.is_contact


def lacks_second_factor(person: Any) -> bool:
    """Whether somebody, signed in or not, must set up a second factor before anything else."""
    return bool(
        person.is_authenticated and needs_second_factor(person) and not has_second_factor(person)
    )
