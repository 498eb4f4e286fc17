"""Second factors and customers' single sign-on: tables of django-allauth, under names of ours.

They have no customer's column and stand outside the wall: signing in comes before any scope.
"""

from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.utils.translation import gettext_lazy as _


class SecondFactor(Authenticator):  # type: ignore[misc]
    """An authenticator app, a passkey, or the recovery codes of a person."""

    class Meta:
        proxy = True
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")


class SingleSignOn(SocialApp):  # type: ignore[misc]
    """The OpenID Connect provider of one customer.

    Kept in `settings`: `server_url` (the issuer), `customer` (its key), `domains` of e-mail
    addresses, `only` (its people sign in by no other way), `trusts_addresses` (it gives only
    addresses that it has verified, without saying so), and `closed_secret`.
    """

    settings: dict[str, Any]

    class Meta:
        proxy = True
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    PROVIDER: ClassVar[str] = "openid_connect"

    @property
    def issuer(self) -> str:
        return str(self.settings.get("server_url", ""))

    @property
    def customer_key(self) -> int | None:
        return self.settings.get("customer")

    @property
    def domains(self) -> list[str]:
        return list(self.settings.get("domains", []))

    @property
    def only(self) -> bool:
        return bool(self.settings.get("only"))

    @property
    def trusts_addresses(self) -> bool:
        return bool(self.settings.get("trusts_addresses"))


class BoundIdentity(SocialAccount):  # type: ignore[misc]
    """A person at their customer's provider, bound by the provider's subject."""

    class Meta:
        proxy = True
        verbose_name = _("identity at a provider")
        verbose_name_plural = _("identities at providers")
