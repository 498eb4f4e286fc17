"""The saved views of the queue, and how a person wants its rows."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refused
from incidents.views.request import Request
from tam.actions.queue_views import (
    change_view,
    delete_view,
    move_view,
    save_view,
    set_preference,
)
from tam.queries.narrowing import Narrowing
from tam.queries.queue_views import get_view_to_change, may_change, preference_of, views_shown_to
from tam.views.guards import staff_only
from tam.views.queue_forms import PreferenceForm, ViewForm

UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@staff_only
def views(request: Request) -> HttpResponse:
    """List the views; save under a name what the address narrows the queue to."""
    narrowing = Narrowing.from_query(request.GET)
    if request.method == "GET":
        return _listed(request, narrowing, ViewForm(owner=request.user))
    form = ViewForm(request.POST, owner=request.user)
    if not form.is_valid():
        return _listed(request, narrowing, form, UNPROCESSABLE)
    try:
        save_view(
            actor=request.user,
            name=form.cleaned_data["name"],
            query=narrowing.query().removeprefix("?"),
            shared=form.shares,
        )
    except Refused as refusal:
        form.add_error(refusal.field or None, str(refusal))
        return _listed(request, narrowing, form, UNPROCESSABLE)
    messages.success(request, _("The view is saved."))
    return redirect(reverse("queue") + narrowing.query())


@require_http_methods(["GET", "POST"])
@staff_only
def view(request: Request, pk: int) -> HttpResponse:
    """Rename one view, share it, or take it back."""
    found = get_view_to_change(request.user, pk)
    initial = {"name": found.name, "shared": found.office_id is not None}
    form = ViewForm(request.POST or None, owner=found.owner, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_view(view=found, name=form.cleaned_data["name"], shared=form.shares)
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, _("The view is changed."))
            return redirect("queue-views")
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "tam/queue_view.html", {"view": found, "form": form}, status=status)


@require_POST
@staff_only
def view_position(request: Request, pk: int) -> HttpResponse:
    """Move one of one's own views up, or down."""
    found = get_view_to_change(request.user, pk)
    if found.owner_id == request.user.pk:
        move_view(view=found, actor=request.user, up=request.POST.get("to") == "up")
    return redirect("queue-views")


@require_POST
@staff_only
def view_removal(request: Request, pk: int) -> HttpResponse:
    delete_view(view=get_view_to_change(request.user, pk))
    messages.success(request, _("The view is deleted."))
    return redirect("queue-views")


@require_http_methods(["GET", "POST"])
@staff_only
def preference(request: Request) -> HttpResponse:
    """Choose columns, density and sound."""
    kept = preference_of(request.user)
    initial = {"columns": kept.columns, "density": kept.density, "sound": kept.sound}
    form = PreferenceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        set_preference(actor=request.user, **form.cleaned_data)
        return redirect("queue")
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "tam/queue_preference.html", {"form": form}, status=status)


def _listed(
    request: Request, narrowing: Narrowing, form: ViewForm, status: int = 200
) -> HttpResponse:
    shown = [(each, may_change(request.user, each)) for each in views_shown_to(request.user)]
    context: dict[str, Any] = {
        "views": shown,
        "form": form if narrowing.query() else None,
        "query": narrowing.query(),
    }
    return render(request, "tam/queue_views.html", context, status=status)
