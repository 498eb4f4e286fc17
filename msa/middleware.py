"""What every request passes: its instant, the person, and the wall between customers."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.defaults import bad_request, page_not_found, permission_denied

from accounts.errors import NotAllowed, NotFound
from accounts.signing_in.policy import WITHOUT_SECOND_FACTOR, lacks_second_factor
from accounts.signing_in.sessions import note_use
from accounts.tenancy import set_scope
from msa import clock

Next = Callable[[HttpRequest], HttpResponse]

SERVER_ERROR = 500


class ReceptionMiddleware:
    """Note the instant of reception: what counts for every promise is when a request arrived."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.at = clock.now()  # type: ignore[attr-defined]
        if "\0" in request.path_info:  # no row bears it, and the database does not take it
            return page_not_found(request, Http404())
        return self.get_response(request)


class PersonMiddleware:
    """Speak the person's language, and tell instants in their time zone."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            language, zone = user.language, user.timezone
        else:
            language, zone = translation.get_language_from_request(request), "UTC"
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(ZoneInfo(zone)):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if user.is_authenticated:  # what is a person's stays in nobody's cache
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class TextMiddleware:
    """Answer 400 to a NUL in a query or a form: no page sends one, the database takes none.

    Files are not looked into.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., HttpResponse],
        _args: Sequence[object],
        _kwargs: Mapping[str, object],
    ) -> HttpResponse | None:
        if _holds_nul(request.GET) or _holds_nul(request.POST):
            return bad_request(request, BadRequest())
        return None


class SessionUseMiddleware:
    """Note when a session is used, for the list in which people find a stranger's."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            note_use(request, at=request.at)  # type: ignore[attr-defined]
        return self.get_response(request)


class SecondFactorMiddleware:
    """Lead staff who have no second factor to where they set one up; they reach nothing else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., HttpResponse],
        _args: Sequence[object],
        _kwargs: Mapping[str, object],
    ) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in WITHOUT_SECOND_FACTOR or not lacks_second_factor(request.user):
            return None
        if request.headers.get("HX-Request"):  # a fragment cannot hold the page that is wanted
            return HttpResponse(headers={"HX-Redirect": reverse("mfa_index")})
        return redirect("mfa_index")


class TenantMiddleware:
    """Run the request in one transaction whose scope shows this person's customers, no others.

    An answer of 500 rolls the transaction back. A contact whom no certificate names any more is
    signed out at once (SPEC 3).
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        with transaction.atomic():
            if user.is_contact:
                set_scope(customers=[user.customer_id or 0])
                if not user.contact_slots.exists():
                    return self._turn_away(request)
            else:
                set_scope(staff=True)
            response = self.get_response(request)
            if response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 404 for what the person may not know of, 403 for what they may not do."""
        if isinstance(exception, NotFound):
            return page_not_found(request, Http404())
        if isinstance(exception, NotAllowed):
            return permission_denied(request, PermissionDenied(str(exception)))
        return None

    def _turn_away(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        messages.error(
            request, _("No certificate names you as a contact any more; you cannot sign in.")
        )
        return redirect("login")


def _holds_nul(sent: QueryDict) -> bool:
    return any("\0" in text for name, values in sent.lists() for text in (name, *values))
