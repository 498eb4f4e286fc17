"""What django-allauth asks us: who gets in, what is said, and how people are told."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathImage

from accounts.client_address import client_network
from accounts.models import SecondFactor, User
from accounts.signing_in import secrets, sessions
from accounts.signing_in.policy import objection
from msa.outbox.actions import publish

logger = logging.getLogger("accounts.signing_in")

# What is said on the page after an act, by the name of allauth's text; of others nothing is said.
_SAID: Final[Mapping[str, Any]] = {
    "mfa/messages/totp_activated.txt": _("The authenticator app is set up."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is removed."),
    "mfa/messages/webauthn_added.txt": _("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
}

# Which changes the person is written about (accounts/security_letters.py), by allauth's letter.
# Those that allauth sends after the commit are told by our views, in the same transaction.
_WRITTEN: Final[Mapping[str, str]] = {
    "mfa/email/totp_deactivated": "app_removed",
    "mfa/email/webauthn_added": "passkey_added",
    "mfa/email/webauthn_removed": "passkey_removed",
    "socialaccount/email/account_connected": "bound",
}

# Signing in ends with a proof: within so many seconds of it nobody is asked for another.
FRESH_SECONDS: Final = 10 * 60


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in, whatever the way; the address is the name, and nobody signs up."""

    error_messages: Mapping[str, Any] = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _("This code is not right."),
        "incorrect_password": _("This password is not right."),
        "rate_limited": _("Too many wrong codes. Please wait five minutes."),
        "too_many_login_attempts": _("Too many wrong codes. Please wait five minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 (allauth's signature)
        return False

    def pre_login(self, request: HttpRequest, user: User, **known: Any) -> HttpResponse | None:
        """Turn away who may not sign in, whichever way they came."""
        by_provider = bool((known.get("signal_kwargs") or {}).get("sociallogin"))
        if reason := objection(user, by_provider=by_provider):
            clear_login(request)
            logger.warning("Person %s was turned away when signing in.", user.pk)
            messages.error(request, str(reason))
            return redirect("login")
        return None

    def post_login(self, request: HttpRequest, user: User, **known: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **known)
        sessions.begin(request, at=reception(request))  # over what allauth has noted: an address
        ways = [str(way.get("type") or way["method"]) for way in _proofs(request, user)]
        logger.info("Person %s signed in by %s.", user.pk, ", ".join(ways))
        return response

    def reauthenticate(self, user: User, password: str) -> bool:
        right = user.check_password(password)
        if not right:
            logger.warning("Person %s confirmed with a wrong password.", user.pk)
        return right

    def is_reauthentication_required(self, *, app: str, **_more: Any) -> bool:  # noqa: ARG002
        """Whether a person must prove again who they are; not soon after they signed in."""
        request = context.request
        proofs = _proofs(request, request.user)
        newest = max((float(proof["at"]) for proof in proofs), default=0.0)
        fresh = reception(request).timestamp() - newest < FRESH_SECONDS
        return not fresh and not did_recently_reauthenticate(request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: Mapping[str, Any] | None = None,  # noqa: ARG002 (allauth's signature)
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        text = message or str(_SAID.get(message_template or "", ""))
        if text:
            messages.add_message(request, level, text, extra_tags=extra_tags)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002 (allauth's signature)
        email: str | None = None,  # noqa: ARG002 (allauth's signature)
    ) -> None:
        """Have the person told by a letter of ours, through the outbox."""
        if what := _WRITTEN.get(template_prefix):
            tell(user, what, at=reception(self.request))

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:  # noqa: ARG002 (allauth's signature)
        raise LookupError(f"{template_prefix}: letters go through the outbox.")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what limits count by; where people are is kept nowhere."""
        network = client_network(request).partition("/")[0]
        return network or "0.0.0.0"  # noqa: S104 (of a Unix socket)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors, whose secrets are encrypted in the database."""

    error_messages: Mapping[str, Any] = {
        **DefaultMFAAdapter.error_messages,
        "cannot_generate_recovery_codes": _(
            "Set up an authenticator app or a passkey first: recovery codes stand in for them."
        ),
        "incorrect_code": _("This code is not right."),
    }

    def encrypt(self, text: str) -> str:
        return secrets.close(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.open_(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """Return a picture to stand in the page itself: our policy loads none from `data:`."""
        picture = qrcode.make(url, image_factory=SvgPathImage, border=2)
        return str(picture.to_string(encoding="unicode"))

    def get_totp_issuer(self) -> str:
        return settings.VENDOR_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.VENDOR_NAME}

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 (allauth's signature)
        number = SecondFactor.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey %d") % number


@transaction.atomic
def tell(person: User, what: str, *, at: datetime) -> None:
    """Have a person written to about a change of how they sign in."""
    logger.info("Person %s: %s.", person.pk, what)
    publish("people.sign_in_changed", {"person": person.pk, "what": what}, at=at)


def reception(request: HttpRequest) -> datetime:
    at: datetime = cast("Any", request).at
    return at


def turn_back(request: HttpRequest, reason: Any) -> ImmediateHttpResponse:
    """Return the exception by which allauth leads back to signing in, with the reason."""
    clear_login(request)
    messages.error(request, str(reason))
    return ImmediateHttpResponse(redirect("login"))


def _proofs(request: HttpRequest, person: Any) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = get_authentication_records(request, person)
    return records
