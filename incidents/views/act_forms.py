"""The forms of acts on an incident."""

from typing import Any
from uuid import UUID, uuid4, uuid5

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from incidents.models import Incident
from incidents.states import SEVERITY_LABELS

MINUTES, SECONDS = "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"
TEXT_LENGTH = 50_000  # characters: a long log excerpt; anything larger is a file


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files; `clean` returns a list."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(file, initial) for file in files if file]


class InstantField(forms.DateTimeField):
    """A time in the reader's zone; the timer sends seconds, a person types minutes."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", [MINUTES, SECONDS])
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTES)
        )
        super().__init__(required=False, **kwargs)


class ActForm(forms.Form):
    """What every act is sent with: what was on the screen, and a key by which it is taken once."""

    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    idempotency_key = forms.UUIDField(required=False, initial=uuid4, widget=forms.HiddenInput)

    def __init__(self, *args: Any, incident: Incident, user: User, **kwargs: Any) -> None:
        self.incident = incident
        self.user = user
        if not user.is_contact:  # whom the number would tell of notes
            kwargs.setdefault("initial", {}).setdefault("seen", incident.journal_length)
        super().__init__(*args, **kwargs)

    @property
    def key(self) -> UUID:
        """Return by what a valid form is taken once: its key, its incident and what was typed.

        Sent with other words it is another act; one that came without a key is taken as new.
        """
        typed = sorted(
            (name, value)
            for name, value in self.data.items()
            if name in self.fields and name not in {"seen", "idempotency_key"}
        )
        files = [(file.name, file.size) for file in self.cleaned_data.get("files", [])]
        uploads = self.cleaned_data.get("uploads", [])
        content = repr((type(self).__name__, self.incident.pk, typed, files, uploads))
        return uuid5(self.cleaned_data["idempotency_key"] or uuid4(), content)


class WordsForm(ActForm):
    text = forms.CharField(
        label=_("Your message"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class OptionalWordsForm(WordsForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = False


class SeverityForm(WordsForm):
    severity = forms.TypedChoiceField(
        label=_("New severity"),
        choices=[(number, label) for number, label in SEVERITY_LABELS.items()],
        coerce=int,
        widget=forms.RadioSelect,
    )
    field_order = ["severity", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["severity"].initial = self.incident.severity
        self.fields["text"].label = _("Reason")
        self.fields["text"].help_text = _("The customer reads it and can answer.")
