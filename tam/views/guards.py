"""Who gets past the door of a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from incidents.views.request import Request

Arguments = ParamSpec("Arguments")


def staff_only(
    view: Callable[Concatenate[Request, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """Raise `NotFound` for a contact: for customers there is no such page."""

    @wraps(view)
    def guarded(
        request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        known = cast("Request", request)
        if known.user.is_contact:
            raise NotFound(_("There is no such page."))
        return view(known, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, Arguments], HttpResponse]", guarded)
