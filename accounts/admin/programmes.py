"""Programme editions: what a support level promises, and where each value comes from (SPEC 2)."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import StackedInline
from accounts.admin.preview import SEEN, PreviewedAdmin
from accounts.admin.programme_forms import ProgrammeForm, SeverityForm, SeverityFormSet
from accounts.models import Certificate, Programme, ProgrammeSeverity
from accounts.terms import SEVERITIES, TargetUnit


class SeverityInline(StackedInline):
    model = ProgrammeSeverity
    form = SeverityForm
    formset = SeverityFormSet
    can_delete = False
    min_num = max_num = len(SEVERITIES)
    extra = 0
    verbose_name = gettext_lazy("severity")
    verbose_name_plural = gettext_lazy("promises at each severity")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "severity",
                    ("response_minutes", "response_unit"),
                    "call_required_out_of_hours",
                    "phone_line",
                    "status_reports",
                )
            },
        ),
        (
            gettext_lazy("Further targets"),
            {"fields": ("further_targets",), "classes": ("collapse",)},
        ),
        (
            gettext_lazy("What this severity means"),
            {"fields": ("meaning_product", "meaning_malware"), "classes": ("collapse",)},
        ),
    )


@admin.register(Programme)
class ProgrammeAdmin(PreviewedAdmin):
    form = ProgrammeForm
    inlines = (SeverityInline,)
    list_display = (
        "name",
        "key",
        "responses",
        "contact_limit",
        "certificate_count",
        "origin",
    )
    search_fields = ("key", "names", "region", "document")
    list_filter = ("region", "year")
    readonly_fields = ("origin",)
    instead_of_deleting = gettext_lazy("Move its certificates to another edition first.")
    fieldsets = (
        (None, {"fields": ("key", "region", "year", "document", "origin", SEEN)}),
        (gettext_lazy("Texts"), {"fields": ("names", "summaries")}),
        (
            gettext_lazy("Terms"),
            {
                "fields": (
                    "contact_limit",
                    "incidents_per_year",
                    "customer_side_months",
                    "warning_percentages",
                    "escalation_levels",
                    "tam_hours",
                ),
                "description": gettext_lazy(
                    "Incidents take the targets over when they are filed: a change touches only "
                    "those filed afterwards."
                ),
            },
        ),
        (gettext_lazy("Services"), {"fields": ("services",)}),
        (
            gettext_lazy("What a customer must hold"),
            {"fields": ("requirements",), "classes": ("collapse",)},
        ),
        (
            gettext_lazy("Where each value comes from"),
            {
                "fields": ("provenance",),
                "classes": ("collapse",),
                "description": gettext_lazy("Correct it when you change a value."),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(certificate_total=Count("certificates"))
            .select_related("loaded_by")
            .prefetch_related("severities")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("origin",) if obj is None else ("key", "origin")

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> Any:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk is None:
            kwargs["initial"] = [{"severity": severity} for severity in SEVERITIES]
        return kwargs

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        programme: Programme = form.instance
        with self.weighed(request, Certificate.objects.filter(programme=programme.pk)):
            programme.save()
            super().save_related(request, form, formsets, change)

    @admin.display(description=gettext_lazy("response, S1 to S4"))
    def responses(self, programme: Programme) -> str:
        return " / ".join(_duration(row) for row in programme.severities.all())

    @admin.display(description=gettext_lazy("certificates"), ordering="certificate_total")
    def certificate_count(self, programme: Any) -> int:
        return int(programme.certificate_total)

    @admin.display(description=gettext_lazy("origin"))
    def origin(self, programme: Programme) -> str:
        if programme.loaded_digest is None:
            return _("Made here")
        if programme.loaded_digest == programme.fingerprint():
            return _("As in its file")
        return _("Edited since it was loaded from its file, which will not overwrite it")


def _duration(row: ProgrammeSeverity) -> str:
    if row.response_minutes is None:
        return "–"
    hours, minutes = divmod(row.response_minutes, 60)
    parts = [_("%(count)d h") % {"count": hours}] if hours else []
    parts += [_("%(count)d min") % {"count": minutes}] if minutes else []
    if row.response_unit == TargetUnit.WORKING:
        parts.append(_("working"))
    return " ".join(parts)
