"""Revoking certificates: what it does is read first, and a reason is given (SPEC 3)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.actions.certificates import revoke_certificate
from accounts.admin.base import administrator, reception

CONFIRMED = "_revoke"
REASON_MOST = 1000  # characters: a letter quotes it whole


class RevocationForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text=gettext_lazy("The contacts and the managers read it in a letter."),
    )


def revoke_after_asking(
    model_admin: Any, request: HttpRequest, queryset: Any
) -> HttpResponse | None:
    """Show what is to be revoked, with a form for the reason; sent with one, revoke it."""
    certificates = queryset.filter(revoked_at=None).order_by("number")
    form = RevocationForm(request.POST if CONFIRMED in request.POST else None)
    if form.is_valid():
        _revoke(model_admin, request, certificates, form.cleaned_data["reason"])
        return None
    chosen = list(certificates.select_related("customer").prefetch_related("contacts__user"))
    if not chosen:
        model_admin.message_user(request, _("All that you chose are revoked already."))
        return None
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Revoke certificates"),
        "opts": model_admin.opts,
        "certificates": chosen,
        "form": form,
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/accounts/certificate/revoke.html", context)


def _revoke(model_admin: Any, request: HttpRequest, certificates: Any, reason: str) -> None:
    actor, at = administrator(request), reception(request)
    revoked = [
        certificate
        for certificate in certificates
        if revoke_certificate(certificate=certificate, reason=reason, actor=actor, at=at)
    ]
    for certificate in revoked:
        said = _("Revoked: %(reason)s") % {"reason": reason}
        model_admin.log_change(request, certificate, said)
    text = ngettext(
        "%(count)d certificate revoked. New incidents are refused; open ones go on.",
        "%(count)d certificates revoked. New incidents are refused; open ones go on.",
        len(revoked),
    )
    model_admin.message_user(request, text % {"count": len(revoked)})
