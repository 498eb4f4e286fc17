"""Signing in and out, and the language and colours that a person chooses."""

from typing import Any
from urllib.parse import urlsplit

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
from django.views import i18n
from django.views.decorators.http import require_POST

from accounts.actions.invitations import is_named

THEMES = ("light", "system", "dark")
THEME_COOKIE_AGE = 365 * 24 * 3600  # seconds


class SignInForm(AuthenticationForm):
    username = UsernameField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autofocus": True}))
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("There is nobody with this e-mail and password."),
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse a contact whom no certificate names (SPEC 3)."""
        super().confirm_login_allowed(user)
        if user.is_contact and not is_named(user):
            raise ValidationError(
                _(
                    "No certificate names you as a contact, so you cannot sign in. "
                    "Ask a contact of your organisation to have you added."
                ),
                code="not_named",
            )


class SignIn(views.LoginView):
    authentication_form = SignInForm
    redirect_authenticated_user = True

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
