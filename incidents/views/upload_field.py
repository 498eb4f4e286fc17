"""Uploads in a form: what it is sent with, and what its widget shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from incidents.actions.uploads import uploads_at
from incidents.models import Upload


class UploadsField(forms.Field):
    """The keys of files that have arrived; `clean` returns them in the order sent."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> list[UUID]:
        try:
            keys = [UUID(str(key)) for key in _listed(value) if key]
        except ValueError as error:
            raise ValidationError(
                _("A file is not kept any more. Please choose it again.")
            ) from error
        if len(keys) > settings.UPLOAD_LIMIT_COUNT:
            raise ValidationError(_("These are too many files for one message."))
        return keys


@dataclass(frozen=True, slots=True)
class ShownUpload:
    """A row of the widget; without a script a whole one is a box to tick."""

    upload: Upload
    chosen: bool


def uploads_shown(user: User, place: str, form: forms.BaseForm) -> dict[str, Any]:
    """Return what `incidents/_uploads.html` shows: what this person has sent to this form so far.

    `place` names the form among the person's: letters, digits and hyphens, at most 40.
    """
    posted = getattr(form, "cleaned_data", {}).get("uploads") if form.is_bound else None
    return {
        "uploads_place": place,
        "uploads": [
            ShownUpload(upload, chosen=posted is None or upload.pk in posted)
            for upload in uploads_at(user=user, place=place)
        ],
    }


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return []
    return value if isinstance(value, list | tuple) else [value]
