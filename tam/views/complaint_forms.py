"""The forms of complaints, and of taking escalations up."""

from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from accounts.models import Certificate, Contact, User
from incidents.models import Incident
from tam.models import Complaint

TEXT_LENGTH: Final = 20_000  # characters: several pages; what is longer is no reading matter


class KeyedForm(forms.Form):
    """A form that is taken once, however often it is sent."""

    idempotency_key = forms.UUIDField(required=False, initial=uuid4, widget=forms.HiddenInput)

    def key(self, subject: object) -> UUID:
        """Return by what a valid form about `subject` is taken; with other words it is another."""
        typed = sorted(
            (name, value)
            for name, value in self.data.items()
            if name in self.fields and name != "idempotency_key"
        )
        content = repr((type(self).__name__, str(subject), typed))
        return uuid5(self.cleaned_data["idempotency_key"] or uuid4(), content)


class WordsForm(KeyedForm):
    text = forms.CharField(
        label=_("Your message"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class RaiseForm(WordsForm):
    """Why a complaint goes one level further, and from which level it was seen to go."""

    from_level = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, level: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_level"].initial = level
        self.fields["text"].label = _("Reason")


class ComplaintForm(KeyedForm):
    """A complaint or a suggestion: a contact names the certificate, staff the contact."""

    certificate = forms.ModelChoiceField(
        label=_("Certificate"), queryset=Certificate.objects.none(), empty_label=_("Choose …")
    )
    contact = forms.ModelChoiceField(
        label=_("Who told you"),
        queryset=Contact.objects.none(),
        empty_label=_("Choose …"),
        help_text=_("The contact is told that you have taken it down."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Complaint.Kind.choices,
        initial=Complaint.Kind.COMPLAINT,
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(
        label=_("Incident"),
        required=False,
        max_length=20,
        help_text=_("Its reference, such as INC-2026-000123, if it concerns one."),
    )
    title = forms.CharField(label=_("In one line"), max_length=200)
    text = forms.CharField(
        label=_("What happened, or what you suggest"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    about_tam = forms.BooleanField(
        label=_("It is about the technical account manager"),
        required=False,
        help_text=_("Then it goes to the head of the team at once, and that person never sees it."),
    )

    def __init__(
        self, *args: Any, user: User, certificates: QuerySet[Certificate], at: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.at = user, at
        if user.is_contact:
            del self.fields["contact"]
            self._offer("certificate", certificates)
            self._choose_the_only_one(certificates)
        else:
            del self.fields["certificate"]
            named = Contact.objects.filter(certificate__in=certificates.order_by())
            related = named.select_related("user", "certificate__customer")
            self._offer("contact", related.order_by("user__name", "certificate__number"))

    @property
    def agreement(self) -> Certificate:
        """Return the certificate of a form whose fields are valid."""
        chosen: Certificate = (
            self.cleaned_data["certificate"]
            if self.user.is_contact
            else self.cleaned_data["contact"].certificate
        )
        return chosen

    @property
    def author(self) -> User:
        return self.user if self.user.is_contact else self.cleaned_data["contact"].user

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        reference = str(cleaned.get("reference", "")).strip().upper()
        cleaned["incident"] = None
        if reference and not self.errors:
            seen = Incident.objects.visible_to(self.user, self.at).filter(reference=reference)
            cleaned["incident"] = seen.filter(certificate=self.agreement).first()
            if cleaned["incident"] is None:
                self.add_error(
                    "reference",
                    _text("There is no such incident on certificate %(number)s.")
                    % {"number": self.agreement.number},
                )
        return cleaned

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field: Any = self.fields[name]
        field.queryset = rows
        field.label_from_instance = _named

    def _choose_the_only_one(self, certificates: QuerySet[Certificate]) -> None:
        only = list(certificates[:2])
        if len(only) == 1:
            self.fields["certificate"].initial = only[0]


def _named(row: Certificate | Contact) -> str:
    if isinstance(row, Certificate):
        return row.number
    return f"{row.user.name} · {row.certificate.number} · {row.certificate.customer.name}"
