"""Acts on an incident that account management adds to those of `incidents`."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from incidents.access import Verb
from incidents.models import Incident
from incidents.views.act_forms import WordsForm
from incidents.views.acts import Act, perform
from incidents.views.request import Request
from tam.actions.escalations import escalate, level_of


class EscalationForm(WordsForm):
    from_level = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_level"].initial = level_of(self.incident)


def _escalate(request: Request, incident: Incident, form: Any) -> object:
    return escalate(
        incident=incident,
        actor=request.user,
        text=form.cleaned_data["text"],
        at=request.at,
        from_level=form.cleaned_data["from_level"],
    )


ESCALATION = Act(
    Verb.ESCALATE,
    EscalationForm,
    _escalate,
    _("Escalate this incident"),
    _("It goes up one level, with your reason; the person there is told at once."),
    _("Escalate"),
    _("The incident is escalated."),
)


@require_http_methods(["GET", "POST"])
def escalation(request: Request, reference: str) -> HttpResponse:
    return perform(request, reference, ESCALATION)
