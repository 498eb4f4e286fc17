"""How a person wants to be told: a way for each kind, and quiet hours."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import NoticeKind, NoticeWay


class PreferencesForm(forms.Form):
    """One choice for each of `kinds`; both quiet hours, or neither."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Leave both empty for no quiet hours. They may go over midnight."),
    )
    quiet_to = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        kinds: Sequence[NoticeKind],
        ways: Mapping[str, str],
        quiet: tuple[time, time] | None,
    ) -> None:
        starts, ends = quiet or (None, None)
        super().__init__(data, initial={**ways, "quiet_from": starts, "quiet_to": ends})
        self._kinds = kinds
        of_kinds = {
            str(kind): forms.ChoiceField(
                label=kind.label, choices=NoticeWay.choices, widget=forms.RadioSelect
            )
            for kind in kinds
        }
        self.fields = {**of_kinds, **self.fields}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if self.errors.keys() & {"quiet_from", "quiet_to"}:
            return cleaned
        if (starts is None) != (ends is None):
            missing = "quiet_from" if starts is None else "quiet_to"
            self.add_error(missing, _("Please give both times, or neither."))
        elif starts is not None and starts == ends:
            self.add_error("quiet_to", _("Quiet hours must not end when they begin."))
        return cleaned

    def ways(self) -> dict[str, str]:
        """Return the way for each kind, from a valid form."""
        return {kind: self.cleaned_data[kind] for kind in map(str, self._kinds)}

    def quiet(self) -> tuple[time, time] | None:
        starts, ends = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_to"]
        return (starts, ends) if starts is not None and ends is not None else None
