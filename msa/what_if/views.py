"""The administrators' page: choose a period and a change, read what it would have done."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.admin.base import reception
from msa.what_if.comparison import Comparison
from msa.what_if.forms import WhatIfForm, last_month
from msa.what_if.tables import tables


def what_if(request: HttpRequest) -> HttpResponse:
    """Show the form and, once it was sent, the comparison under it. Nothing is kept."""
    comparison: Comparison | None = None
    if request.method == "POST":
        form = WhatIfForm(request.POST)
        if form.is_valid():
            comparison = form.compared(at=reception(request))
    else:
        form = WhatIfForm(initial=last_month(reception(request)))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("What if"),
        "adminform": AdminForm(cast("Any", form), _fieldsets(), {}),
        "comparison": comparison,
        "tables": tables(comparison) if comparison else None,
    }
    return TemplateResponse(request, "admin/what_if.html", context)


def _fieldsets() -> list[tuple[str, dict[str, Any]]]:
    return [
        (_("The past"), {"fields": ("first", "last", "offices")}),
        (_("Other hours"), {"fields": ("week", "closed", "opened")}),
    ]
