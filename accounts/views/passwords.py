"""Choosing a password by a link: for whoever is invited, and for whoever has forgotten theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, ClassVar, Final, cast

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions.invitations import (
    RESET_VALID,
    InvitationTokens,
    LinkTokens,
    ResetTokens,
    ask_for_link,
    choose_password,
    is_named,
)
from accounts.client_address import client_network
from accounts.errors import Conflict
from accounts.models import SingleSignOn, User
from accounts.signing_in.policy import only_way_in
from accounts.signing_in.sessions import end_sessions
from accounts.views.limits import seconds_to_wait

# From one network: an office behind one address may well forget some passwords in an hour.
ASKED_FROM_ADDRESS: Final = "20/h"
# For one e-mail address: enough to try again after a lost mail, too few to fill a mailbox.
ASKED_FOR_EMAIL: Final = "5/h"

TOO_MANY, UNPROCESSABLE, GONE = 429, 422, 410


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether somebody has the address or not."""
    if request.user.is_authenticated:
        return redirect("home")
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _ask(request, form)
    if not form.is_valid():
        return _ask(request, form, status=UNPROCESSABLE)
    wait = seconds_to_wait(
        request, group="password-address", key=client_network(request), rate=ASKED_FROM_ADDRESS
    )
    if wait:
        return _hold_up(request, form, wait)
    email = form.cleaned_data["email"].lower()
    if not seconds_to_wait(request, group="password-email", key=email, rate=ASKED_FOR_EMAIL):
        ask_for_link(email=email, at=_reception(request))
    return redirect("password_reset_done")


@login_not_required
@require_GET
def link_sent(request: HttpRequest) -> HttpResponse:
    hours = RESET_VALID // timedelta(hours=1)
    return render(request, "registration/password_reset_done.html", {"hours": hours})


def _ask(request: HttpRequest, form: ForgottenForm, *, status: int = 200) -> HttpResponse:
    return render(request, "registration/password_reset_form.html", {"form": form}, status=status)


def _hold_up(request: HttpRequest, form: ForgottenForm, seconds: int) -> HttpResponse:
    minutes = ceil(seconds / 60)
    text = ngettext(
        "Too many passwords were asked for from here. Please wait %(minutes)d minute.",
        "Too many passwords were asked for from here. Please wait %(minutes)d minutes.",
        minutes,
    )
    form.add_error(None, text % {"minutes": minutes})
    response = _ask(request, form, status=TOO_MANY)
    response["Retry-After"] = str(seconds)
    return response


def _reception(request: HttpRequest) -> datetime:
    at: datetime = cast("Any", request).at
    return at


@dataclass(frozen=True, slots=True)
class Words:
    """What the page of one kind of link says."""

    title: str | LazyText
    lead: Any  # a lazy text, with room for the address
    submit: str | LazyText
    unusable: str | LazyText


@method_decorator([login_not_required, never_cache], name="dispatch")
class NewPassword(PasswordResetConfirmView):
    """Choose a password by a link from a mail, and be signed in.

    To look at the link uses nothing up: mail programs fetch links before people do.
    """

    tokens: ClassVar[type[LinkTokens]] = ResetTokens
    words: ClassVar[Words] = Words(
        _("Choose a new password"),
        _("For %(email)s. Other sessions of yours end with it."),
        _("Save and sign in"),
        _("This link has been used, or it is too old. Ask for a new one; it comes by mail."),
    )

    @property
    def token_generator(self) -> LinkTokens:
        return self.tokens(at=_reception(self.request))

    def get_user(self, uidb64: str) -> User | None:
        """Return whose link it is; nobody when they may not sign in (any more)."""
        user = super().get_user(uidb64)
        if user is None or not user.is_active:
            return None
        self.unnamed = user.is_contact and not is_named(user)
        self.elsewhere = only_way_in(user)
        return None if self.unnamed or self.elsewhere else user

    unnamed = False
    elsewhere: SingleSignOn | None = None

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            person = choose_password(
                person=cast("User", self.user),
                token=self.request.session.get(INTERNAL_RESET_SESSION_TOKEN, ""),
                tokens=self.token_generator,
                password=form.cleaned_data["new_password1"],
            )
        except Conflict:
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        end_sessions(person=person)
        if self.request.user.is_authenticated:
            logout(self.request)
        messages.success(self.request, _("Your password is set. Welcome."))
        login = Login(user=person, email=person.email, redirect_url=reverse("home"))
        response: HttpResponse = perform_password_login(self.request, {}, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=UNPROCESSABLE)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "words": self.words,
            "unnamed": self.unnamed,
            "elsewhere": self.elsewhere,
            "person": self.user,
            "lead": self.words.lead % {"email": self.user.email} if self.user else "",
        }

    def render_to_response(
        self, context: Mapping[str, Any], **response_kwargs: Any
    ) -> HttpResponse:
        if not self.validlink:
            response_kwargs.setdefault("status", GONE)
        return super().render_to_response(dict(context), **response_kwargs)


class Invitation(NewPassword):
    """Choose the first password."""

    tokens = InvitationTokens
    words = Words(
        _("Welcome to the support desk"),
        _("Choose a password for %(email)s; you sign in with both."),
        _("Save and sign in"),
        _(
            "This invitation has been used, or it is too old. If you have chosen a password, sign "
            "in with it. Otherwise have a new link sent to you."
        ),
    )
