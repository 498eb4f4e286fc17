"""How a person signs in: second factors, passkeys, recovery codes, sessions and the password.

The pages are django-allauth's with our templates; what it lacks for them is added here.
"""

import json
from collections.abc import Mapping
from math import ceil
from typing import Any, Final
from urllib.parse import quote

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import BoundIdentity
from accounts.signing_in import sessions
from accounts.signing_in.adapters import tell
from accounts.signing_in.policy import lacks_second_factor, needs_second_factor, only_way_in
from accounts.views.limits import seconds_to_wait
from accounts.views.request import Request

# Wrong present passwords of one person: a stranger at an open screen does not guess it.
TRIED_BY_PERSON: Final = "10/15m"
UNPROCESSABLE, TOO_MANY = 422, 429


class Overview(IndexView):  # type: ignore[misc]
    """How a person signs in."""

    template_name = "account/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.request.user
        return {
            **super().get_context_data(**kwargs),
            "wanted": lacks_second_factor(person),
            "required": needs_second_factor(person),
            "identities": BoundIdentity.objects.filter(user=person),
            "single_sign_on_only": only_way_in(person),
        }


class SecondStep(AuthenticateView):  # type: ignore[misc]
    """The second step of signing in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return with_options(super().get_context_data(**kwargs))

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = UNPROCESSABLE
        return response


class SetUpApp(ActivateTOTPView):  # type: ignore[misc]
    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        tell(self.request.user, "app_added", at=self.request.at)
        response: HttpResponse = super().form_valid(form)
        return response


class NewRecoveryCodes(GenerateRecoveryCodesView):  # type: ignore[misc]
    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        tell(self.request.user, "codes", at=self.request.at)
        response: HttpResponse = super().form_valid(form)
        return response


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return with_options({**kwargs, **super().get_context_data(**kwargs)})


class ConfirmByPasskey(ReauthenticateWebAuthnView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return with_options({**kwargs, **super().get_context_data(**kwargs)})


class RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc]
    """Recovery codes, shown once and never again; the file is the page's own data."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        lines = [settings.VENDOR_NAME, settings.BASE_URL, "", *context["unused_codes"], ""]
        return {**context, "file": "data:text/plain;charset=utf-8," + quote("\n".join(lines))}


def with_options(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context with what the browser needs to use a passkey as JSON, for an attribute."""
    given = context.get("js_data")
    options = (given.get("creation_options") or given.get("request_options")) if given else None
    return {**context, "options": json.dumps(options) if options else ""}


@require_GET
def own_sessions(request: Request) -> HttpResponse:
    found = sessions.sessions_of(request.user, current=request.session.session_key, at=request.at)
    return render(request, "usersessions/list.html", {"sessions": found})


@require_POST
def session_end(request: Request, pk: int) -> HttpResponse:
    if not sessions.end_session(person=request.user, pk=pk):
        raise Http404
    messages.success(request, _("The session is ended."))
    return redirect("own-sessions")


@require_POST
def other_sessions_end(request: Request) -> HttpResponse:
    ended = sessions.end_sessions(person=request.user, but=request.session.session_key)
    text = ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", ended)
    messages.success(request, text % {"count": ended})
    return redirect("own-sessions")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change_password(request: Request) -> HttpResponse:
    """Choose another password, knowing the present one; it ends all other sessions."""
    if not request.user.has_usable_password() or only_way_in(request.user):
        raise Http404
    form = PasswordChangeForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _ask(request, form)
    wait = _wait(request, counted=False)
    if wait:
        minutes = ceil(wait / 60)
        text = ngettext(
            "The present password was wrong too often. Please wait %(minutes)d minute.",
            "The present password was wrong too often. Please wait %(minutes)d minutes.",
            minutes,
        )
        held_up = PasswordChangeForm(request.user)
        return _ask(request, held_up, status=TOO_MANY, problem=text % {"minutes": minutes})
    if not form.is_valid():
        if "old_password" in form.errors:
            _wait(request, counted=True)
        return _ask(request, form, status=UNPROCESSABLE)
    with transaction.atomic():
        form.save()
        tell(request.user, "password", at=request.at)
        sessions.end_sessions(person=request.user)
    update_session_auth_hash(request, request.user)
    sessions.begin(request, at=request.at)
    record_authentication(request, request.user, method="password", reauthenticated=True)
    messages.success(
        request, _("Your password is changed. All other sessions of yours have ended.")
    )
    return redirect("mfa_index")


def _wait(request: Request, *, counted: bool) -> int:
    return seconds_to_wait(
        request,
        group="password-change",
        key=str(request.user.pk),
        rate=TRIED_BY_PERSON,
        counted=counted,
    )


def _ask(request: Request, form: Any, *, status: int = 200, problem: str = "") -> HttpResponse:
    context = {"form": form, "problem": problem}
    return render(request, "account/password_change.html", context, status=status)
