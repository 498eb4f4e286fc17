"""Signing in at a customer's OpenID Connect provider: only its own people, and who they are there.

A person is found by an address that the provider has verified, once, and is bound by the provider's
subject from then on. Nobody is entered by it, and nobody of another customer gets in.
"""

import logging
from typing import Any, Final

import requests
from allauth.core import context
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import SingleSignOn, User
from accounts.signing_in import secrets
from accounts.signing_in.adapters import AccountAdapter, turn_back
from accounts.signing_in.providers import named

logger = logging.getLogger("accounts.signing_in")

_DISCOVERED: Final = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")

FAILED: Final = _("Single sign-on did not succeed. Please try again, or ask your organisation.")
CANCELLED: Final = _("You did not sign in at your organisation.")
UNVERIFIED: Final = _(
    "Your organisation does not say that your e-mail address is verified, so we cannot know you "
    "by it. Please tell whoever runs its single sign-on."
)
UNKNOWN: Final = _(
    "Your organisation knows you, but none of its certificates names you as a contact. "
    "Ask a contact of your organisation to have you added."
)
BOUND_OTHERWISE: Final = _(
    "You are known here as somebody else at your organisation's single sign-on. "
    "Please have our administrators release you."
)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Who gets in by a provider."""

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """Return a connection with its secret opened; it is not to be saved."""
        app = super().get_app(request, provider, client_id=client_id)
        app.secret = secrets.open_(app.settings["closed_secret"])
        return app

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002 (allauth's signature)
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find whose identity it is and bind it; whoever has none here is led back, told why."""
        connection = named(sociallogin.account.provider)
        if connection is None or sociallogin.state.get("process") not in {None, "login"}:
            raise turn_back(request, FAILED)
        if sociallogin.is_existing:
            person = sociallogin.user
        else:
            person = self._found(request, sociallogin, connection)
        if person.customer_id is None or person.customer_id != connection.customer_key:
            logger.warning("Provider %s vouched for a person of another.", connection.provider_id)
            raise turn_back(request, UNKNOWN)
        if not sociallogin.is_existing:
            sociallogin.connect(request, person)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,  # noqa: ARG002 (allauth's signature)
    ) -> None:
        logger.warning("Signing in at %s failed: %s", provider.app.provider_id, exception or error)
        raise turn_back(request, CANCELLED if error == "cancelled" else FAILED)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        AccountAdapter().send_notification_mail(*args, **kwargs)

    def _found(
        self, request: HttpRequest, sociallogin: SocialLogin, connection: SingleSignOn
    ) -> User:
        verified = [entry.email.lower() for entry in sociallogin.email_addresses if entry.verified]
        if not verified:
            raise turn_back(request, UNVERIFIED)
        person = User.objects.filter(
            email=verified[0], customer=connection.customer_key, is_active=True
        ).first()
        if person is None:
            logger.warning("Provider %s vouched for nobody known.", connection.provider_id)
            raise turn_back(request, UNKNOWN)
        bound = SocialAccount.objects.filter(user=person, provider=connection.provider_id)
        if bound.exists():  # the address was given to somebody new there
            logger.warning("Provider %s has person %s anew.", connection.provider_id, person.pk)
            raise turn_back(request, BOUND_OTHERWISE)
        return person


class ProviderConversation(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """What is asked of a provider, and what is believed: only a signed ID token."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the discovery document; OAuth2Error when it is none, or another issuer's."""
        config = super().openid_config
        if not isinstance(config, dict) or any(
            not isinstance(config.get(name), str) for name in _DISCOVERED
        ):
            raise OAuth2Error("The provider's description is incomplete.")
        if config["issuer"].rstrip("/") != str(self.get_provider().app.settings["server_url"]):
            raise OAuth2Error("The provider names itself otherwise.")
        return config

    def complete_login(
        self,
        request: HttpRequest,
        app: SocialApp,
        token: SocialToken,
        **kwargs: Any,
    ) -> SocialLogin:
        """Return whom the ID token names; its address may come from the userinfo endpoint.

        Raises OAuth2Error when signature, issuer, audience or time is wrong, or the two name
        different people (OpenID Connect Core 3.1.3.7, 5.3.2).
        """
        try:
            claims = self._verified(app, kwargs["response"].get("id_token") or "")
            if "email" not in claims and "userinfo_endpoint" in self.openid_config:
                more: dict[str, Any] = self._fetch_user_info(token.token)
                if more.get("sub") != claims["sub"]:
                    raise OAuth2Error("Userinfo is of somebody else.")
                claims = more | claims
            kept = {"sub": str(claims["sub"]), "email": str(claims.get("email") or "")}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OAuth2Error(f"The provider's answer is malformed: {error!r}") from error
        verified = claims.get("email_verified") is True or bool(
            app.settings.get("trusts_addresses")
        )
        facts = {"id_token": {**kept, "email_verified": verified}}
        return self.get_provider().sociallogin_from_response(request, facts)

    def _verified(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The token is for another client.")
        return claims


def is_reachable(issuer: str) -> bool:
    """Whether a provider's discovery document is to be had and names the issuer."""
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        with SingleSignOnAdapter(context.request).get_requests_session() as session:
            return str(session.get(address).json()["issuer"]).rstrip("/") == issuer.rstrip("/")
    except (requests.RequestException, KeyError, TypeError, ValueError):
        return False
