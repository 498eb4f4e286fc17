"""Who gets past the door of the pages about customers, and who writes there."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from accounts.models import Role
from incidents.views.request import Request

Arguments = ParamSpec("Arguments")

# Who settles what is owed and logs advice; others in charge read it (SPEC 10, 19.8).
KEEPS_CUSTOMERS: Final = frozenset({Role.TAM, Role.TEAM_HEAD})


def contacts_only(
    view: Callable[Concatenate[Request, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """Raise `NotFound` for staff: the same stands on the customer's page for them."""

    @wraps(view)
    def guarded(
        request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        known = cast("Request", request)
        if not known.user.is_contact:
            raise NotFound(_("There is no such page."))
        return view(known, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, Arguments], HttpResponse]", guarded)
