"""What the administrators' pages have in common: acting at an instant, and never losing history."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import IntegrityError, models, transaction
from django.forms import DateInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.html import strip_tags
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.history import note_values, noted_values
from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from accounts.models import User

if TYPE_CHECKING:  # generic to the type checker only
    from django import forms

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    StackedInline = admin.StackedInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
    Formset = forms.BaseInlineFormSet[Any, Any, Any]
else:
    from django.contrib.admin import ModelAdmin, StackedInline, TabularInline
    from django.forms import BaseInlineFormSet as Formset
    from django.forms import ModelForm

__all__ = [
    "Formset",
    "KeptAdmin",
    "ModelForm",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "StackedInline",
    "TabularInline",
    "WhenFilter",
    "administrator",
    "date_input",
    "reception",
    "without_shortcuts",
]

NAMED_MOST = 5  # obstacles that a message names: enough to see what holds a row


def reception(request: HttpRequest) -> datetime:
    """Return the instant at which a request arrived; it dates everything the request does."""
    at: datetime = cast("Any", request).at
    return at


def administrator(request: HttpRequest) -> User:
    return cast("User", request.user)


def without_shortcuts(field: Any) -> Any:
    """Leave of the icons beside a choice those that add and show: others change what is shared."""
    if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget.can_change_related = field.widget.can_delete_related = False
    return field


def date_input() -> DateInput:
    """Return the browser's own date field: short, and free of remarks about the time of day."""
    return DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class KeptAdmin(ModelAdmin):
    """Rows that the record may rest on: those are never deleted, and the page says what to do.

    What a rule refuses while a form is saved is told on the form, which keeps what was typed;
    nothing of it is saved. The history tells values before and after.
    """

    instead_of_deleting: ClassVar[str | LazyText] = ""

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return without_shortcuts(super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except (NotFound, NotAllowed):
            raise
        except Refused as refusal:
            _refuse(request, refusal)
        except IntegrityError:
            _refuse(request, _beaten())
        with transaction.atomic():
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else _refused(form, refusal)

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
    ) -> list[dict[str, Any]]:
        message = super().construct_change_message(request, form, formsets, add)
        note_values(message, form, formsets)
        return message

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        context = getattr(response, "context_data", None) or {}
        for entry in context.get("action_list", ()):
            entry.values = noted_values(entry)
            entry.links = self.history_links(context["object"], entry)
        return response

    def history_links(self, row: Any, entry: LogEntry) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return where an entry of the history leads, as addresses with texts."""
        return []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        row = self.get_object(request, unquote(object_id))
        if row is not None and self.has_delete_permission(request, row):
            _tree, _counts, forbidden, protected = self.get_deleted_objects([row], request)
            if forbidden or protected:
                return self._keep(request, row, sorted(_plain(text) for text in protected))
        return super().delete_view(request, object_id, extra_context)

    def _keep(self, request: HttpRequest, row: models.Model, held_by: list[str]) -> HttpResponse:
        more = len(held_by) - NAMED_MOST
        named = held_by[:NAMED_MOST] + ([_("%(count)d more") % {"count": more}] if more > 0 else [])
        texts = [_("“%(name)s” is part of the record and stays.") % {"name": row}]
        if named:
            texts.append(_("It is named by: %(rows)s.") % {"rows": get_text_list(named, _("and"))})
        texts.append(str(self.instead_of_deleting))
        self.message_user(request, " ".join(texts).strip(), messages.WARNING)
        options = row._meta  # noqa: SLF001 (Django's documented API)
        address = f"admin:{options.app_label}_{options.model_name}_change"
        return redirect(reverse(address, args=[row.pk]))


class ReadOnlyAdmin(ModelAdmin):
    """Rows to look at: nobody adds, changes or deletes them here."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 (Django's signature)
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class ReadOnlyInline(TabularInline):
    """Rows to look at, beside what they belong to."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class WhenFilter(admin.SimpleListFilter):
    """Rows with `starts_at` and `ends_at`: what is now, to come, or over."""

    title = gettext_lazy("when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("now", _("Now")), ("coming", _("To come")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        at = reception(request)
        match self.value():
            case "now":
                return queryset.filter(starts_at__lte=at, ends_at__gt=at)
            case "coming":
                return queryset.filter(starts_at__gt=at)
            case "over":
                return queryset.filter(ends_at__lte=at)
        return queryset


def _refuse(request: HttpRequest, refusal: Refused) -> None:
    """Have the form of this request shown again with what was refused."""
    cast("Any", request).refusal = refusal


def _beaten() -> Refused:
    return Conflict(
        _(
            "Somebody else saved at this very moment; nothing of yours is saved yet. What you "
            "typed is still here: save it again."
        )
    )


def _refused(form: Any, refusal: Refused) -> Any:
    """Return a form that tells the refusal beside what was typed, at its field if it has it."""

    def full_clean(self: Any) -> None:
        form.full_clean(self)
        if self.is_bound:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))

    return type(form)(form.__name__, (form,), {"full_clean": full_clean})


def _plain(text: Any) -> str:
    return strip_tags(str(text))
