"""The forms by which contacts ask for a change of contacts."""

import re
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.actions.contact_rules import DETAILS, Kind
from accounts.actions.contacts import Details
from accounts.models import Certificate, User

NOTE_LENGTH = 2_000  # characters: a remark for whoever decides, not a correspondence

# What would forge a further line in a letter, or make a name read otherwise than it is stored:
# control characters, line and paragraph separators, embeddings and isolates of direction.
MISLEADING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
one_plain_line = RegexValidator(
    MISLEADING,
    _("Please leave out line breaks, control characters, and marks that turn the writing."),
    inverse_match=True,
)


class ChangeForm(forms.Form):
    """What is asked for; `person` is the contact who leaves or whose details are wrong."""

    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=150, validators=[one_plain_line])
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("The person signs in with it, and all mail goes there."),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        validators=[one_plain_line],
        help_text=_("Printed on the certificate, as name and e-mail are."),
    )
    mobile = forms.CharField(
        label=_("Mobile"), max_length=40, required=False, validators=[one_plain_line]
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of the pages and mails that the person gets."),
    )
    note = forms.CharField(
        label=_("Remark"),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For whoever decides, such as until when it is needed."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        certificate: Certificate,
        kind: Kind,
        person: User | None,
        reader: User,
    ) -> None:
        self.certificate, self.kind, self.person, self.reader = certificate, kind, person, reader
        super().__init__(data, initial=self._initial())
        if kind == Kind.REMOVE:
            for field in DETAILS:
                del self.fields[field]

    def details(self) -> Details:
        """Return who is to be named, from a valid form."""
        return Details(**{field: self.cleaned_data.get(field, "") for field in DETAILS})

    def key(self) -> UUID:
        """Return by what a valid form is taken once; with other words it is another request."""
        typed = sorted((name, str(self.cleaned_data.get(name, ""))) for name in self.fields)
        content = (
            self.certificate.pk,
            self.kind.value,
            self.person.pk if self.person else None,
            self.reader.pk,
            typed,
        )
        return uuid5(self.cleaned_data["submission"] or uuid4(), repr(content))

    def renew(self) -> None:
        """Have the same words, sent again, count as another request."""
        typed = {name: self.data.get(name) for name in self.data}
        self.data = {**typed, "submission": str(uuid4())}

    def _initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = {"submission": uuid4(), "language": self.reader.language}
        if self.kind == Kind.CORRECT and self.person is not None:
            initial |= {field: getattr(self.person, field) for field in DETAILS}
        return initial
