"""Addresses whose mail comes back, to look at; deleted, one counts as sound again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import ReadOnlyAdmin
from accounts.models import MailTrouble


@admin.register(MailTrouble)
class MailTroubleAdmin(ReadOnlyAdmin):
    list_display = ("address", "bounced_at", "bounces", "reason")
    search_fields = ("address", "reason")
    date_hierarchy = "bounced_at"
    fields = ("address", "bounced_at", "bounces", "reason")
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_active and request.user.is_staff)
