"""What the shell around every page shows."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from incidents.access import MAY_FILE
from msa.navigation import Navigation

THEMES = ("light", "dark", "system")


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    theme = request.COOKIES.get("theme", "system")
    at = getattr(request, "at", None)
    return {
        "vendor_name": settings.VENDOR_NAME,
        "server_time": at.isoformat() if at else "",
        "at": at,
        "theme": theme if theme in THEMES else "system",
        "area": _area(user),
        "navigation": _navigation(request, user, at),
        "primary_action": _primary_action(user),
        "search_url": _search_url(user),
    }


def _navigation(request: HttpRequest, user: Any, at: datetime | None) -> Navigation | None:
    if at is None or not _is_signed_in(user):
        return None
    return Navigation(request, user, at)


def _is_signed_in(user: Any) -> bool:
    return bool(getattr(user, "is_authenticated", False))


def _area(user: Any) -> str:
    if not _is_signed_in(user):
        return "public"
    return "portal" if user.is_contact else "workspace"


def _search_url(user: Any) -> str | None:
    if not _is_signed_in(user):
        return None
    return reverse("incidents") if user.is_contact else reverse("queue")


def _primary_action(user: Any) -> dict[str, Any] | None:
    if not _is_signed_in(user) or user.role not in MAY_FILE:
        return None
    return {"label": _("New incident"), "url": reverse("file"), "icon": "plus"}
