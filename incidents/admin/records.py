"""Categories to edit; incidents and their journal to look at."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import (
    KeptAdmin,
    ModelForm,
    ReadOnlyAdmin,
    ReadOnlyInline,
)
from accounts.admin.fields import PlainJSON, texts_field
from incidents.models import Category, Incident, JournalEntry


class CategoryForm(ModelForm):
    names = texts_field(label=gettext_lazy("Name"))
    descriptions = texts_field(long=True, label=gettext_lazy("Description"))
    extra_fields = forms.JSONField(
        required=False,
        encoder=PlainJSON,
        label=gettext_lazy("Extra fields"),
        help_text=gettext_lazy(
            "Asked for when an incident is filed: a list of fields, each with key, kind (text, "
            "choice, file or date), required and a label in each language; choices with theirs."
        ),
    )

    class Meta:
        model = Category
        fields = (
            "key",
            "kind",
            "shown_under",
            "severity",
            "position",
            "active",
            "allows_signature_request",
            "extra_fields",
            "names",
            "descriptions",
        )
        help_texts: ClassVar[dict[str, Any]] = {
            "severity": gettext_lazy(
                "What a new incident of this category starts with; those filed keep theirs."
            ),
            "position": gettext_lazy("Lower numbers stand first in the list."),
        }

    def clean_extra_fields(self) -> list[Any]:
        fields: list[Any] = self.cleaned_data["extra_fields"] or []
        return fields


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    form = CategoryForm
    list_display = ("name", "kind", "shown_under", "severity", "position", "active", "origin")
    list_filter = ("active", "kind", "severity", "allows_signature_request")
    search_fields = ("key", "names")
    instead_of_deleting = gettext_lazy("Clear “on offer” instead: incidents filed keep it.")
    fieldsets = (
        (None, {"fields": ("key", "active", "origin")}),
        (gettext_lazy("Where it stands"), {"fields": ("kind", "shown_under", "position")}),
        (gettext_lazy("What it means"), {"fields": ("severity", "allows_signature_request")}),
        (gettext_lazy("Texts"), {"fields": ("names", "descriptions")}),
        (gettext_lazy("Extra fields"), {"fields": ("extra_fields",), "classes": ("collapse",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("origin",) if obj is None else ("key", "origin")

    @admin.display(description=gettext_lazy("name"))
    def name(self, category: Category) -> str:
        return category.name

    @admin.display(description=gettext_lazy("origin"))
    def origin(self, category: Category) -> str:
        if category.loaded_digest is None:
            return _("Made here")
        if category.loaded_digest == category.fingerprint():
            return _("As in its file")
        return _("Edited since it was loaded from its file, which will not overwrite it")


class JournalInline(ReadOnlyInline):
    model = JournalEntry
    fields = ("number", "at", "kind", "actor")
    readonly_fields = fields
    ordering = ("number",)
    show_change_link = True
    verbose_name_plural = gettext_lazy("journal")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor")


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """Incidents are worked on in the queue; here they can be found and read."""

    inlines = (JournalInline,)
    list_display = ("reference", "customer", "title", "severity", "state", "received_at")
    list_select_related = ("customer",)
    list_filter = ("state", "severity", ("customer", admin.RelatedOnlyFieldListFilter), "channel")
    search_fields = ("reference", "title", "customer__name", "certificate__number")
    date_hierarchy = "received_at"
    ordering = ("-received_at", "-pk")
    fieldsets = (
        (None, {"fields": ("reference", "title", "customer", "certificate", "author")}),
        (
            gettext_lazy("What it concerns"),
            {"fields": ("category", "product", "product_version", "severity", "channel")},
        ),
        (
            gettext_lazy("Where it stands"),
            {
                "fields": (
                    "state",
                    "closure",
                    "received_at",
                    "responded_at",
                    "customer_side_until",
                    "closed_at",
                )
            },
        ),
    )


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """Entries are only ever added, each chained to the one before it (SPEC 19.2)."""

    list_display = ("incident", "number", "at", "kind", "actor")
    list_display_links = ("incident", "number")
    list_select_related = ("incident", "actor")
    list_filter = ("kind",)
    search_fields = ("incident__reference",)
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    fields = (
        "incident",
        "customer",
        "number",
        "kind",
        "actor",
        "at",
        "recorded_at",
        "data",
        "text_hash",
        "previous_hash",
        "hash",
    )
    readonly_fields = fields
