"""Keeping what somebody types, a moment after they typed it."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.access import Verb, get_incident
from incidents.actions.drafts import discard_draft, save_draft
from incidents.actions.points import points_in
from incidents.actions.uploads import drop_uploads
from incidents.views.act_forms import TEXT_LENGTH
from incidents.views.composer import answers_in
from incidents.views.request import Request

# Answers in one draft: more points than anybody is asked at a time.
ANSWERS_MOST: Final = 100

NO_CONTENT, UNPROCESSABLE = 204, 422


class DraftForm(forms.Form):
    """What the composer holds; half a message is a draft too, so that nothing is required."""

    kind = forms.CharField(required=False, max_length=20)
    text = forms.CharField(required=False, max_length=TEXT_LENGTH, strip=False)
    points = forms.CharField(required=False, max_length=TEXT_LENGTH, strip=False)

    @property
    def answers(self) -> list[tuple[int, str]]:
        return [(pk, text) for pk, text in answers_in(self.data).items() if text.strip()]

    def clean(self) -> dict[str, Any]:
        answers = self.answers
        if len(answers) > ANSWERS_MOST or any(len(text) > TEXT_LENGTH for _pk, text in answers):
            raise ValidationError(_("This is more than a draft can hold."))
        return self.cleaned_data


@require_POST
def draft(request: Request, reference: str) -> HttpResponse:
    """Keep the composer's content for this person, or throw it away."""
    user = request.user
    verb = Verb.ANSWER if user.is_contact else Verb.NOTE
    incident = get_incident(user, reference, verb, request.at, related=())
    if "discard" in request.POST:
        discard_draft(incident=incident, user=user)
        drop_uploads(user=user, place=incident.reference)
        return redirect(incident)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=UNPROCESSABLE)
    asked = points_in(form.cleaned_data["points"])
    save_draft(
        incident=incident,
        user=user,
        kind=form.cleaned_data["kind"],
        text=form.cleaned_data["text"],
        points=form.answers if user.is_contact else asked,
        at=request.at,
    )
    return HttpResponse(status=NO_CONTENT)
