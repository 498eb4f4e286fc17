"""Specialist teams: who is in them, and what is handed to them (SPEC 11)."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import KeptAdmin, ModelForm
from accounts.models import Role, Team, User

# Who works on incidents, and can be in a team for that.
MEMBERS = (Role.ENGINEER, Role.TAM, Role.DUTY_MANAGER, Role.TEAM_HEAD)


class TeamForm(ModelForm):
    class Meta:
        model = Team
        fields: tuple[str, ...] = ("name", "field", "office", "email", "is_active", "members")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        reached = cleaned.get("email") or cleaned.get("members")
        if cleaned.get("is_active") and "members" in cleaned and not reached:
            message = _("A team that takes incidents needs members, or an address that is read.")
            raise ValidationError({"members": message})
        return cleaned


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    form = TeamForm
    list_display = ("name", "field", "office", "member_count", "email", "is_active")
    list_filter = ("field", "office", "is_active")
    list_select_related = ("office",)
    search_fields = ("name", "members__name")
    filter_horizontal: ClassVar[tuple[str, ...]] = ("members",)
    instead_of_deleting = gettext_lazy("Clear “takes incidents” instead.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(member_total=Count("members", distinct=True))

    @admin.display(description=gettext_lazy("members"), ordering="member_total")
    def member_count(self, team: Any) -> int:
        return int(team.member_total)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "members":
            kwargs["queryset"] = User.objects.filter(role__in=MEMBERS, is_active=True)
        return super().formfield_for_manytomany(db_field, request, **kwargs)
