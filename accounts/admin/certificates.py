"""Certificates with their contacts, and the versions issued of them (SPEC 3)."""

from datetime import date, datetime
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db.models import DateField, DateTimeField, F, Func, Value
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.actions.certificates import (
    issue_certificate,
    reinstate_certificate,
    renew_call_in_code,
    revise_certificate,
)
from accounts.admin.base import (
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
from accounts.admin.exchange import ExchangeAdmin
from accounts.admin.history import note_version, noted_version
from accounts.admin.preview import SEEN, PreviewedAdmin
from accounts.admin.renewal import RENEWALS_MOST, ask_to_renew, renewal_page
from accounts.admin.revocation import revoke_after_asking
from accounts.admin.versions import VersionInline, version_links
from accounts.exchange import CertificateRows
from accounts.models import Certificate, Contact, ContactRequest

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


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [
            ("valid", _("Valid")),
            ("soon", _("Ends within %(days)d days") % {"days": SOON_DAYS}),
            ("due", _("The same, not renewed yet")),
            ("coming", _("Not yet valid")),
            ("ended", _("Ended")),
            ("revoked", _("Revoked")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        standing = queryset.filter(revoked_at=None)
        match self.value():
            case "valid":
                return standing.filter(valid_from__lte=F("today"), valid_until__gte=F("today"))
            case "soon" | "due" as chosen:
                ending = standing.filter(
                    valid_from__lte=F("today"),
                    valid_until__gte=F("today"),
                    valid_until__lte=F("today") + SOON_DAYS,
                )
                return ending if chosen == "soon" else ending.filter(renewal=None)
            case "coming":
                return standing.filter(valid_from__gt=F("today"))
            case "ended":
                return standing.filter(valid_until__lt=F("today"))
            case "revoked":
                return queryset.filter(revoked_at__isnull=False)
        return queryset


@admin.register(Certificate)
class CertificateAdmin(ExchangeAdmin, PreviewedAdmin):
    rows_class = CertificateRows
    import_title = gettext_lazy("Import certificates")
    import_says = gettext_lazy(
        "Certificates that are not here yet are issued; of those that are, what differs is changed "
        "and issued as a new version. Contacts are imported among the people. None is removed."
    )
    form = CertificateForm
    inlines = (ContactInline, VersionInline)
    actions = ("renew", "revoke", "reinstate")
    list_display = (
        "number",
        "customer",
        "state",
        "valid_until",
        "contacts_named",
        "tam",
        "office",
        "edition",
    )
    list_filter = (
        StateFilter,
        ("office", admin.RelatedOnlyFieldListFilter),
        ("programme", admin.RelatedOnlyFieldListFilter),
        ("tam", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("customer", "programme", "office", "tam", "renewal")
    search_fields = ("number", "customer__name", "contacts__user__name", "contacts__user__email")
    date_hierarchy = "valid_until"
    show_full_result_count = False  # of ten thousand: one query less, and nobody needs it
    autocomplete_fields = (
        "customer",
        "programme",
        "office",
        "tam",
        "deputy",
        "team_head",
        "business_manager",
    )
    instead_of_deleting = gettext_lazy("Revoke it in the list, or set its last day, instead.")
    fieldsets = (
        (None, {"fields": ("number", "customer", "programme", "office", SEEN)}),
        (gettext_lazy("Validity"), {"fields": ("valid_from", "valid_until")}),
        (gettext_lazy("In charge"), {"fields": ("tam", "deputy", "team_head", "business_manager")}),
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
        rows = super().get_queryset(request).annotate(today=_local_date(reception(request)))
        return rows.prefetch_related("contacts")

    def exported(self, queryset: Any) -> Any:
        rows = Certificate.objects.filter(pk__in=queryset.order_by().values("pk"))
        return (
            rows.select_related("customer", "programme", "office", "tam", "deputy")
            .prefetch_related("covered__product")
            .order_by("number")
        )

    def weighing(self, request: HttpRequest) -> Any:
        return partial(self.weighed, request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        fieldsets = [(name, dict(options)) for name, options in self.fieldsets]
        if obj is not None:
            fieldsets[1][1]["fields"] = ("state", "succession", "valid_from", "valid_until")
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("customer", "state", "succession")

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
        if days > SOON_DAYS:
            return _("Valid")
        text = ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
        renewal = getattr(certificate, "renewal", None)
        return text if renewal is None else _("%(state)s, renewed") % {"state": text}

    @admin.display(description=gettext_lazy("renewal"))
    def succession(self, certificate: Certificate) -> str:
        lines = []
        if certificate.renews is not None:
            lines.append((_("Follows"), certificate.renews))
        renewal: Certificate | None = getattr(certificate, "renewal", None)
        if renewal is not None:
            lines.append((_("Renewed by"), renewal))
        rows: list[tuple[str, str, Any]] = [
            (text, reverse("admin:accounts_certificate_change", args=[row.pk]), row)
            for text, row in lines
        ]
        if renewal is None:
            address = f"{reverse('admin:accounts_certificate_renew')}?ids={certificate.pk}"
            rows.append((_("Not renewed yet."), address, _("Renew")))
        return format_html_join("", '<p>{} <a href="{}">{}</a></p>', rows)

    @admin.display(description=gettext_lazy("programme"), ordering="programme__key")
    def edition(self, certificate: Certificate) -> str:
        return certificate.programme.key

    @admin.display(description=gettext_lazy("contacts"))
    def contacts_named(self, certificate: Certificate) -> str:
        return f"{len(certificate.contacts.all())}/{certificate.contact_limit}"

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        if request.method == "GET" and kwargs.get("obj") is not None:
            self._tell_of_requests(request, kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    def _tell_of_requests(self, request: HttpRequest, certificate: Certificate) -> None:
        waiting = certificate.contact_requests.filter(state=ContactRequest.State.WAITING).count()
        if not waiting:
            return
        text = ngettext(
            "%(count)d change of its contacts waits for a decision.",
            "%(count)d changes of its contacts wait for a decision.",
            waiting,
        ) % {"count": waiting}
        address = reverse("admin:accounts_contactrequest_changelist")
        link = format_html('<a href="{}?q={}">{}</a>', address, certificate.number, text)
        self.message_user(request, link, messages.WARNING)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.renewal_view)
        return [path("renew/", page, name="accounts_certificate_renew"), *super().get_urls()]

    def renewal_view(self, request: HttpRequest) -> HttpResponse:
        return renewal_page(self, request)

    @admin.action(description=gettext_lazy("Renew: issue the certificates that follow on"))
    def renew(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        page = ask_to_renew(queryset)
        if page is None:
            text = _("At most %(most)d certificates are renewed at once: narrow the list first.")
            self.message_user(request, text % {"most": RENEWALS_MOST}, messages.ERROR)
        return page

    @admin.action(description=gettext_lazy("Revoke: refuse new incidents, open ones go on"))
    def revoke(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return revoke_after_asking(self, request, queryset)

    @admin.action(description=gettext_lazy("Take a revocation back"))
    def reinstate(self, request: HttpRequest, queryset: Any) -> None:
        taken_back = [
            certificate
            for certificate in queryset.order_by("pk")
            if reinstate_certificate(
                certificate=certificate, actor=administrator(request), at=reception(request)
            )
        ]
        for certificate in taken_back:
            self.log_change(request, certificate, _("Revocation taken back."))
        text = ngettext(
            "%(count)d revocation taken back. Incidents can be filed while it is valid.",
            "%(count)d revocations taken back. Incidents can be filed while they are valid.",
            len(taken_back),
        )
        self.message_user(request, text % {"count": len(taken_back)})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        before = form.instance.version
        form.version_before = before
        with self.weighed(request, Certificate.objects.filter(pk=form.instance.pk)):
            self._save(request, form, formsets, change)
        self._tell_of_version(request, form.instance, before)

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
    ) -> list[dict[str, Any]]:
        message = super().construct_change_message(request, form, formsets, add)
        if form.instance.version != form.version_before:
            note_version(message, form.instance.version)
        return message

    def history_links(self, row: Any, entry: LogEntry) -> list[tuple[str, str]]:
        number = noted_version(entry)
        return [] if number is None else version_links(row, number)

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


def _local_date(at: datetime) -> Any:
    """Return the expression of the date that the certificate's office has at an instant."""
    moment = Value(at, output_field=DateTimeField())
    return Cast(
        Func(F("office__timezone"), moment, function="timezone", output_field=DateTimeField()),
        DateField(),
    )
