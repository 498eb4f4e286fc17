"""Signing in at the provider of one's organisation."""

import logging
from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from accounts.signing_in.providers import for_address
from accounts.signing_in.single_sign_on import FAILED, ProviderConversation

logger = logging.getLogger("accounts.signing_in")


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        self.connection = for_address(email)
        if self.connection is None:
            raise forms.ValidationError(
                _("No single sign-on is set up for this address. Sign in with your password.")
            )
        return email


@login_not_required
@never_cache
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Ask for the address, and offer the provider that its domain belongs to."""
    if request.user.is_authenticated:
        return redirect("home")
    form = AddressForm(request.GET if "email" in request.GET else None)
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        wanted = ""
    context: dict[str, Any] = {"form": form, "next": wanted, "connection": None}
    if form.is_bound and form.is_valid():
        context["connection"] = form.connection
    return render(request, "registration/single_sign_on.html", context)


@login_not_required
@never_cache
@require_GET
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider."""
    return _converse(OAuth2LoginView, request, provider_id)


@login_not_required
@never_cache
@require_GET
def answered(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider."""
    return _converse(OAuth2CallbackView, request, provider_id)


def _converse(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        conversation = ProviderConversation(request, provider_id)
        response: HttpResponse = view.adapter_view(conversation)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (OAuth2Error, RequestException) as error:
        logger.warning("Provider %s cannot be asked: %s", provider_id, error)
        messages.error(request, str(FAILED))
        return redirect("login")
    return response
