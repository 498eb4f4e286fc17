"""The form for filing: what a person may choose, what they chose, and the report it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse_lazy
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Certificate, Product, User
from accounts.programmes import text_in
from incidents import queries
from incidents.access import certificates_for_filing
from incidents.actions.attachments import check_files
from incidents.categories import FieldKind, Kind
from incidents.models import Category
from incidents.states import Channel
from incidents.views.act_forms import TEXT_LENGTH, InstantField, ManyFilesField
from incidents.views.filing_categories import ABOUT, SUFFERS, Finder, finder
from incidents.views.upload_field import UploadsField

TITLE_LENGTH = 200  # characters, as the column holds
VERSION_LENGTH = 40  # the same
EXTRA_LENGTH = 2_000  # characters of an extra answer: a dozen hashes
EXTRA = "extra-"  # what the names of a category's own fields begin with
STAFF_CHANNELS = (Channel.PHONE, Channel.EMAIL)

# While the title is typed, incidents that look alike are asked for, a moment after the last key.
_LOOKS_FOR_OTHERS = {
    "hx-get": reverse_lazy("file-look-alikes"),
    "hx-trigger": "input changed delay:500ms",
    "hx-target": "#file-look-alikes",
    "hx-include": "[name=certificate]",
    "hx-sync": "this:replace",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person may file on and with, and what of it was chosen so far.

    A key that is not on offer chooses nothing, whether it exists elsewhere or not.
    """

    certificates: list[Certificate]
    left: Mapping[int, int]
    refusals: Mapping[int, str]
    categories: Mapping[str, Category]
    certificate: Certificate | None
    category: Category | None
    channel: Channel
    products: Mapping[str, Product]
    contacts: Mapping[str, User]
    for_others: bool
    received: str  # when it reached the staff, as they typed it; empty: now

    @property
    def mark(self) -> str:
        """Name the choice that a promise was shown for."""
        if self.certificate is None or self.category is None:
            return ""
        return f"{self.certificate.pk}:{self.category.key}:{self.channel}{self.received}"

    def received_at(self, at: datetime) -> datetime:
        """Return from when promises count: what was typed, if it can be read, else now."""
        try:
            typed = InstantField().clean(self.received)
        except forms.ValidationError:
            return at
        return typed.astimezone(UTC) if typed else at

    @property
    def filings_left(self) -> int | None:
        """What is left of the chosen certificate's quota; None: it has none."""
        return self.left.get(self.certificate.pk) if self.certificate else None

    @property
    def usable(self) -> dict[str, Certificate]:
        return {str(one.pk): one for one in self.certificates if one.pk not in self.refusals}


def choices_for(user: User, chosen: Mapping[str, Any], at: datetime) -> Choices:
    """Return the choices of a person at an instant; the queries do not grow with them."""
    certificates = certificates_for_filing(user, at)
    left = queries.filings_left(certificates, at)
    refusals = queries.filing_refusals(certificates, left, at)
    usable = {str(one.pk): one for one in certificates if one.pk not in refusals}
    only = next(iter(usable.values())) if len(usable) == 1 else None
    certificate = usable.get(chosen.get("certificate", ""), only)
    categories = {category.key: category for category in Category.objects.on_offer()}
    for_others = not user.is_contact
    on = [certificate] if certificate else list(usable.values())
    return Choices(
        certificates=certificates,
        left=left,
        refusals=refusals,
        categories=categories,
        certificate=certificate,
        category=categories.get(chosen.get("category", "")),
        channel=_channel(chosen, for_others=for_others),
        products=_by_key(Product.objects.filter(coveredproduct__certificate__in=on)),
        contacts=_by_key(User.objects.filter(contact_slots__certificate=certificate))
        if for_others and certificate
        else {},
        for_others=for_others,
        received=chosen.get("received_at", "") if for_others else "",
    )


def _channel(chosen: Mapping[str, Any], *, for_others: bool) -> Channel:
    if not for_others:
        return Channel.PORTAL
    return Channel.EMAIL if chosen.get("channel") == Channel.EMAIL else Channel.PHONE


def _by_key(things: Any) -> dict[str, Any]:
    return {str(thing.pk): thing for thing in things.distinct().order_by("name")}


class FilingForm(forms.Form):
    """Everything that is typed on the filing page, by keys on offer."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    data: "MultiValueDict[str, Any]"

    def __init__(self, *args: Any, user: User, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.choices = choices
        self.fields["certificate"] = _certificate_field(choices)
        if choices.for_others:
            self.fields["channel"] = _channel_field()
            self.fields["received_at"] = InstantField(
                label=_("When did it reach you?"),
                help_text=_("In your time zone, up to 24 hours back. Empty: now."),
            )
        self.fields["category"] = _category_field(choices)
        if choices.for_others:
            self.fields["contact"] = _contact_field(choices)
        self.fields["product"] = _product_field(choices)
        self.fields["product_version"] = forms.CharField(
            label=_("Version"),
            required=False,
            max_length=VERSION_LENGTH,
            widget=forms.TextInput(attrs={"hx-preserve": "true", "autocomplete": "off"}),
        )
        self.fields |= {f"{EXTRA}{one['key']}": _extra_field(one) for one in self._asked}
        self.fields["title"] = forms.CharField(
            label=_("What is wrong?"),
            max_length=TITLE_LENGTH,
            help_text=_("One sentence; the details go below."),
            widget=forms.TextInput(attrs=_LOOKS_FOR_OTHERS | {"autocomplete": "off"}),
        )
        self.fields["text"] = forms.CharField(
            label=_("What happened?"),
            max_length=TEXT_LENGTH,
            help_text=_("Since when, how many are affected, what you see, what you have tried."),
            widget=forms.Textarea(attrs={"rows": 8, "data-draft-key": f"file-{user.pk}"}),
        )
        self.fields["files"] = ManyFilesField(
            label=_("Files"), required=False, help_text=_("Logs, pictures, configurations.")
        )
        self.fields["uploads"] = UploadsField()

    @property
    def _asked(self) -> list[dict[str, Any]]:
        """Return the extra fields that the chosen category asks for."""
        return list(self.choices.category.extra_fields) if self.choices.category else []

    @property
    def extra_fields(self) -> list[forms.BoundField]:
        return [self[f"{EXTRA}{one['key']}"] for one in self._asked]

    @property
    def finder(self) -> Finder:
        """Return the questions that lead to a category; staff and the mistaken see them all."""
        choices = self.choices
        return finder(
            choices.categories.values(),
            self.data or self.initial,
            choices.category,
            whole_list=choices.for_others or (self.is_bound and "category" in self.errors),
        )

    @property
    def promise_was_shown(self) -> bool:
        """Whether the person has read the promise for what they now send (SPEC 5)."""
        return self.data.get("promised") == self.choices.mark

    def clean_certificate(self) -> Certificate:
        key: str = self.cleaned_data["certificate"]
        found = self.choices.usable.get(key)
        if found is None:
            raise forms.ValidationError(self.choices.refusals[int(key)])
        return found

    def clean(self) -> dict[str, Any]:
        try:
            check_files(self.all_files)
        except Refused as refusal:
            self.refuse(refusal)
        return self.cleaned_data

    def refuse(self, refusal: Refused) -> None:
        """Show what the rules refused at the field it is about."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))

    @property
    def all_files(self) -> "list[UploadedFile[Any]]":
        """Return the files of the message and those of the category's own fields."""
        kinds = {f"{EXTRA}{one['key']}": one["kind"] for one in self._asked}
        own = [
            self.cleaned_data[name]
            for name, kind in kinds.items()
            if kind == FieldKind.FILE and self.cleaned_data.get(name)
        ]
        return [*self.cleaned_data.get("files", ()), *own]

    def submission_key(self) -> UUID:
        """Return a key for this form with just this content.

        Sent twice it is one filing; gone back to, changed and sent, it is another.
        """
        ignored = {"csrfmiddlewaretoken", "promised", "key", ABOUT, SUFFERS}
        typed = sorted((name, sent) for name, sent in self.data.lists() if name not in ignored)
        chosen = [(file.name, file.size) for file in self.all_files]
        key: UUID = self.cleaned_data["key"]
        return uuid5(key, repr((typed, chosen)))

    def as_filing(self) -> dict[str, Any]:
        """Return what `file_incident` is given of a valid form."""
        cleaned = self.cleaned_data
        author: User = cleaned.get("contact") or self.user
        return {
            "certificate": cleaned["certificate"],
            "category": cleaned["category"],
            "author": author,
            "actor": self.user,
            "title": " ".join(cleaned["title"].split()),
            "text": self._report(author.language),
            "channel": self.choices.channel,
            "product": cleaned["product"],
            "product_version": cleaned["product_version"],
            "files": self.all_files,
        }

    def _report(self, language: str) -> str:
        """Return the text, and below it the answers to the category's own questions."""
        answers = [
            (text_in(one["label"], language), self._answer(one, language)) for one in self._asked
        ]
        lines = [f"- {_asking(label)} {answer}" for label, answer in answers if answer]
        text: str = self.cleaned_data["text"]
        return "\n".join([text, "", *lines]) if lines else text

    def _answer(self, asked: Mapping[str, Any], language: str) -> str:
        value = self.cleaned_data.get(f"{EXTRA}{asked['key']}")
        match value:
            case None | "":
                return ""
            case date():
                return value.isoformat()
            case UploadedFile():
                return value.name or ""
        if asked["kind"] == FieldKind.CHOICE:
            labels = {choice["key"]: choice["label"] for choice in asked["choices"]}
            return text_in(labels[value], language)
        return " ".join(str(value).split())


def _asking(label: str) -> str:
    return label if label.endswith(("?", "？", ":", "：")) else f"{label}:"


class CertificateChoice(forms.widgets.ChoiceWidget):
    """A choice of certificates; those that cannot be used are shown with the reason, disabled."""

    refused: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.refused:
            option["attrs"]["disabled"] = True
        return option


class CertificateSelect(CertificateChoice, forms.Select):
    """For staff, who may be in charge of many."""


class CertificateRadios(CertificateChoice, forms.RadioSelect):
    """For contacts, who have few."""


def _certificate_field(choices: Choices) -> forms.Field:
    if len(choices.certificates) == 1:
        widget: forms.Widget = forms.HiddenInput()
    else:
        select: CertificateChoice = (
            CertificateSelect() if choices.for_others else CertificateRadios()
        )
        select.refused = frozenset(str(key) for key in choices.refusals)
        widget = select
    usable_first = sorted(choices.certificates, key=lambda one: one.pk in choices.refusals)
    shown = [(str(one.pk), _certificate_label(one, choices)) for one in usable_first]
    if choices.for_others:
        shown.insert(0, ("", _("Choose …")))
    return forms.ChoiceField(
        label=_("Certificate"),
        choices=shown,
        widget=widget,
        initial=choices.certificate.pk if choices.certificate else None,
    )


def _certificate_label(certificate: Certificate, choices: Choices) -> str:
    name = certificate.customer.name if choices.for_others else certificate.programme.name
    reason = choices.refusals.get(certificate.pk)
    return f"{name} · {reason}" if reason else f"{certificate.number} · {name}"


def _channel_field() -> forms.Field:
    return forms.ChoiceField(
        label=_("How did it reach you?"),
        choices=[(channel.value, channel.label) for channel in STAFF_CHANNELS],
        initial=Channel.PHONE,
        widget=forms.RadioSelect,
    )


def _category_field(choices: Choices) -> forms.Field:
    return forms.TypedChoiceField(
        label=_("Which of these is it?"),
        choices=[(key, category.name) for key, category in choices.categories.items()],
        coerce=choices.categories.__getitem__,
        widget=forms.RadioSelect,
    )


def _contact_field(choices: Choices) -> forms.Field:
    return forms.TypedChoiceField(
        label=_("Who asks?"),
        choices=[
            ("", _("Choose …") if choices.certificate else _("Choose the certificate first")),
            *((key, f"{user.name} · {user.email}") for key, user in choices.contacts.items()),
        ],
        coerce=choices.contacts.__getitem__,
        help_text=_("The contact is told that you filed it for them."),
    )


def _product_field(choices: Choices) -> forms.Field:
    """Return the choice of a product; only an incident of a product must name one."""
    must = choices.category is not None and choices.category.kind == Kind.PRODUCT
    only = next(iter(choices.products)) if len(choices.products) == 1 else ""
    return forms.TypedChoiceField(
        label=_("Product"),
        required=must and bool(choices.products),
        choices=[
            ("", _("Choose …") if must else _("None in particular")),
            *((key, product.name) for key, product in choices.products.items()),
        ],
        coerce=choices.products.__getitem__,
        empty_value=None,
        initial=only,
    )


def _extra_field(asked: Mapping[str, Any]) -> forms.Field:
    common = {"label": text_in(asked["label"], get_language()), "required": asked["required"]}
    keep = {"hx-preserve": "true"}  # what is typed stays when another category asks it too
    match asked["kind"]:
        case FieldKind.FILE:
            return forms.FileField(**common, widget=forms.FileInput(attrs=keep))
        case FieldKind.DATE:
            picker = forms.DateInput(attrs={"type": "date", **keep}, format="%Y-%m-%d")
            return forms.DateField(**common, widget=picker, input_formats=["%Y-%m-%d"])
        case FieldKind.CHOICE:
            offered = [
                (one["key"], text_in(one["label"], get_language())) for one in asked["choices"]
            ]
            return forms.ChoiceField(
                **common, choices=[("", _("Choose …")), *offered], widget=forms.Select(attrs=keep)
            )
        case _:
            return forms.CharField(
                **common, max_length=EXTRA_LENGTH, widget=forms.TextInput(attrs=keep)
            )
