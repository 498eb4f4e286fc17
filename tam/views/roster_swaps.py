"""Duty managers who ask one another to take a shift."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import NotAllowed, NotFound
from incidents.views.request import Request
from tam.actions.roster.swaps import accept_swap, decline_swap, propose_swap, withdraw_swap
from tam.models import ShiftSwap
from tam.queries.roster import swaps_seen_by
from tam.views.guards import staff_only
from tam.views.roster_forms import SwapForm
from tam.views.roster_pages import act_and_return, address_on, get_shift, show_form, take

SWAPS_SHOWN = 50  # the newest: a year's, mostly

ANSWERS = {"accept": accept_swap, "decline": decline_swap, "withdraw": withdraw_swap}


@require_GET
@staff_only
def swaps(request: Request) -> HttpResponse:
    """Show what the person is asked, asks, and what became of it."""
    found = swaps_seen_by(request.user)
    waiting = found.filter(state=ShiftSwap.State.PROPOSED)
    context = {
        "asked": [swap for swap in waiting if swap.asked_of == request.user],
        "asking": [swap for swap in waiting if swap.asked_by == request.user],
        "settled": found.exclude(state=ShiftSwap.State.PROPOSED).order_by("-decided_at", "-pk")[
            :SWAPS_SHOWN
        ],
    }
    return render(request, "tam/roster/swaps.html", context)


@require_http_methods(["GET", "POST"])
@staff_only
def new_swap(request: Request, pk: int) -> HttpResponse:
    """Ask which colleague is to take a shift; or ask the colleague."""
    shift = get_shift(request, pk)
    if shift.person != request.user:
        raise NotAllowed(_("Only whose shift it is asks for a swap."))
    if shift.starts_at <= request.at:
        messages.error(request, _("This shift has begun; it can no longer be swapped."))
        return redirect("roster-shift", shift.pk)
    form = SwapForm(request.POST or None, shift=shift, at=request.at)
    page = {
        "title": _("Ask a colleague to take a shift"),
        "explanation": _("The shift is yours until the colleague has accepted."),
        "submit": _("Ask"),
        "back": address_on(shift.office, shift.starts_at),
        "shown": shift,
        "at_once": True,
    }
    if not (form.is_bound and form.is_valid()):
        return show_form(request, form, page)

    def act() -> str:
        propose_swap(
            shift=shift,
            asked_of=form.cleaned_data["asked_of"],
            in_return=form.cleaned_data["in_return"],
            note=form.cleaned_data["note"],
            actor=request.user,
            at=request.at,
        )
        return reverse("roster-swaps")

    return take(request, form, page, act, _("Asked. You are told of the answer."))


@require_POST
@staff_only
def swap_answer(request: Request, pk: int) -> HttpResponse:
    """Accept, decline or withdraw a swap, as the form's `answer` says."""
    swap = swaps_seen_by(request.user).filter(pk=pk).first()
    decide = ANSWERS.get(request.POST.get("answer", ""))
    if swap is None or decide is None:
        raise NotFound(_("There is no such swap."))
    done = {
        "accept": _("Accepted: the shift is yours."),
        "decline": _("Declined. Your colleague is told."),
        "withdraw": _("Withdrawn. Your colleague is told."),
    }
    return act_and_return(
        request,
        lambda: decide(swap=swap, actor=request.user, at=request.at),
        done[request.POST["answer"]],
        reverse("roster-swaps"),
    )
