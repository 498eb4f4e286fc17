"""The forms of acts on an incident."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from incidents.models import Incident
from incidents.states import SEVERITY_LABELS

TEXT_LENGTH = 50_000  # characters: a long log excerpt; anything larger is a file


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files; `clean` returns a list."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(file, initial) for file in files if file]


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
        content = repr((type(self).__name__, self.incident.pk, typed, files))
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


class MessageForm(WordsForm):
    """The composer: for staff with a kind, for contacts without."""

    KINDS = (
        ("response", _("Reply")),
        ("question", _("Ask")),
        ("solution", _("Solution")),
        ("note", _("Internal note")),
    )

    kind = forms.ChoiceField(choices=KINDS, required=False)
    qualified = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = ManyFilesField(required=False)


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


class CallForm(WordsForm):
    caller = forms.ModelChoiceField(
        label=_("Caller"), queryset=User.objects.none(), empty_label=_("Choose …")
    )
    called_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        help_text=_("In your time zone, up to 24 hours back. Empty: now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    qualified = forms.BooleanField(
        label=_("A qualified response was given in this call"), required=False
    )
    field_order = ["caller", "called_at", "text", "qualified"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        callers: Any = self.fields["caller"]
        callers.queryset = User.objects.filter(
            contact_slots__certificate=self.incident.certificate_id
        ).order_by("name")
        self.fields["text"].label = _("Summary")

    def instant(self, at: datetime) -> datetime:
        """Return when the call was, in UTC; now if nothing was entered.

        A form knows minutes: a call in the minute of reception came with or after it.
        """
        called_at: datetime | None = self.cleaned_data["called_at"]
        if called_at is None:
            return at
        called_at = called_at.astimezone(UTC)
        received_at = self.incident.received_at
        in_that_minute = called_at == received_at.replace(second=0)
        return received_at if in_that_minute else called_at
