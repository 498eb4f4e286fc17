"""The forms of the queue: its views, how it looks, and what is done to many incidents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tam.models import QueuePreference
from tam.models.queue import NAME_LENGTH
from tam.queries.queue_views import COLUMNS


class ViewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
    shared = forms.BooleanField(label=_("Share with my office"), required=False)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if owner.office_id is None:
            del self.fields["shared"]

    @property
    def shares(self) -> bool:
        return bool(self.cleaned_data.get("shared"))


class PreferenceForm(forms.Form):
    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        choices=list(COLUMNS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Severity and incident always stand first."),
    )
    density = forms.ChoiceField(
        label=_("Rows"), choices=QueuePreference.Density.choices, widget=forms.RadioSelect
    )
    sound = forms.BooleanField(
        label=_("Sound for severity 1"),
        required=False,
        help_text=_("Heard when one comes in while the queue is open in a tab."),
    )


class SubmissionForm(forms.Form):
    """What an act on many incidents is sent with: a key by which it is done once."""

    submission = forms.UUIDField()
