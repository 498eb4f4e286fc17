"""What could not be delivered, for the administrators: read, put right, try again (SPEC 18)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from msa.outbox.actions import retry_delivery
from msa.outbox.mail import retry_email
from msa.outbox.models import Delivery, Email, Message

if TYPE_CHECKING:  # generic to the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    from django.contrib.admin import ModelAdmin, TabularInline


class OutboxAdmin(ModelAdmin):
    """Rows to look at: what is told to whom is not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 (Django's signature)
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class OutcomeFilter(admin.SimpleListFilter):
    """What became of a row: `done` names the column that dates its success."""

    title = gettext_lazy("outcome")
    parameter_name = "outcome"
    done: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("failed", _("Failed")), ("waiting", _("Waiting")), ("done", _("Done"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        match self.value():
            case "failed":
                return queryset.filter(failed_at__isnull=False)
            case "waiting":
                return queryset.filter(**{"failed_at": None, self.done: None})
            case "done":
                return queryset.filter(**{f"{self.done}__isnull": False})
        return queryset


class DeliveryOutcomeFilter(OutcomeFilter):
    done = "done_at"


class EmailOutcomeFilter(OutcomeFilter):
    done = "sent_at"


def outcome(*, done: object, failed: object, attempts: int) -> str:
    if done:
        return _("Done")
    if failed:
        return _("Failed")
    return _("Waiting") if not attempts else _("Waiting to be tried again")


class DeliveryInline(TabularInline):
    model = Delivery
    fields = ("handler", "result", "attempts", "done_at", "failed_at", "last_error")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    @admin.display(description=gettext_lazy("outcome"))
    def result(self, delivery: Delivery) -> str:
        return outcome(done=delivery.done_at, failed=delivery.failed_at, attempts=delivery.attempts)


@admin.register(Message)
class MessageAdmin(OutboxAdmin):
    inlines = (DeliveryInline,)
    list_display = ("topic", "stream", "occurred_at", "fanned_out")
    list_filter = ("fanned_out", "topic")
    search_fields = ("topic", "stream")
    date_hierarchy = "occurred_at"
    ordering = ("-pk",)
    fields = ("topic", "stream", "occurred_at", "fanned_out", "payload")


@admin.register(Delivery)
class DeliveryAdmin(OutboxAdmin):
    list_display = ("handler", "topic", "result", "attempts", "failed_at", "last_error")
    list_select_related = ("message",)
    list_filter = (DeliveryOutcomeFilter, "handler")
    search_fields = ("handler", "message__topic", "stream", "last_error")
    ordering = ("-pk",)
    actions = ("try_again",)
    fields = (
        "message",
        "handler",
        "stream",
        "result",
        "attempts",
        "retry_at",
        "done_at",
        "failed_at",
        "last_error",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("topic"), ordering="message__topic")
    def topic(self, delivery: Delivery) -> str:
        return delivery.message.topic

    @admin.display(description=gettext_lazy("outcome"))
    def result(self, delivery: Delivery) -> str:
        return outcome(done=delivery.done_at, failed=delivery.failed_at, attempts=delivery.attempts)

    @admin.action(description=gettext_lazy("Try again"))
    def try_again(self, request: HttpRequest, queryset: Any) -> None:
        _try_again(self, request, queryset, retry_delivery)


@admin.register(Email)
class EmailAdmin(OutboxAdmin):
    list_display = ("to_address", "subject", "result", "attempts", "occurred_at", "last_error")
    list_filter = (EmailOutcomeFilter, "urgent", "language")
    search_fields = ("to_address", "to_name", "subject", "message_id")
    date_hierarchy = "occurred_at"
    ordering = ("-pk",)
    actions = ("try_again",)
    fieldsets = (
        (None, {"fields": ("to_name", "to_address", "subject", "language", "urgent", "text")}),
        (
            gettext_lazy("How it fared"),
            {
                "fields": (
                    "result",
                    "occurred_at",
                    "attempts",
                    "tried_at",
                    "next_attempt_at",
                    "sent_at",
                    "failed_at",
                    "last_error",
                )
            },
        ),
        (
            gettext_lazy("Threading"),
            {
                "fields": ("message_id", "in_reply_to", "references", "reply_to", "headers"),
                "classes": ("collapse",),
            },
        ),
    )
    readonly_fields = ("result",)

    @admin.display(description=gettext_lazy("outcome"))
    def result(self, email: Email) -> str:
        return outcome(done=email.sent_at, failed=email.failed_at, attempts=email.attempts)

    @admin.action(description=gettext_lazy("Try again"))
    def try_again(self, request: HttpRequest, queryset: Any) -> None:
        _try_again(self, request, queryset, retry_email)


def _try_again(
    model_admin: Any, request: HttpRequest, queryset: Any, retry: Callable[[Any], None]
) -> None:
    failed = list(queryset.filter(failed_at__isnull=False))
    for row in failed:
        retry(row)
    if not failed:
        text = _("Nothing of that has failed: what waits is tried by itself, what is done stays.")
        model_admin.message_user(request, text, messages.WARNING)
        return
    text = ngettext("%(count)d will be tried again.", "%(count)d will be tried again.", len(failed))
    model_admin.message_user(request, text % {"count": len(failed)}, messages.SUCCESS)
