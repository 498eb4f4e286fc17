"""The forms of signing in by more than a password; their words are ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 60  # of a passkey: what a line of the list holds

logger = logging.getLogger("accounts.signing_in")


def _code(label: Any, help_text: Any = "", **attributes: str) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
    widget = forms.TextInput(attrs=attrs | attributes)
    return forms.CharField(label=label, help_text=help_text, max_length=40, widget=widget)


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""

    code = _code(_("Code"), _("Of your authenticator app, or one of your recovery codes."))

    def clean_code(self) -> str:
        try:
            return str(super().clean_code())
        except ValidationError:
            logger.warning("Person %s signed in with a wrong code.", self.user.pk)
            raise


class ConfirmByCode(ReauthenticateByCodeForm):  # type: ignore[misc]
    code = _code(_("Code"), _("Of your authenticator app, or one of your recovery codes."))


class ConfirmByPassword(ReauthenticateForm):  # type: ignore[misc]
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class AppForm(ActivateTOTPForm):  # type: ignore[misc]
    code = _code(_("Code that the app shows"), inputmode="numeric")


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label=_("Name"),
        help_text=_("To tell it from others, such as “Telephone” or “Key on my key ring”."),
        max_length=NAME_LENGTH,
        required=False,
    )
    passwordless = forms.BooleanField(
        label=_("Let me sign in with it alone, without a password"),
        help_text=_("It then asks for your finger, your face or its PIN each time."),
        required=False,
        initial=True,
    )

    def clean(self) -> dict[str, Any]:
        with _refusing_nonsense():
            return dict(super().clean())


class PasskeyNameForm(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)


class PasskeyStep(AuthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        with _refusing_nonsense():
            return super().clean_credential()


class PasskeyAlone(LoginWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        with _refusing_nonsense():
            return super().clean_credential()


class ConfirmByPasskey(ReauthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        with _refusing_nonsense():
            return super().clean_credential()


@contextmanager
def _refusing_nonsense() -> Iterator[None]:
    """Answer like a wrong code what no browser sends: JSON of another shape, or other bytes."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise get_adapter().validation_error("incorrect_code") from error
