"""What an administrator writes of a certificate, and who is to hold its slots (SPEC 3)."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.certificates import TERMS, check_new_contact, check_terms, limit_reached
from accounts.admin.base import Formset, ModelForm, date_input
from accounts.admin.day_field import DayField
from accounts.admin.fields import week_field
from accounts.admin.preview import SeenForm
from accounts.errors import Refused
from accounts.hours import week_text
from accounts.models import Certificate, CertificateVersion, Contact, Product, User


class CertificateForm(SeenForm):
    week = week_field(
        required=False,
        label=gettext_lazy("Own hours"),
        help_text=gettext_lazy(
            "Leave every day empty to keep the office's hours. Otherwise write hours such as "
            "09:00–13:00, 14:00–18:00; a day left empty is closed. The office's time zone, closed "
            "and special days hold all the same."
        ),
    )
    covered_products = forms.ModelMultipleChoiceField(
        Product.objects.all(),
        required=False,
        label=gettext_lazy("Products"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checkbox-list"}),
        help_text=gettext_lazy("Contacts file incidents for these."),
    )
    requested_by = forms.ModelChoiceField(
        User.objects.all(),
        required=False,
        label=gettext_lazy("Asked by"),
        widget=AutocompleteSelect(
            CertificateVersion._meta.get_field("requested_by"),  # noqa: SLF001
            admin.site,
        ),
        help_text=gettext_lazy(
            "Who asked for what you save now; the version issued names them. Empty: you."
        ),
    )

    class Meta:
        model = Certificate
        fields = (
            "number",
            "customer",
            "programme",
            "office",
            "valid_from",
            "valid_until",
            "tam",
            "deputy",
            "team_head",
            "business_manager",
            "week",
        )
        widgets: ClassVar[dict[str, Any]] = {
            "valid_from": date_input(),
            "valid_until": date_input(),
        }
        field_classes: ClassVar[dict[str, Any]] = {"valid_from": DayField, "valid_until": DayField}
        help_texts: ClassVar[dict[str, Any]] = {
            "valid_from": gettext_lazy("Filing is refused before it."),
            "valid_until": gettext_lazy(
                "Inclusive, in the office's zone. Filing is refused after it; open incidents go on."
            ),
            "tam": gettext_lazy("Responsible for its incidents while its hours are open."),
            "deputy": gettext_lazy("Stands in while the TAM is absent, before the duty manager."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            covered = self.instance.covered.values_list("product", flat=True)
            self.initial["covered_products"] = list(covered)
            self._tell_hours_of_the_office()

    def facts(self, row: Certificate) -> Any:
        return [
            list(Certificate.objects.filter(pk=row.pk).values_list("customer", *TERMS)),
            list(row.covered.order_by("product").values_list("product", flat=True)),
            list(row.contacts.order_by("slot").values_list("slot", "user")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day lies before the first."))
        return cleaned

    def _tell_hours_of_the_office(self) -> None:
        field = self.fields["week"]
        told = _("The office keeps: %(hours)s.") % {"hours": week_text(self.instance.office.week)}
        field.help_text = f"{field.help_text} {told}"

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        if self.instance.pk is None or "programme" in self.changed_data:
            self.instance.contact_limit = self.instance.programme.contact_limit
        try:
            check_terms(self.instance)
        except Refused as refusal:
            self.add_error(refusal.field or None, str(refusal))


class PeopleOfCustomer(AutocompleteSelect):
    """Offer only the people of a certificate's customer; `PersonAdmin` reads the address."""

    def __init__(self, field: Any, site: admin.AdminSite, *, certificate: str) -> None:
        super().__init__(field, site)
        self.certificate = certificate

    def get_url(self) -> str:
        return f"{super().get_url()}?{urlencode({'certificate': self.certificate})}"


class ContactForm(ModelForm):
    """A slot: an empty one takes a person; a taken one is freed by removing its row."""

    renew_code = forms.BooleanField(required=False, label=gettext_lazy("New code"))

    class Meta:
        model = Contact
        fields = ("user",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            person = self.instance.user
            self.fields["user"].widget = forms.Select(choices=[(person.pk, person.name)])
            self.fields["user"].disabled = True
        else:
            self.fields["renew_code"].disabled = True


class ContactFormSet(Formset):
    """Who is to hold a slot; the rules are those of the actions that name and remove people."""

    def clean(self) -> None:
        super().clean()
        certificate = self.instance
        if any(self.errors) or certificate.contact_limit is None:
            return
        held = [form.instance.user for form in self.kept_forms()]
        if len(held) > certificate.contact_limit:
            raise forms.ValidationError(str(limit_reached(certificate.contact_limit, held)))
        for form in self.naming_forms():
            user = form.cleaned_data["user"]
            try:
                check_new_contact(certificate=certificate, user=user, held=held)
            except Refused as refusal:
                form.add_error("user", str(refusal))
            else:
                held.append(user)

    def validate_unique(self) -> None:
        """Leave it to `clean`, which says it with the person's name."""

    def kept_forms(self) -> list[Any]:
        return [form for form in self.initial_forms if not form.cleaned_data.get("DELETE")]

    def removing_forms(self) -> list[Any]:
        return [form for form in self.initial_forms if form.cleaned_data.get("DELETE")]

    def naming_forms(self) -> list[Any]:
        return [
            form
            for form in self.extra_forms
            if form.cleaned_data.get("user") and not form.cleaned_data.get("DELETE")
        ]
