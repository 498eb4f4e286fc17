"""Mail that came in: read as it came, and released by administrators who vouch for it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin.base import ReadOnlyAdmin, administrator, reception
from accounts.errors import Refused
from incidents.actions.inbound import release
from incidents.inbound.reading import readable
from incidents.models import InboundMail

RELEASED_MOST = 20  # mails released at once: each is read by a person first


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    """What came by mail and what became of it; nothing of a mail is shown but as plain text."""

    list_display = ("received_at", "from_address", "subject", "outcome", "reason", "reference")
    list_display_links = ("received_at", "from_address", "subject")
    list_filter = ("outcome",)
    search_fields = ("from_address", "to_address", "subject", "message_id", "reference")
    date_hierarchy = "received_at"
    ordering = ("-pk",)
    actions = ("release_mails",)
    fieldsets = (
        (None, {"fields": ("received_at", "from_address", "to_address", "subject", "words")}),
        (
            gettext_lazy("What became of it"),
            {"fields": ("outcome", "reason", "person", "reference", "attempts", "released_at")},
        ),
        (
            gettext_lazy("As it came"),
            {"fields": ("as_it_came", "size_bytes", "digest", "message_id")},
        ),
    )
    readonly_fields = ("words", "as_it_came")

    def get_urls(self) -> list[URLPattern]:
        raw = path(
            "<path:object_id>/raw/",
            self.admin_site.admin_view(self.raw),
            name="incidents_inboundmail_raw",
        )
        return [raw, *super().get_urls()]

    def raw(self, request: HttpRequest, object_id: str) -> FileResponse:
        """Answer with the mail as it came: to be saved, never shown by a browser."""
        mail = self.get_object(request, unquote(object_id))
        if mail is None:
            raise Http404
        content: File[bytes] = mail.file.open("rb")
        return FileResponse(
            content,
            as_attachment=True,
            filename=f"mail-{mail.pk}.eml",
            content_type="application/octet-stream",
        )

    @admin.display(description=gettext_lazy("text"))
    def words(self, mail: InboundMail) -> str:
        with mail.file.open("rb") as file:
            return format_html("<pre>{}</pre>", readable(file.read()))

    @admin.display(description=gettext_lazy("mail"))
    def as_it_came(self, mail: InboundMail) -> str:
        address = reverse("admin:incidents_inboundmail_raw", args=[mail.pk])
        return format_html('<a href="{}">{}</a>', address, _("Download"))

    @admin.action(
        description=gettext_lazy("Release: I have read it, and it is from whom it names"),
        permissions=["view"],
    )
    def release_mails(self, request: HttpRequest, queryset: Any) -> None:
        chosen = list(queryset.order_by("pk")[:RELEASED_MOST])
        released = 0
        for mail in chosen:
            try:
                done = release(pk=mail.pk, actor=administrator(request), at=reception(request))
            except Refused as refusal:
                self.message_user(request, f"{mail}: {refusal}", messages.ERROR)
            else:
                released += 1
                self.log_change(request, done, _("Released"))
        if released:
            text = ngettext("%(count)d mail released.", "%(count)d mails released.", released)
            self.message_user(request, text % {"count": released}, messages.SUCCESS)
