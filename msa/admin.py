"""The administrators' site."""

from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# What a list is asked for; far from these, Python's dates end.
YEARS = frozenset(str(year) for year in range(1900, 2200))


class MsaAdminSite(AdminSite):
    """The stock admin, which tells people who are signed in and are no administrators so."""

    site_title = _("Administration")
    site_header = _("Administration")
    index_title = _("Agreements, people and offices")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from msa.what_if.views import what_if  # the site is there before there are models

        return [
            path("what-if/", self.admin_view(what_if), name="what-if"),
            *super().get_urls(),
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return what the start page and the sidebar list, with the pages that show no table."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None or not self.has_permission(request):
            return apps
        address = reverse("admin:what-if")
        page = {"name": gettext("What if"), "object_name": "WhatIf", "admin_url": address}
        planning = {
            "name": gettext("Planning"),
            "app_label": "planning",
            "app_url": address,
            "models": [page | {"view_only": True}],
        }
        return [*apps, planning]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 (Django's signature)
        guarded = super().admin_view(view, cacheable)

        def admit(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            _refuse_nonsense(request.GET)
            response: HttpResponse = guarded(request, *args, **kwargs)
            return response

        return update_wrapper(admit, guarded)

    @method_decorator(login_not_required)
    def login(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Send everyone to the one page where people sign in."""
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def password_change(  # type: ignore[override]  # nothing of it is rendered here
        self,
        request: HttpRequest,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Send everyone to the one page where people change their password."""
        return redirect("password-change")


def _refuse_nonsense(asked: QueryDict) -> None:
    """Answer 400 to what no page links to, and the database or a date would choke on."""
    for name, values in asked.lists():
        for value in values:
            if "\0" in name or "\0" in value:
                raise BadRequest("A query holds no NUL.")
            if name.endswith("__year") and value not in YEARS:
                raise BadRequest("A query names a year that people live in.")
