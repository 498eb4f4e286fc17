"""The notices of the person signed in: to read, and how they want to be told (SPEC 18)."""

from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.notices import choose_ways, mark_all_read, mark_read
from accounts.errors import NotFound
from accounts.notice_queries import kinds_for, notices_of, quiet_hours_of, unread_of, ways_of
from accounts.views.notice_forms import PreferencesForm
from accounts.views.request import Request

PAGE: Final = 25
ID_DIGITS: Final = 18  # what a number of a row can have at the most
UNCHANGED, UNPROCESSABLE = 204, 422
NOTICES: Final = gettext_lazy("Notices")


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int | None = None


@require_safe
def notices(request: Request) -> HttpResponse:
    """List what the person was told, newest first; with `?show=unread` only what is unread."""
    only_unread = request.GET.get("show") == "unread"
    shown = unread_of(request.user) if only_unread else notices_of(request.user)
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    newest = notices_of(request.user).order_by("-pk").values_list("pk", flat=True).first()
    here = reverse("notices")
    context = {
        "page": page,
        "up_to": newest or 0,
        "only_unread": only_unread,
        "tabs": [
            Tab(_("All"), here, not only_unread),
            Tab(_("Unread"), f"{here}?show=unread", only_unread),
        ],
    }
    return render(request, "accounts/notices.html", context)


@require_safe
def bell(request: Request) -> HttpResponse:
    """Answer a poll: 204 while as many are unread as in `v`, else the bell as it is now."""
    unread = unread_of(request.user).count()
    if request.GET.get("v") == str(unread):
        return HttpResponse(status=UNCHANGED)
    return render(request, "_bell.html")


@require_POST
def reading(request: Request, pk: int) -> HttpResponse:
    """Mark one as read, and lead to what it is about."""
    notice = notices_of(request.user).filter(pk=pk).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    mark_read(notice=notice, actor=request.user, at=request.at)
    return redirect(notice.path)


@require_POST
def all_read(request: Request) -> HttpResponse:
    """Mark as read what stood on the page; what came in since stays unread."""
    up_to = request.POST.get("up_to", "")
    if up_to.isascii() and up_to.isdigit() and len(up_to) <= ID_DIGITS:
        mark_all_read(actor=request.user, up_to=int(up_to), at=request.at)
        messages.success(request, _("All notices are read."))
    return redirect("notices")


@require_http_methods(["GET", "POST"])
def preferences(request: Request) -> HttpResponse:
    form = PreferencesForm(
        request.POST if request.method == "POST" else None,
        kinds=kinds_for(request.user),
        ways=ways_of(request.user),
        quiet=quiet_hours_of(request.user),
    )
    if form.is_valid():
        choose_ways(actor=request.user, ways=form.ways(), quiet=form.quiet(), at=request.at)
        messages.success(request, _("Saved. What comes from now on reaches you like this."))
        return redirect("notice-preferences")
    crumbs = [
        {"label": NOTICES, "url": reverse("notices")},
        {"label": _("How you are told"), "url": None},
    ]
    context = {"form": form, "crumbs": crumbs}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "accounts/notice_preferences.html", context, status=status)
