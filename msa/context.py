"""What the shell around every page shows."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from accounts.access import READS_CERTIFICATES
from accounts.models import Role
from incidents.access import MAY_FILE

THEMES = ("light", "dark", "system")


@dataclass(frozen=True, slots=True)
class Destination:
    """One entry of the navigation."""

    label: str | LazyText
    url: str
    icon: str
    current: bool
    count: int | None = None
    hot: bool = False


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
        "navigation": _navigation(request, user),
        "primary_action": _primary_action(user),
        "search_url": reverse("queue") if _works_the_queue(user) else None,
    }


def _area(user: Any) -> str:
    if not getattr(user, "is_authenticated", False):
        return "public"
    return "portal" if user.is_contact else "workspace"


def _works_the_queue(user: Any) -> bool:
    return bool(getattr(user, "is_authenticated", False)) and not user.is_contact


def _navigation(request: HttpRequest, user: Any) -> list[Destination]:
    if not getattr(user, "is_authenticated", False):
        return []
    if user.is_contact:
        entries = [
            (_("Home"), reverse("home"), "house"),
            (_("File an incident"), reverse("file"), "circle-plus"),
            (_("Certificates"), reverse("certificates"), "file-badge"),
        ]
    else:
        entries = [(_("Queue"), reverse("queue"), "inbox")]
        if user.role in READS_CERTIFICATES:
            entries.append((_("Certificates"), reverse("certificates"), "file-badge"))
        if user.role == Role.ADMINISTRATOR:
            entries.append((_("Administration"), reverse("admin:index"), "settings"))
    return [
        Destination(label, url, icon, current=request.path == url) for label, url, icon in entries
    ]


def _primary_action(user: Any) -> dict[str, Any] | None:
    if not getattr(user, "is_authenticated", False) or user.role not in MAY_FILE:
        return None
    return {"label": _("New incident"), "url": reverse("file"), "icon": "plus"}
