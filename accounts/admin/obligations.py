"""What is owed to customers, to look at: it is kept by the desk, and on the customer's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnlyAdmin, reception
from accounts.models import Obligation


class StandingFilter(admin.SimpleListFilter):
    """Open, overdue, delivered or waived at the instant of the request."""

    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [
            ("open", _("Open")),
            ("overdue", _("Overdue")),
            ("delivered", _("Delivered")),
            ("waived", _("Waived")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        still_open = {"delivered_at": None, "waived_at": None}
        match self.value():
            case "open":
                return queryset.filter(**still_open)
            case "overdue":
                return queryset.filter(**still_open, due_at__lt=reception(request))
            case "delivered":
                return queryset.filter(delivered_at__isnull=False)
            case "waived":
                return queryset.filter(waived_at__isnull=False)
        return queryset


@admin.register(Obligation)
class ObligationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "customer", "certificate", "due_at", "delivered_at", "waived_at")
    list_select_related = ("customer", "certificate")
    list_filter = (StandingFilter, "kind", ("customer", admin.RelatedOnlyFieldListFilter))
    search_fields = ("title", "customer__name", "certificate__number")
    date_hierarchy = "due_at"
    ordering = ("-due_at", "-pk")
    fields = (
        "customer",
        "certificate",
        "kind",
        "title",
        "owed_since",
        "due_at",
        "delivered_at",
        "delivered_by",
        "proof",
        "waived_at",
        "waived_by",
        "why_waived",
    )
    readonly_fields = fields

    @admin.display(description=_("reason"))
    def why_waived(self, obligation: Obligation) -> str:
        return obligation.reason_text
