"""Incidents that belong together: said and unsaid, beside those that look alike."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import NotFound, Refused
from incidents.access import Verb, get_incident
from incidents.actions.relating import relate, unrelate
from incidents.models import Incident
from incidents.queries.related import look_alikes, related_to
from incidents.views.acts import UNPROCESSABLE, status_of
from incidents.views.request import Request
from tam.views.guards import staff_only

REFERENCE_LENGTH = 20  # characters, as the column holds


class RelationForm(forms.Form):
    reference = forms.CharField(
        label=gettext_lazy("Reference of the other incident"),
        max_length=REFERENCE_LENGTH,
        widget=forms.TextInput(attrs={"placeholder": "INC-2026-000123", "autocomplete": "off"}),
    )

    def clean_reference(self) -> str:
        reference: str = self.cleaned_data["reference"]
        return reference.strip().upper()


@require_http_methods(["GET", "POST"])
@staff_only
def relations(request: Request, reference: str) -> HttpResponse:
    """Show what an incident is related to and what looks alike, or relate it to another.

    Both are the person's to see; done twice, it stands once.
    """
    incident = get_incident(request.user, reference, Verb.RELATE, request.at)
    if request.method == "GET":
        return _show(request, incident, RelationForm())
    form = RelationForm(request.POST)
    if not form.is_valid():
        return _show(request, incident, form, status=UNPROCESSABLE)
    try:
        other = get_incident(
            request.user, form.cleaned_data["reference"], Verb.RELATE, request.at, related=()
        )
        relate(incident=incident, other=other, actor=request.user, at=request.at)
    except NotFound as refusal:
        form.add_error("reference", str(refusal))
        return _show(request, incident, form, status=UNPROCESSABLE)
    except Refused as refusal:
        form.add_error("reference", str(refusal))
        return _show(request, incident, form, status=status_of(refusal))
    messages.success(request, _("Related to %(reference)s.") % {"reference": other.reference})
    return redirect(reverse("incident-relations", args=[reference]))


@require_POST
@staff_only
def removal(request: Request, reference: str, other: str) -> HttpResponse:
    """End a relation; where there is none any more, nothing happens."""
    incident = get_incident(request.user, reference, Verb.RELATE, request.at)
    found = get_incident(request.user, other, Verb.RELATE, request.at, related=())
    unrelate(incident=incident, other=found, actor=request.user, at=request.at)
    messages.success(
        request, _("No longer related to %(reference)s.") % {"reference": found.reference}
    )
    return redirect(reverse("incident-relations", args=[reference]))


def _show(
    request: Request, incident: Incident, form: RelationForm, status: int = 200
) -> HttpResponse:
    context = {
        "incident": incident,
        "form": form,
        "related": related_to(incident, request.user, request.at),
        "look_alikes": look_alikes(incident, request.user, request.at),
    }
    return render(request, "tam/desk/relations.html", context, status=status)
