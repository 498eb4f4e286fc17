"""Certificates with their contacts, and the versions issued of them (SPEC 3)."""

from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, DateField, DateTimeField, F, Func, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.certificates import (
    issue_certificate,
    reinstate_certificate,
    renew_call_in_code,
    revise_certificate,
    revoke_certificate,
)
from accounts.admin.base import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    TabularInline,
    administrator,
    reception,
    without_shortcuts,
)
from accounts.admin.certificate_forms import (
    CertificateForm,
    ContactForm,
    ContactFormSet,
    PeopleOfCustomer,
)
from accounts.admin.fields import week_text
from accounts.admin.preview import SEEN, PreviewedAdmin
from accounts.models import Certificate, CertificateVersion, Contact

SOON_DAYS = 90  # the first warning before a certificate ends (SPEC 3)


class ContactInline(TabularInline):
    model = Contact
    form = ContactForm
    formset = ContactFormSet
    fields = ("slot", "user", "reached_at", "code", "renew_code")
    readonly_fields = ("slot", "reached_at", "code")
    autocomplete_fields = ("user",)
    ordering = ("slot",)
    extra = 1

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return without_shortcuts(super().formfield_for_dbfield(db_field, request, **kwargs))

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        certificate = request.resolver_match.kwargs.get("object_id")
        if db_field.name == "user" and certificate:
            kwargs["widget"] = PeopleOfCustomer(db_field, self.admin_site, certificate=certificate)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("call-in code"))
    def code(self, contact: Contact) -> str:
        return contact.call_in_code if contact.pk else "–"

    @admin.display(description=gettext_lazy("reached at"))
    def reached_at(self, contact: Contact) -> str:
        if not contact.pk:
            return "–"
        return format_html(
            '<a href="{}">{}</a>{}',
            reverse("admin:accounts_user_change", args=[contact.user_id]),
            contact.user.email,
            f", {contact.user.phone}" if contact.user.phone else "",
        )


class VersionInline(ReadOnlyInline):
    model = CertificateVersion
    fields = ("number", "issued_at", "requested_by", "approved_by")
    readonly_fields = fields
    ordering = ("-number",)
    show_change_link = True
    verbose_name_plural = gettext_lazy("versions issued")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("requested_by", "approved_by")


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [
            ("valid", _("Valid")),
            ("soon", _("Ends within %(days)d days") % {"days": SOON_DAYS}),
            ("coming", _("Not yet valid")),
            ("ended", _("Ended")),
            ("revoked", _("Revoked")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        standing = queryset.filter(revoked_at=None)
        match self.value():
            case "valid":
                return standing.filter(valid_from__lte=F("today"), valid_until__gte=F("today"))
            case "soon":
                return standing.filter(
                    valid_from__lte=F("today"),
                    valid_until__gte=F("today"),
                    valid_until__lte=F("today") + SOON_DAYS,
                )
            case "coming":
                return standing.filter(valid_from__gt=F("today"))
            case "ended":
                return standing.filter(valid_until__lt=F("today"))
            case "revoked":
                return queryset.filter(revoked_at__isnull=False)
        return queryset


@admin.register(Certificate)
class CertificateAdmin(PreviewedAdmin):
    form = CertificateForm
    inlines = (ContactInline, VersionInline)
    actions = ("revoke", "reinstate")
    list_display = (
        "number",
        "customer",
        "state",
        "valid_until",
        "contacts_named",
        "tam",
        "office",
        "programme",
    )
    list_filter = (
        StateFilter,
        ("office", admin.RelatedOnlyFieldListFilter),
        ("programme", admin.RelatedOnlyFieldListFilter),
        ("tam", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("customer", "programme", "office", "tam")
    search_fields = ("number", "customer__name", "contacts__user__name", "contacts__user__email")
    date_hierarchy = "valid_until"
    autocomplete_fields = ("customer", "programme", "office", "tam", "deputy")
    instead_of_deleting = gettext_lazy("Revoke it in the list, or set its last day, instead.")
    fieldsets = (
        (None, {"fields": ("number", "customer", "programme", "office", SEEN)}),
        (gettext_lazy("Validity"), {"fields": ("valid_from", "valid_until")}),
        (gettext_lazy("In charge"), {"fields": ("tam", "deputy")}),
        (gettext_lazy("Products covered"), {"fields": ("covered_products",)}),
        (gettext_lazy("Working hours"), {"fields": ("week",)}),
        (
            gettext_lazy("This change"),
            {
                "fields": ("requested_by",),
                "description": gettext_lazy(
                    "Whatever the certificate prints (terms, products, hours, people and how they "
                    "are reached) is issued as a new version when it changes; old versions stay."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        contacts = Contact.objects.filter(certificate=OuterRef("pk")).order_by()
        return (
            super()
            .get_queryset(request)
            .annotate(
                today=_local_date(reception(request)),
                contact_total=Coalesce(
                    Subquery(
                        contacts.values("certificate").annotate(total=Count("*")).values("total")
                    ),
                    0,
                ),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        fieldsets = [(name, dict(options)) for name, options in self.fieldsets]
        if obj is not None:
            fieldsets[1][1]["fields"] = ("state", "valid_from", "valid_until")
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("customer", "state")

    @admin.display(description=gettext_lazy("state"))
    def state(self, certificate: Any) -> str:
        today: date = certificate.today
        if certificate.revoked_at is not None:
            return _("Revoked")
        if today < certificate.valid_from:
            return _("Not yet valid")
        days = (certificate.valid_until - today).days
        if days < 0:
            return _("Ended")
        if days <= SOON_DAYS:
            return _("%(days)d days left") % {"days": days}
        return _("Valid")

    @admin.display(description=gettext_lazy("contacts"), ordering="contact_total")
    def contacts_named(self, certificate: Any) -> str:
        return f"{certificate.contact_total}/{certificate.contact_limit}"

    @admin.action(description=gettext_lazy("Revoke: refuse new incidents, open ones go on"))
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for certificate in queryset:
            if revoke_certificate(certificate=certificate, at=reception(request)):
                self.log_change(request, certificate, _("Revoked."))
        self.message_user(request, _("Revoked. New incidents are refused; open ones go on."))

    @admin.action(description=gettext_lazy("Take a revocation back"))
    def reinstate(self, request: HttpRequest, queryset: Any) -> None:
        for certificate in queryset:
            if reinstate_certificate(certificate=certificate):
                self.log_change(request, certificate, _("Revocation taken back."))
        self.message_user(request, _("Taken back. Incidents can be filed while it is valid."))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        before = form.instance.version
        with self.weighed(request, Certificate.objects.filter(pk=form.instance.pk)):
            self._save(request, form, formsets, change)
        self._tell_of_version(request, form.instance, before)

    def _save(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Save terms and contacts: they are one act."""
        contacts = next(formset for formset in formsets if formset.model is Contact)
        for formset in formsets:
            if formset is not contacts:
                formset.save()
        removed = [row.instance for row in contacts.removing_forms()]
        terms = {
            "certificate": form.instance,
            "products": form.cleaned_data["covered_products"],
            "actor": administrator(request),
            "requested_by": form.cleaned_data["requested_by"],
            "at": reception(request),
        }
        named = [row.cleaned_data["user"] for row in contacts.naming_forms()]
        if change:
            revise_certificate(**terms, removed=removed, named=named)
        else:
            issue_certificate(**terms, contacts=named)
        self._renew_codes(contacts)
        contacts.new_objects = list(form.instance.contacts.filter(user__in=named))
        contacts.deleted_objects = removed

    def _renew_codes(self, contacts: Any) -> None:
        renewed = [row.instance for row in contacts.kept_forms() if row.cleaned_data["renew_code"]]
        for contact in renewed:
            renew_call_in_code(contact=contact)
        contacts.changed_objects = [(contact, ["renew_code"]) for contact in renewed]

    def _tell_of_version(self, request: HttpRequest, certificate: Any, before: int) -> None:
        if certificate.version == before:
            text = _("Nothing that the certificate prints has changed; version %(number)d stands.")
        else:
            text = _("Version %(number)d is issued.")
        self.message_user(request, text % {"number": certificate.version}, messages.INFO)


@admin.register(CertificateVersion)
class CertificateVersionAdmin(ReadOnlyAdmin):
    list_display = ("certificate", "number", "customer", "issued_at", "requested_by", "approved_by")
    list_display_links = ("certificate", "number")
    list_select_related = ("certificate", "customer", "requested_by", "approved_by")
    list_filter = (("customer", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("certificate__number", "customer__name")
    date_hierarchy = "issued_at"
    ordering = ("-issued_at", "-pk")
    fields = (
        "certificate",
        "number",
        "issued_at",
        "requested_by",
        "approved_by",
        "what_it_prints",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("what it prints"))
    def what_it_prints(self, version: CertificateVersion) -> str:
        return format_html_join(
            "", "<p><strong>{}:</strong> {}</p>", printed_lines(version.printed)
        )


def printed_lines(printed: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the stored print of a certificate as labels with values."""
    labels = {
        "number": _("number"),
        "customer": _("customer"),
        "programme": _("programme"),
        "office": _("office"),
        "valid_from": _("first day"),
        "valid_until": _("last day"),
        "tam": _("technical account manager"),
        "deputy": _("deputy"),
    }
    lines = [(capfirst(label), str(printed[key] or "–")) for key, label in labels.items()]
    lines.append((_("Products"), ", ".join(printed["products"]) or "–"))
    lines.append((_("Hours"), week_text(printed["week"]) or _("the office's")))
    return lines + [
        (
            _("Contact %(slot)d") % {"slot": contact["slot"]},
            ", ".join(filter(None, (contact["name"], contact["email"], contact["phone"]))),
        )
        for contact in printed["contacts"]
    ]


def _local_date(at: datetime) -> Any:
    """Return the expression of the date that the certificate's office has at an instant."""
    moment = Value(at, output_field=DateTimeField())
    return Cast(
        Func(F("office__timezone"), moment, function="timezone", output_field=DateTimeField()),
        DateField(),
    )
