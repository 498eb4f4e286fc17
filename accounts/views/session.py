"""Signing in and out, and the language and colours that a person chooses."""

import logging
from collections.abc import Iterator
from math import ceil
from typing import Any, Final, cast
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import i18n
from django.views.decorators.http import require_POST

from accounts.client_address import client_network
from accounts.signing_in.policy import objection
from accounts.signing_in.providers import is_offered
from accounts.views.limits import seconds_to_wait

# Only failures count. From one network: an office of hundreds behind one address mistypes some on
# a Monday morning; passwords tried on everybody known come to an end.
FAILED_FROM_NETWORK: Final = "50/15m"
# For one e-mail address, known or not: enough for whoever tries all passwords they ever had, too
# few to guess. The wait is short because anybody can cause it; a new password ends it at once.
FAILED_FOR_EMAIL: Final = "10/15m"
TOO_MANY: Final = 429

logger = logging.getLogger("accounts.signing_in")

THEMES = ("light", "system", "dark")
THEME_COOKIE_AGE = 365 * 24 * 3600  # seconds


class SignInForm(AuthenticationForm):
    username = UsernameField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autofocus": True}))
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("There is nobody with this e-mail and password."),
    }

    seconds = 0  # to wait, after too many failures

    def clean(self) -> dict[str, Any]:
        """Judge no password after too many failures; count this one if it fails."""
        self.seconds = max(self._waits(counted=False), default=0)
        if self.seconds:
            raise self._too_many()
        try:
            return super().clean()
        except ValidationError as error:
            if error.code == "invalid_login":
                logger.warning("A sign-in failed: no such e-mail and password.")
                list(self._waits(counted=True))
            raise

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse a contact whom no certificate names (SPEC 3), or who has another way to take."""
        super().confirm_login_allowed(user)
        if reason := objection(user):
            raise ValidationError(str(reason), code="not_allowed")

    def _waits(self, *, counted: bool) -> Iterator[int]:
        """Yield the seconds to wait by each limit; `counted`, a failure is added to it."""
        request = cast("HttpRequest", self.request)
        email = self.cleaned_data.get("username") or ""
        limits = [
            ("sign-in-network", client_network(request), FAILED_FROM_NETWORK),
            ("sign-in-email", email.lower(), FAILED_FOR_EMAIL),
        ]
        for group, key, rate in limits:
            if key:
                yield seconds_to_wait(request, group=group, key=key, rate=rate, counted=counted)

    def _too_many(self) -> ValidationError:
        minutes = ceil(self.seconds / 60)
        text = ngettext(
            "Signing in has failed too often. Please wait %(minutes)d minute, or choose a new "
            "password.",
            "Signing in has failed too often. Please wait %(minutes)d minutes, or choose a new "
            "password.",
            minutes,
        )
        return ValidationError(text % {"minutes": minutes}, code="too_many")


class SignIn(views.LoginView):
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "single_sign_on": is_offered()}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Hand over to the steps that follow a right password: a second factor, the session."""
        person = cast("Any", form.get_user())
        login = Login(user=person, email=person.email, redirect_url=self.get_success_url())
        response: HttpResponse = perform_password_login(self.request, {}, login)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.seconds:
            response.status_code = TOO_MANY
            response["Retry-After"] = str(form.seconds)
        return response

    def get_redirect_url(self, _request: HttpRequest | None = None) -> str:
        """Return where the person was on the way to; to sign in is no place to go."""
        url = super().get_redirect_url()
        return "" if urlsplit(url).path == self.request.path else url


@method_decorator(login_not_required, name="dispatch")
class SignOut(views.LogoutView):
    """Open to everybody: after a session's end there is nothing left to sign out of."""


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie, and as the person's own when somebody is signed in."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        request.user.language = language
        request.user.save(update_fields=["language"])
    response: HttpResponse = i18n.set_language(request)
    return response


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours in a cookie, for browsers without the script that does so at once."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    if (theme := request.POST.get("theme", "")) in THEMES:
        response.set_cookie(
            "theme",
            theme,
            max_age=THEME_COOKIE_AGE,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return response
