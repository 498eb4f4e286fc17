"""When people work and when not, for the administrators; what they change is kept as history."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import KeptAdmin, ModelForm, WhenFilter, administrator, reception
from accounts.admin.offices import DutyShiftAdmin
from accounts.models import DutyShift, Role
from tam.actions.roster.absences import correct_absence, remove_absence
from tam.actions.roster.shifts import correct_shift, remove_shift
from tam.models import Absence


class AbsenceForm(ModelForm):
    class Meta:
        model = Absence
        fields = ("person", "starts_at", "ends_at")
        help_texts: ClassVar[dict[str, Any]] = {
            "person": gettext_lazy(
                "Meanwhile the deputy is responsible for a TAM's incidents, else the duty manager."
            ),
            "starts_at": gettext_lazy("In your own time zone."),
            "ends_at": gettext_lazy("In your own time zone."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        person = cleaned.get("person")
        if person and person.role == Role.CONTACT:
            self.add_error("person", _("Only staff are absent."))
        starts_at = cleaned.get("starts_at", self.instance.starts_at)
        if starts_at and cleaned.get("ends_at") and cleaned["ends_at"] <= starts_at:
            self.add_error("ends_at", _("The absence ends before it begins."))
        return cleaned


@admin.register(Absence)
class AbsenceAdmin(KeptAdmin):
    """Absences to come can be changed and deleted; one that has begun can only end otherwise."""

    form = AbsenceForm
    list_display = ("person", "role", "starts_at", "ends_at")
    list_select_related = ("person",)
    list_filter = (WhenFilter, ("person", admin.RelatedOnlyFieldListFilter))
    search_fields = ("person__name", "person__email")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at",)
    autocomplete_fields = ("person",)
    fields = ("person", "starts_at", "ends_at")

    @admin.display(description=gettext_lazy("role"), ordering="person__role")
    def role(self, absence: Absence) -> str:
        return absence.person.role_label

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        begun = obj is not None and obj.starts_at <= reception(request)
        return ("person", "starts_at") if begun else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        over = obj is not None and obj.ends_at <= reception(request)
        return not over and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        begun = obj is not None and obj.starts_at <= reception(request)
        return not begun and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        correct_absence(absence=obj, actor=administrator(request), at=reception(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_absence(absence=obj, actor=administrator(request), at=reception(request))


admin.site.unregister(DutyShift)  # accounts cannot know of the history that is kept here


@admin.register(DutyShift)
class RosterShiftAdmin(DutyShiftAdmin):
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        correct_shift(shift=obj, actor=administrator(request), at=reception(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_shift(shift=obj, actor=administrator(request), at=reception(request))
