"""The page that renews several certificates at once: read, corrected, confirmed (SPEC 3)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.actions.renewal import (
    NUMBER_LENGTH_MOST,
    TERM_MONTHS_MOST,
    Proposal,
    last_day,
    number_taken,
    obstacle,
    propose,
    renew_certificate,
    seams,
)
from accounts.admin.base import administrator, date_input, reception
from accounts.admin.day_field import DayField
from accounts.errors import Refused
from accounts.models import Certificate

RENEWALS_MOST: Final = (
    200  # at once: a page that somebody reads, and fewer fields than Django takes
)
IDS, FILL, NOTED = "ids", "_fill", "_noted"


class TermForm(forms.Form):
    months = forms.IntegerField(
        min_value=1,
        max_value=TERM_MONTHS_MOST,
        required=False,
        label=gettext_lazy("Months"),
        help_text=gettext_lazy("Each last day is reckoned from its first day."),
    )


class RenewalForm(forms.Form):
    """What one follow-on is called and when it holds."""

    include = forms.BooleanField(required=False, initial=True, label=gettext_lazy("Renew"))
    number = forms.CharField(max_length=NUMBER_LENGTH_MOST, label=gettext_lazy("New number"))
    valid_from = DayField(widget=date_input(), label=gettext_lazy("First day"))
    valid_until = DayField(widget=date_input(), label=gettext_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("include"):
            self.errors.clear()  # what is left out needs not be right
            return cleaned
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day lies before the first."))
        return cleaned

    def refuse(self, refusal: Refused) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


@dataclass
class Row:
    """A certificate, and its follow-on or why it has none."""

    certificate: Certificate
    form: RenewalForm | None
    obstacle: str = ""
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def is_chosen(self) -> bool:
        return self.form is not None and bool(self.form["include"].value())

    @property
    def wanted(self) -> dict[str, Any] | None:
        """The terms to renew on, once the form is right; None: not to be renewed."""
        if self.form is None or self.form.errors or not self.is_chosen:
            return None
        names = ("number", "valid_from", "valid_until")
        return {name: self.form.cleaned_data[name] for name in names}


def ask_to_renew(certificates: Any) -> HttpResponse | None:
    """Lead to the page for the certificates chosen in the list; None: they are too many."""
    keys = [str(key) for key in certificates.order_by("number").values_list("pk", flat=True)]
    if len(keys) > RENEWALS_MOST:
        return None
    return redirect(f"{reverse('admin:accounts_certificate_renew')}?{IDS}={','.join(keys)}")


def renewal_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not (model_admin.has_add_permission(request) and model_admin.has_change_permission(request)):
        raise PermissionDenied
    certificates = _chosen(request)
    data: QueryDict | None = request.POST if request.method == "POST" else None
    term = TermForm(data)
    if data is not None and FILL in data and term.is_valid():
        data = _filled(data, certificates, term.cleaned_data["months"])
    rows = _rows(certificates, data)
    if data is not None and FILL not in data and _may_go_ahead(rows, data):
        renewed = _renew(rows, request)
        if renewed:
            return _done(model_admin, request, renewed)
    return _shown(model_admin, request, term, rows)


def _chosen(request: HttpRequest) -> list[Certificate]:
    asked = (request.POST if request.method == "POST" else request.GET).get(IDS, "")
    keys = [int(key) for key in asked.split(",") if key.isdecimal()][:RENEWALS_MOST]
    return list(
        Certificate.objects.filter(pk__in=keys)
        .select_related("customer", "programme", "office", "tam", "deputy", "renewal")
        .prefetch_related("contacts__user", "office__days")
        .order_by("number")
    )


def _filled(data: QueryDict, certificates: Sequence[Certificate], months: int | None) -> QueryDict:
    """Return what was sent, with the last days that terms of `months` have."""
    if months is None:
        return data
    filled = data.copy()
    for certificate in certificates:
        form = RenewalForm(data, prefix=_prefix(certificate))
        form.is_valid()
        first = form.cleaned_data.get("valid_from")
        if first is not None:
            filled[form.add_prefix("valid_until")] = last_day(first, months).isoformat()
    return filled


def _rows(certificates: Sequence[Certificate], data: QueryDict | None) -> list[Row]:
    refusals = {certificate.pk: obstacle(certificate) for certificate in certificates}
    proposals = propose(row for row in certificates if refusals[row.pk] is None)
    return [
        Row(certificate, None, obstacle=str(refusals[certificate.pk]))
        if certificate.pk not in proposals
        else _row(certificate, proposals[certificate.pk], data)
        for certificate in certificates
    ]


def _row(certificate: Certificate, proposal: Proposal, data: QueryDict | None) -> Row:
    initial = {
        "number": proposal.number,
        "valid_from": proposal.valid_from,
        "valid_until": proposal.valid_until,
    }
    form = RenewalForm(data, prefix=_prefix(certificate), initial=initial)
    first = form.cleaned_data.get("valid_from") if form.is_valid() else None
    return Row(certificate, form, notes=seams(certificate, first) if first else ())


def _may_go_ahead(rows: Sequence[Row], data: QueryDict) -> bool:
    """Whether all that is to be renewed is right, and its notes were read on this page before."""
    forms_of_rows = [row.form for row in rows if row.form is not None]
    if not all(form.is_valid() for form in forms_of_rows):
        return False
    wanted = [row for row in rows if row.wanted is not None]
    numbers = [row.wanted["number"] for row in wanted if row.wanted]
    taken = set(Certificate.objects.filter(number__in=numbers).values_list("number", flat=True))
    for row, number in zip(wanted, numbers, strict=True):
        if number in taken or numbers.count(number) > 1:
            cast("RenewalForm", row.form).refuse(number_taken())
    right = all(not form.errors for form in forms_of_rows)
    return right and data.get(NOTED, "") == _digest(rows)


def _renew(rows: Sequence[Row], request: HttpRequest) -> list[Certificate]:
    """Renew all that is wanted, or none: then the forms say why."""
    renewed: list[Certificate] = []
    with transaction.atomic():
        for row in rows:
            if row.wanted is None:
                continue
            try:
                renewed.append(
                    renew_certificate(
                        certificate=row.certificate,
                        **row.wanted,
                        actor=administrator(request),
                        at=reception(request),
                    )
                )
            except Refused as refusal:
                cast("RenewalForm", row.form).refuse(refusal)
        if any(row.form is not None and row.form.errors for row in rows):
            transaction.set_rollback(True)
            return []
    return renewed


def _done(model_admin: Any, request: HttpRequest, renewed: Sequence[Certificate]) -> HttpResponse:
    for renewal in renewed:
        before = cast("Certificate", renewal.renews)
        said = _("Issued as the renewal of %(number)s.") % {"number": before.number}
        model_admin.log_addition(request, renewal, said)
        said = _("Renewed by %(number)s.") % {"number": renewal.number}
        model_admin.log_change(request, before, said)
    text = ngettext(
        "%(count)d certificate renewed.", "%(count)d certificates renewed.", len(renewed)
    )
    model_admin.message_user(request, text % {"count": len(renewed)}, messages.SUCCESS)
    keys = ",".join(str(renewal.pk) for renewal in renewed)
    return redirect(f"{reverse('admin:accounts_certificate_changelist')}?id__in={keys}")


def _shown(
    model_admin: Any, request: HttpRequest, term: TermForm, rows: Sequence[Row]
) -> HttpResponse:
    request.current_app = model_admin.admin_site.name
    possible = [row for row in rows if row.form is not None]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Renew certificates"),
        "opts": model_admin.opts,
        "term": term,
        "rows": rows,
        "possible": possible,
        "impossible": [row for row in rows if row.form is None],
        "wrong": sum(bool(row.form and row.form.is_bound and row.form.errors) for row in rows),
        "noted": _digest(rows),
        "none_chosen": request.method == "POST" and not any(row.is_chosen for row in rows),
        "to_confirm": request.method == "POST" and any(row.notes for row in rows),
        "ids": ",".join(str(row.certificate.pk) for row in rows),
    }
    return TemplateResponse(request, "admin/accounts/certificate/renew.html", context)


def _prefix(certificate: Certificate) -> str:
    return f"row{certificate.pk}"


def _digest(rows: Sequence[Row]) -> str:
    """Return the same for as long as the same is noted; empty: nothing is."""
    noted = {row.certificate.pk: list(row.notes) for row in rows if row.notes}
    text = json.dumps(noted, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() if noted else ""
