"""The administrators' site."""

from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _


class MsaAdminSite(AdminSite):
    """The stock admin, which tells people who are signed in and are no administrators so."""

    site_title = _("Administration")
    site_header = _("Administration")
    index_title = _("Agreements, people and offices")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 (Django's signature)
        guarded = super().admin_view(view, cacheable)

        def admit(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
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
