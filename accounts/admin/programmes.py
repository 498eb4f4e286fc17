"""Programme editions: what a support level promises, and where each value comes from (SPEC 2)."""

from collections import Counter
from copy import copy
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions.programmes import make_programme, revise_programme
from accounts.admin.base import StackedInline, administrator, reception
from accounts.admin.preview import SEEN, PreviewedAdmin
from accounts.admin.programme_forms import (
    LIKE,
    ProgrammeForm,
    SeverityForm,
    SeverityFormSet,
    severities_like,
    source_text,
    sources_like,
    terms_like,
)
from accounts.models import Certificate, Programme, ProgrammeSeverity
from accounts.programme_toml import programme_toml
from accounts.promises import length_text
from accounts.terms import SEVERITIES


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
    readonly_fields = ("origin", "sources")
    instead_of_deleting = gettext_lazy("Move its certificates to another edition first.")
    fieldsets = (
        (None, {"fields": ("key", "region", "year", "document", "origin", "sources", SEEN)}),
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

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        programme: Any = super().get_object(request, object_id, from_field)
        if programme is not None:
            programme.as_opened = copy(programme)  # a form with mistakes changes the row itself
        return programme

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("key", "origin", "sources")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        if obj is not None:
            return self.fieldsets
        first = (None, {"fields": ("key", "region", "year", "document", SEEN)})
        return (first, *self.fieldsets[1:])

    def get_urls(self) -> list[URLPattern]:
        download = path(
            "<path:object_id>/toml/",
            self.admin_site.admin_view(self.toml_view),
            name="accounts_programme_toml",
        )
        return [download, *super().get_urls()]

    def toml_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send an edition as the file that would say the same."""
        programme = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, programme):
            raise PermissionDenied
        if programme is None:
            raise Http404
        return HttpResponse(
            programme_toml(programme.as_data()),
            content_type="application/toml; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{programme.key}.toml"'},
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        if like := _like(request):
            context["title"] = _("New edition from %(edition)s") % {"edition": like.key}
        return super().add_view(request, form_url, context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        like = _like(request)
        return terms_like(like) if like else {}

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        facts = {"at": reception(request), "like": None if obj else _like(request)}
        return type(form)(form.__name__, (form,), facts)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> Any:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        like = _like(request) if obj.pk is None else None
        if obj.pk is None:
            blank = [{"severity": severity} for severity in SEVERITIES]
            kwargs["initial"] = severities_like(like) if like else blank
        provenance = sources_like(like) if like else obj.provenance
        return kwargs | {"at": reception(request), "form_kwargs": {"provenance": provenance}}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        programme: Programme = form.instance
        [severities] = formsets
        edited = severities.save(commit=False)
        if not change:
            make_programme(programme=programme, severities=edited)
            return
        with self.weighed(request, Certificate.objects.filter(programme=programme.pk)):
            revise_programme(
                programme=programme,
                severities=edited,
                actor=administrator(request),
                at=reception(request),
            )

    @admin.display(description=gettext_lazy("name"))
    def name(self, programme: Programme) -> str:
        return programme.name

    @admin.display(description=gettext_lazy("response, S1 to S4"))
    def responses(self, programme: Programme) -> str:
        rows = programme.severities.all()
        promised = (row.as_data()["response"] for row in rows)
        return " / ".join("–" if target == "none" else length_text(target) for target in promised)

    @admin.display(description=gettext_lazy("certificates"), ordering="certificate_total")
    def certificate_count(self, programme: Any) -> int:
        return int(programme.certificate_total)

    @admin.display(description=gettext_lazy("origin"))
    def origin(self, programme: Programme) -> str:
        stored: Programme = getattr(programme, "as_opened", programme)
        if stored.loaded_digest is None:
            return _("Made here")
        if stored.loaded_digest == stored.fingerprint():
            return _("As in its file")
        return _("Edited since it was loaded from its file, which will not overwrite it")

    @admin.display(description=gettext_lazy("sources"))
    def sources(self, programme: Programme) -> str:
        stored: Programme = getattr(programme, "as_opened", programme)
        counted = Counter(
            source_text(source).rstrip(".。") for source in stored.provenance.values()
        )
        return " · ".join(f"{text}: {count}" for text, count in counted.most_common())


def _like(request: HttpRequest) -> Programme | None:
    """Return the edition that a new one is made from, as the address says."""
    key = request.GET.get(LIKE)
    if key is None:
        return None
    if not key.isdecimal():
        raise Http404
    return get_object_or_404(Programme.objects.prefetch_related("severities"), pk=key)
