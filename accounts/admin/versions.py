"""Versions issued of certificates: what each printed, to look at (SPEC 3)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import ReadOnlyAdmin, ReadOnlyInline
from accounts.hours import week_text
from accounts.models import Certificate, CertificateVersion


class VersionInline(ReadOnlyInline):
    model = CertificateVersion
    fields = ("number", "issued_at", "requested_by", "approved_by", "papers")
    readonly_fields = fields
    ordering = ("-number",)
    show_change_link = True
    verbose_name_plural = gettext_lazy("versions issued")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("certificate", "requested_by", "approved_by")

    @admin.display(description=gettext_lazy("read it"))
    def papers(self, version: CertificateVersion) -> str:
        return _links(version)


@admin.register(CertificateVersion)
class CertificateVersionAdmin(ReadOnlyAdmin):
    list_display = ("certificate", "number", "customer", "issued_at", "requested_by", "approved_by")
    list_display_links = ("certificate", "number")
    list_select_related = ("certificate", "customer", "requested_by", "approved_by")
    list_filter = (("customer", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("certificate__number", "customer__name")
    date_hierarchy = "issued_at"
    ordering = ("-issued_at", "-pk")
    fields = (
        "certificate",
        "number",
        "issued_at",
        "requested_by",
        "approved_by",
        "papers",
        "what_it_prints",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("read it"))
    def papers(self, version: CertificateVersion) -> str:
        return _links(version)

    @admin.display(description=gettext_lazy("what it prints"))
    def what_it_prints(self, version: CertificateVersion) -> str:
        return format_html_join(
            "", "<p><strong>{}:</strong> {}</p>", printed_lines(version.printed)
        )


def version_links(certificate: Certificate, number: int) -> list[tuple[str, str]]:
    """Return where a version can be read and what changed in it, as addresses with texts."""
    pdf = reverse("certificate-version-pdf", args=[certificate.number, number])
    links = [(pdf, _("Version %(number)d (PDF)") % {"number": number})]
    if number > 1:
        pair = [certificate.number, number - 1, number]
        links.append((reverse("certificate-comparison", args=pair), _("What changed")))
    return links


def printed_lines(printed: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the stored print of a certificate as labels with values."""
    labels = {
        "number": _("number"),
        "customer": _("customer"),
        "programme": _("programme"),
        "office": _("office"),
        "valid_from": _("first day"),
        "valid_until": _("last day"),
        "tam": _("technical account manager"),
        "deputy": _("deputy"),
    }
    lines = [(capfirst(label), str(printed[key] or "–")) for key, label in labels.items()]
    lines.append((_("Products"), ", ".join(printed["products"]) or "–"))
    lines.append((_("Hours"), week_text(printed["week"]) or _("the office's")))
    return lines + [
        (
            _("Contact %(slot)d") % {"slot": contact["slot"]},
            ", ".join(filter(None, (contact["name"], contact["email"], contact["phone"]))),
        )
        for contact in printed["contacts"]
    ]


def _links(version: CertificateVersion) -> str:
    links = version_links(version.certificate, version.number)
    return format_html_join(" · ", '<a href="{}">{}</a>', links)
