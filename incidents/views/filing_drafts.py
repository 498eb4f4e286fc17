"""Keeping what is filled in on the filing page, a moment after it was."""

from contextlib import suppress
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import Conflict, NotAllowed
from incidents.access import MAY_FILE
from incidents.actions.filing_drafts import discard_filing_draft, save_filing_draft
from incidents.views.filing_categories import ABOUT, SUFFERS
from incidents.views.filing_form import EXTRA
from incidents.views.request import Request
from incidents.views.upload_field import UploadsField

HELD_LENGTH: Final = 100_000  # characters: the longest text that is taken, and room for the rest
NO_CONTENT, CONFLICT, UNPROCESSABLE = 204, 409, 422

_CHOSEN = frozenset(
    {ABOUT, SUFFERS, "certificate", "channel", "category", "contact", "product", "received_at"}
)
_TYPED = frozenset({"title", "text", "product_version"})


class DraftForm(forms.Form):
    """A form half filled in; whatever stands in it is kept as it was typed."""

    key = forms.UUIDField()
    uploads = UploadsField()
    data: QueryDict

    @property
    def typed(self) -> dict[str, str]:
        """Return what there is to keep: choices alone are made again in no time."""
        kept = {
            name: str(text)
            for name, text in self.data.items()
            if text and (name in _CHOSEN | _TYPED or name.startswith(EXTRA))
        }
        return kept if any(kept[name].strip() for name in kept.keys() - _CHOSEN) else {}

    def clean(self) -> dict[str, Any]:
        if sum(map(len, self.typed.values())) > HELD_LENGTH:
            raise ValidationError(_("This is more than a draft can hold."))
        return self.cleaned_data

    def save(self, request: Request) -> None:
        """Keep a valid form; `Conflict` where the person has begun another."""
        save_filing_draft(
            user=request.user,
            key=self.cleaned_data["key"],
            typed=self.typed,
            uploads=self.cleaned_data["uploads"],
            at=request.at,
        )


@require_POST
def draft(request: Request) -> HttpResponse:
    """Keep the page's content for this person, or throw it away."""
    require_filer(request)
    if "discard" in request.POST:
        discard_filing_draft(user=request.user)
        return redirect("file")
    form = DraftForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=UNPROCESSABLE)
    try:
        form.save(request)
    except Conflict as conflict:
        return HttpResponse(str(conflict), status=CONFLICT, content_type="text/plain")
    return HttpResponse(status=NO_CONTENT)


def keep_what_was_sent(request: Request) -> None:
    """Keep a form that was sent and is shown again; one begun elsewhere stays as it is."""
    form = DraftForm(request.POST)
    if form.is_valid():
        with suppress(Conflict):
            form.save(request)


def require_filer(request: Request) -> None:
    """Raise `NotAllowed` for whoever may not file at all."""
    if request.user.role not in MAY_FILE:
        raise NotAllowed(_("Incidents are filed by contacts, and for them by those in charge."))
