"""The public page that tells whether a printed certificate is genuine (SPEC 3).

It needs no cookie and sets none, is kept in no cache and in no search engine's index.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.client_address import client_network
from accounts.models.certificate import VERIFICATION_LENGTH
from accounts.printing.certificate import grouped
from accounts.verification import CODE_LONGEST, find_genuine, read_code
from accounts.views.limits import seconds_to_wait

# For each network. Nobody types more codes a minute by hand, and a guesser at this pace needs some
# hundred thousand million years for one code. Without the cache nothing is counted: the length of
# a code is beyond guessing by itself, and whoever holds a certificate gets an answer.
LIMIT = "20/m"
NOT_FOUND, TOO_MANY = 404, 429

View = Callable[..., HttpResponse]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=CODE_LONGEST,
        help_text=gettext_lazy("It stands at the foot of the certificate, such as AB12-CD34-EF56."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        code = read_code(self.cleaned_data["code"])
        if not code:
            raise ValidationError(
                _("This is no code: a code has %(count)d letters and digits.")
                % {"count": VERIFICATION_LENGTH}
            )
        return code


def in_public(view: View) -> View:
    """Let anybody in, and leave the page in no cache and no index."""

    @login_not_required
    @require_safe
    @wraps(view)
    def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
        response = view(request, **arguments)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped


@in_public
def form(request: HttpRequest) -> HttpResponse:
    """Ask for a code; with `?code=` go on to what is known of it."""
    asked = CodeForm(request.GET if "code" in request.GET else None)
    if asked.is_valid():
        return redirect("verify", asked.cleaned_data["code"])
    return _page(request, "accounts/verify.html", {"form": asked})


@in_public
def verdict(request: HttpRequest, code: str) -> HttpResponse:
    """Tell whether a version with this code was issued."""
    network = client_network(request)
    wait_seconds = seconds_to_wait(request, group="verify", key=network, rate=LIMIT)
    if wait_seconds:
        response = _page(request, "accounts/verify_limited.html", {}, TOO_MANY)
        response.headers["Retry-After"] = str(wait_seconds)
        return response
    meant = read_code(code)
    found = find_genuine(meant, _reception(request)) if meant else None
    context = {
        "found": found,
        "code": grouped(meant),
        "form": CodeForm(initial={"code": code[:CODE_LONGEST]}),
    }
    return _page(request, "accounts/verify_code.html", context, 200 if found else NOT_FOUND)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render without the token against forged forms, which would set a cookie."""
    return render(request, template, {**context, "csrf_token": ""}, status=status)


def _reception(request: HttpRequest) -> datetime:
    at: datetime = cast("Any", request).at
    return at
