"""The forms of the customer's page: the register of what is owed, and the log of advice."""

from typing import Any
from uuid import UUID, uuid4, uuid5

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Certificate
from accounts.models.obligation import TITLE_LENGTH, WORDS_LENGTH
from tam.models import Advice

TEXT_LENGTH = 20_000  # characters: some pages; what is longer is a document of its own
ACTION_LENGTH = 2_000  # characters: what one person can do by one day


class OnceForm(forms.Form):
    """A form that is taken once, however often it is sent; with other words it is another act."""

    submission = forms.UUIDField(required=False, initial=uuid4, widget=forms.HiddenInput)

    def key(self, about: str) -> UUID:
        """Return by what a valid form is taken once; `about` names what it is about."""
        typed = sorted((name, str(self.cleaned_data.get(name, ""))) for name in self.fields)
        content = repr((type(self).__name__, about, typed))
        return uuid5(self.cleaned_data["submission"] or uuid4(), content)


class DeliveryForm(OnceForm):
    proof = forms.CharField(
        label=_("Proof"),
        max_length=WORDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was delivered, to whom and how, or the address of a page of ours."),
    )


class WaiverForm(OnceForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=WORDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why it is not owed any more, such as who agreed to that."),
    )


class OutcomeForm(OnceForm):
    outcome = forms.CharField(
        label=_("Outcome"),
        max_length=ACTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What was done, and what came of it. Both sides read it."),
    )


class AdviceForm(OnceForm):
    certificate = forms.ModelChoiceField(
        label=_("Certificate"),
        queryset=Certificate.objects.none(),
        empty_label=None,
        help_text=_("Its contacts are told."),
    )
    title = forms.CharField(label=_("Title"), max_length=TITLE_LENGTH)
    text = forms.CharField(
        label=_("Advice"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("In the customer's language: it is not translated."),
    )
    action = forms.CharField(
        label=_("Agreed action"),
        max_length=ACTION_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    whose = forms.ChoiceField(
        label=_("Whose action"),
        choices=[("", _("None was agreed")), *Advice.Whose.choices],
        required=False,
    )
    due_on = forms.DateField(
        label=_("Due on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        help_text=_(
            "In the office's calendar. An action of ours with a day stands in the register."
        ),
    )

    def __init__(self, data: Any, *, certificates: QuerySet[Certificate]) -> None:
        super().__init__(data)
        choice: Any = self.fields["certificate"]
        choice.queryset = certificates

    def terms(self) -> dict[str, Any]:
        """Return what `give_advice` is told, from a valid form."""
        cleaned = self.cleaned_data
        return {
            "certificate": cleaned["certificate"],
            "title": cleaned["title"],
            "text": cleaned["text"],
            "action": cleaned["action"],
            "whose": Advice.Whose(cleaned["whose"]) if cleaned["whose"] else None,
            "due_on": cleaned["due_on"],
        }
