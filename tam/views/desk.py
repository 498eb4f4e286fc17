"""Beside an incident: whose it is and what is known of the customer; notes for handling them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import Changed, NotAllowed
from accounts.models import Customer
from incidents.access import Verb, get_incident, verbs_of
from incidents.models import Incident
from incidents.queries.related import related_to
from incidents.views.acts import CONFLICT, UNPROCESSABLE
from incidents.views.request import Request
from tam.access import customers_read_by, get_customer
from tam.actions.handling_notes import WRITES_HANDLING_NOTES, write_handling_note
from tam.models import HandlingNote
from tam.queries.desk import (
    agreement_of,
    handled_so_far,
    hands_of,
    latest_note,
    other_open_incidents,
)
from tam.queries.turns import responsibility_for
from tam.views.guards import staff_only

NOTE_LENGTH = 10_000  # characters: five pages, more than is read during a call
NOTES_SHOWN = 30  # of the history: years of changes


@require_safe
@staff_only
def desk(request: Request, reference: str) -> HttpResponse:
    """Show the panel: alone to a page that asks for it, else as a page with who had it so far."""
    incident = get_incident(
        request.user, reference, Verb.SEE_NOTES, request.at, related=SHOWN_ON_DESK
    )
    context = _panel(request, incident)
    if request.headers.get("HX-Request"):
        response = render(request, "tam/desk/_panel.html", context)
    else:
        context["history"] = handled_so_far(incident)
        response = render(request, "tam/desk/desk.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


class HandlingNoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("How this customer is handled"),
        required=False,
        max_length=NOTE_LENGTH,
        help_text=gettext_lazy("For our staff only; the customer never sees it."),
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
@staff_only
def handling_notes(request: Request, pk: int) -> HttpResponse:
    """Show the note on a customer and its history, or write it anew."""
    customer = get_customer(request.user, pk, request.at)
    if request.method == "GET":
        return _show_notes(request, customer, _unsent(customer))
    if request.user.role not in WRITES_HANDLING_NOTES:
        raise NotAllowed(_("Notes for handling are written by those in charge of the customer."))
    form = HandlingNoteForm(request.POST)
    if not form.is_valid():
        return _show_notes(request, customer, form, UNPROCESSABLE)
    try:
        _write(request, customer, form)
    except Changed as refusal:
        form.add_error("text", str(refusal))
        form.data = {**request.POST.dict(), "seen": str(_key(latest_note(customer.pk)))}
        return _show_notes(request, customer, form, CONFLICT)
    messages.success(request, _("The note is kept."))
    return redirect("handling-notes", pk)


SHOWN_ON_DESK = (
    "certificate__office",
    "certificate__tam",
    "certificate__deputy",
    "certificate__programme",
    "customer",
    "author",
)


def _panel(request: Request, incident: Incident) -> dict[str, Any]:
    user, certificate = request.user, incident.certificate
    verbs = verbs_of(user, incident, request.at)
    customers = customers_read_by(user, request.at)
    hands = hands_of(incident, user)
    return {
        "incident": incident,
        "certificate": certificate,
        "office": certificate.office,
        "hands": hands,
        "may_take": incident.is_open and Verb.TAKE in verbs and hands.may_take,
        "may_assign": incident.is_open and Verb.ASSIGN in verbs,
        "may_hand_to_team": incident.is_open and Verb.HAND_TO_TEAM in verbs,
        "may_give_back": incident.is_open and Verb.HAND_BACK in verbs and hands.may_give_back,
        "may_relate": Verb.RELATE in verbs,
        "now": responsibility_for(certificate, request.at),
        "agreement": agreement_of(certificate, user, request.at),
        "others": other_open_incidents(incident, user, request.at),
        "note": latest_note(incident.customer_id),
        "reads_customer": customers.filter(pk=incident.customer_id).exists(),
        "related": related_to(incident, user, request.at),
    }


def _unsent(customer: Customer) -> HandlingNoteForm:
    note = latest_note(customer.pk)
    return HandlingNoteForm(initial={"text": note.text if note else "", "seen": _key(note)})


def _write(request: Request, customer: Customer, form: HandlingNoteForm) -> None:
    write_handling_note(
        customer=customer,
        actor=request.user,
        text=form.cleaned_data["text"],
        at=request.at,
        unchanged_since=form.cleaned_data["seen"],
    )


def _key(note: HandlingNote | None) -> int:
    return note.pk if note else 0


def _show_notes(
    request: Request, customer: Customer, form: HandlingNoteForm, status: int = 200
) -> HttpResponse:
    notes = HandlingNote.objects.filter(customer=customer).select_related("changed_by")
    context = {
        "customer": customer,
        "form": form,
        "may_write": request.user.role in WRITES_HANDLING_NOTES,
        "notes": list(notes[:NOTES_SHOWN]),
    }
    return render(request, "tam/desk/handling_notes.html", context, status=status)
