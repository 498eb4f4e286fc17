"""Customers, products, and people: a customer's contacts and the vendor's staff."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.actions.invitations import invite
from accounts.actions.people import misplaced, save_customer, save_person, save_product
from accounts.admin.base import (
    KeptAdmin,
    ModelForm,
    administrator,
    reception,
)
from accounts.admin.exchange import ExchangeAdmin
from accounts.admin.fields import TimeZoneSelect
from accounts.errors import Refused
from accounts.exchange import ContactRows, CustomerRows
from accounts.models import Certificate, Contact, Customer, Product, Role, User

if TYPE_CHECKING:  # generic to the type checker only
    CreationForm = AdminUserCreationForm[User]
    StockUserAdmin = UserAdmin[User]
else:
    CreationForm, StockUserAdmin = AdminUserCreationForm, UserAdmin

# Whom each field of the other forms offers: the roles that its rules accept.
OFFERED = {
    ("certificate", "tam"): (Role.TAM,),
    ("certificate", "deputy"): (Role.TAM,),
    ("certificate", "team_head"): (Role.TEAM_HEAD,),
    ("certificate", "business_manager"): (Role.BUSINESS_MANAGER,),
    ("contact", "user"): (Role.CONTACT,),
    ("dutyshift", "person"): (Role.DUTY_MANAGER,),
    ("absence", "person"): tuple(role for role in Role if role != Role.CONTACT),
}


@admin.register(Customer)
class CustomerAdmin(ExchangeAdmin, KeptAdmin):
    rows_class = CustomerRows
    import_title = gettext_lazy("Import customers")
    import_says = gettext_lazy(
        "Customers that are not here yet are added; of those that are, what differs is changed. "
        "Nobody is removed."
    )
    list_display = ("name", "country", "certificate_count", "people_count")
    search_fields = ("name", "certificates__number")
    list_filter = ("country",)
    instead_of_deleting = gettext_lazy("Let its certificates end, or revoke them, instead.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                certificate_total=Count("certificates", distinct=True),
                people_total=Count("people", distinct=True),
            )
        )

    def exported(self, queryset: Any) -> Any:
        return queryset

    @admin.display(description=gettext_lazy("certificates"), ordering="certificate_total")
    def certificate_count(self, customer: Any) -> int:
        return int(customer.certificate_total)

    @admin.display(description=gettext_lazy("people"), ordering="people_total")
    def people_count(self, customer: Any) -> int:
        return int(customer.people_total)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        save_customer(customer=obj, actor=administrator(request), at=reception(request))


@admin.register(Product)
class ProductAdmin(KeptAdmin):
    list_display = ("name", "certificate_count")
    search_fields = ("name",)
    instead_of_deleting = gettext_lazy("Take it off the certificates that are still to be issued.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(certificate_total=Count("coveredproduct"))

    @admin.display(description=gettext_lazy("on certificates"), ordering="certificate_total")
    def certificate_count(self, product: Any) -> int:
        return int(product.certificate_total)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        save_product(product=obj, actor=administrator(request), at=reception(request))


class PersonForm(ModelForm):
    """A person's record; the password is set on a page of its own and never shown."""

    class Meta:
        model = User
        fields: tuple[str, ...] = (
            "name",
            "email",
            "role",
            "customer",
            "office",
            "language",
            "timezone",
            "phone",
            "mobile",
            "is_active",
        )
        widgets: ClassVar[dict[str, Any]] = {"timezone": TimeZoneSelect}
        help_texts: ClassVar[dict[str, Any]] = {
            "role": gettext_lazy("What the person may see and do follows from it."),
            "email": gettext_lazy(
                "The person signs in with it, and all mail goes there. Certificates print a "
                "contact's: a change issues a new version."
            ),
            "phone": gettext_lazy("Printed on certificates, as the name is."),
            "mobile": gettext_lazy("The portal shows a TAM's to the customer."),
            "timezone": gettext_lazy("Times are shown in it, beside the office's where promised."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk and "role" in self.changed_data:
            self._check_change_of_role(cleaned.get("role"))
        if "role" not in self.errors:
            for field, message in misplaced(
                role=cleaned.get("role"),
                customer=cleaned.get("customer", self.instance.customer),
                office=cleaned.get("office", self.instance.office),
            ):
                self.add_error(field, message)
        return cleaned

    def _check_change_of_role(self, role: str | None) -> None:
        before = self.initial["role"]
        if role and Role.CONTACT in {before, role}:
            self.add_error(
                "role",
                _(
                    "A customer's person cannot become staff, nor staff a customer's person: "
                    "what they wrote stands under their side. Enter the person anew."
                ),
            )
        in_charge = Certificate.objects.filter(Q(tam=self.instance) | Q(deputy=self.instance))
        numbers = ", ".join(in_charge.values_list("number", flat=True))
        if before == Role.TAM and numbers:
            self.add_error(
                "role",
                _("Is in charge of %(certificates)s: name another TAM there first.")
                % {"certificates": numbers},
            )


class NewPersonForm(PersonForm, CreationForm):
    """A new person, with a password or without one."""

    usable_password = AdminUserCreationForm.create_usable_password_field(
        gettext_lazy("Without a password the person cannot sign in until one is set.")
    )

    class Media:  # hides the two fields when no password is wanted
        css: ClassVar[dict[str, tuple[str, ...]]] = {
            "all": ("admin/css/unusable_password_field.css",)
        }
        js = ("admin/js/unusable_password_field.js",)

    class Meta(PersonForm.Meta):
        fields = tuple(field for field in PersonForm.Meta.fields if field != "is_active")


@admin.register(User)
class PersonAdmin(ExchangeAdmin, KeptAdmin, StockUserAdmin):
    rows_class = ContactRows
    import_title = gettext_lazy("Import contacts")
    import_says = gettext_lazy(
        "Each row names a person on a certificate, and corrects how they are reached. Each "
        "certificate that changes is issued as one new version; new people are invited by mail. "
        "Nobody is removed."
    )
    form = PersonForm
    add_form = NewPersonForm
    add_form_template = "admin/change_form.html"  # the stock one speaks of "more user options"
    list_display = ("name", "role", "belongs_to", "is_active", "email", "last_login")
    list_filter = (
        "role",
        "is_active",
        ("office", admin.RelatedOnlyFieldListFilter),
        ("customer", admin.RelatedOnlyFieldListFilter),
        "language",
    )
    list_select_related = ("customer", "office")
    search_fields = ("name", "email", "customer__name")
    ordering = ("name",)
    actions = ("invite",)
    filter_horizontal = ()
    autocomplete_fields = ("customer", "office")
    instead_of_deleting = gettext_lazy(
        "Clear “may sign in” instead: what they wrote stays under their name."
    )
    fieldsets = (
        (None, {"fields": ("name", "email", "role", "customer", "office")}),
        (gettext_lazy("Reachable at"), {"fields": ("phone", "mobile")}),
        (gettext_lazy("Reads and sees"), {"fields": ("language", "timezone")}),
        (
            gettext_lazy("Signing in"),
            {"fields": ("is_active", "password_state", "named_on", "last_login")},
        ),
    )
    add_fieldsets = (
        *fieldsets[:3],
        (
            gettext_lazy("Signing in"),
            {"fields": ("usable_password", "password1", "password2")},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        if obj is None:
            return self.add_fieldsets
        where = "customer" if obj.is_contact else "office"
        return ((None, {"fields": ("name", "email", "role", where)}), *self.fieldsets[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        if obj is None:
            return ()
        return ("password_state", "named_on", "last_login", "customer")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        form = super().get_form(request, obj, **kwargs)
        if obj is not None and obj == request.user:
            for name in ("role", "is_active"):  # nobody locks themself out
                form.base_fields[name].disabled = True
        return form

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        found, duplicates = super().get_search_results(request, queryset, search_term)
        asking = (request.GET.get("model_name", ""), request.GET.get("field_name", ""))
        if asking in OFFERED:
            found = found.filter(role__in=OFFERED[asking], is_active=True)
        certificate = request.GET.get("certificate", "")
        if certificate.isdecimal():
            found = found.filter(customer__certificates=certificate)
        return found, duplicates

    @admin.action(description=gettext_lazy("Send an invitation to choose a password"))
    def invite(self, request: HttpRequest, queryset: Any) -> None:
        invited = 0
        for person in queryset:
            try:
                invite(person=person, actor=administrator(request), at=reception(request))
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
                continue
            self.log_change(request, person, _("Invited to choose a password."))
            invited += 1
        text = ngettext("%(count)d person invited.", "%(count)d people invited.", invited)
        if invited:
            self.message_user(request, text % {"count": invited}, messages.SUCCESS)

    def exported(self, queryset: Any) -> Any:
        slots = Contact.objects.filter(user__in=queryset.order_by().values("pk"))
        return slots.select_related("user", "certificate__customer").order_by(
            "certificate__number", "slot"
        )

    @admin.display(
        description=gettext_lazy("belongs to"), ordering=F("customer__name").asc(nulls_last=True)
    )
    def belongs_to(self, person: User) -> str:
        return str(person.customer or person.office or "–")

    @admin.display(description=gettext_lazy("password"))
    def password_state(self, person: User) -> str:
        state = _("Set.") if person.has_usable_password() else _("None: cannot sign in with one.")
        return format_html(
            '<p>{}</p><p><a href="{}">{}</a></p>',
            state,
            reverse("admin:auth_user_password_change", args=[person.pk]),
            _("Set a password"),
        )

    @admin.display(description=gettext_lazy("named on"))
    def named_on(self, person: User) -> str:
        if not person.is_contact:
            in_charge = Certificate.objects.filter(Q(tam=person) | Q(deputy=person))
            return ", ".join(in_charge.values_list("number", flat=True)) or "–"
        slots = person.contact_slots.select_related("certificate")
        return ", ".join(slot.certificate.number for slot in slots) or _(
            "No certificate: this person cannot sign in."
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        save_person(person=obj, actor=administrator(request), at=reception(request))
