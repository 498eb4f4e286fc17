"""Two steps to a change that moves promises: read what it does, then confirm it (SPEC 19.3)."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Protocol, cast

from django import forms
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.admin.base import KeptAdmin, ModelForm, reception
from accounts.models import Certificate

CONFIRMED = "_confirmed"  # carries the digest of the effect that was read
BACK = "_back"  # asks for the form again, as it was typed
SEEN = "seen"  # carries the digest of the row as the form showed it


class Effect(Protocol):
    """What a change does to promises; its template draws it under the name `effect`."""

    template_name: ClassVar[str]

    @property
    def digest(self) -> str:
        """The same for as long as the same promises change in the same way."""


class Unconfirmed(Exception):
    """A change whose effect nobody has read; on its way out it undoes what was saved."""

    def __init__(self, effect: Effect, *, read_another: bool) -> None:
        super().__init__(effect.digest)
        self.effect = effect
        self.read_another = (
            read_another  # an effect was read and confirmed, but it is another by now
        )


class PreviewedAdmin(KeptAdmin):
    """Rows that promises follow from: office hours, certificates, programmes.

    A change is saved, weighed and, unless its effect was read and confirmed, undone, all in one
    transaction: so what is read is what comes. Whoever reckons with promises fills in
    `effect_of_change`.
    """

    def effect_of_change(
        self,
        *,
        before: Sequence[Certificate],  # noqa: ARG002 (for those who fill it in)
        after: Sequence[Certificate],  # noqa: ARG002
        at: datetime,  # noqa: ARG002
    ) -> Effect | None:
        """Return what turning some certificates' terms into others does; None: nothing to tell.

        Both hold the same certificates in the same order, as `in_full` reads them.
        """
        return None

    @contextmanager
    def weighed(self, request: HttpRequest, certificates: QuerySet[Certificate]) -> Iterator[None]:
        """Raise `Unconfirmed` at the block's end if it does what was not read and confirmed.

        `certificates` are those whose terms the block may change.
        """
        before = in_full(certificates)
        yield
        after = in_full(Certificate.objects.filter(pk__in=[row.pk for row in before]))
        effect = self.effect_of_change(before=before, after=after, at=reception(request))
        if effect is not None and request.POST.get(CONFIRMED) != effect.digest:
            raise Unconfirmed(effect, read_another=CONFIRMED in request.POST)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Leave the row to `save_related`: it is weighed with what stands beside it."""

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return _resumed(form) if BACK in request.POST else form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Unconfirmed as change:
            row = self.get_object(request, unquote(object_id)) if object_id else None
            return self._ask(request, change, row)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, str] | None = None
    ) -> Any:
        if BACK in request.POST:
            return redirect(request.get_full_path())
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except Unconfirmed as change:
            return self._ask(request, change, None)

    def _ask(self, request: HttpRequest, change: Unconfirmed, row: Model | None) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("What this change does"),
            "subtitle": str(row) if row else None,
            "opts": self.opts,
            "original": row,
            "effect": change.effect,
            "read_another": change.read_another,
            "typed": list(_typed(request.POST)),
            "at": reception(request),
            "confirmed": CONFIRMED,
            "back": BACK,
        }
        return TemplateResponse(request, "admin/confirm_change.html", context)


def in_full(certificates: QuerySet[Certificate]) -> list[Certificate]:
    """Read certificates with all that their promises follow from, in three queries."""
    return list(
        certificates.select_related("office", "programme")
        .prefetch_related("programme__severities")
        .order_by("pk")
    )


class SeenField(forms.CharField):
    """What the form showed when it was opened, as a digest: nothing that anybody edits."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, label="")

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002 (Django's signature)
        return False


class SeenForm(ModelForm):
    """A form that does not overwrite, unasked, what somebody else saved since it was opened.

    The second of two is told, keeps what they typed, and goes through when they save again. Where
    a browser sends no digest, nothing is compared.
    """

    seen = SeenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial[SEEN] = self._fingerprint(self.instance)

    def facts(self, row: Any) -> Any:
        """Return all that the form shows of a row, as it stands in the database."""
        raise NotImplementedError

    def lock(self) -> None:
        """Lock the row, so that of two who save at once one comes second."""
        rows = type(self.instance)._default_manager  # noqa: SLF001 (Django's documented API)
        rows.select_for_update(no_key=True).get(pk=self.instance.pk)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk:
            self.lock()
            self._compare(self.data.get(self.add_prefix(SEEN)))
        return cleaned

    def _compare(self, seen: str | None) -> None:
        rows = type(self.instance)._default_manager  # noqa: SLF001 (Django's documented API)
        now = self._fingerprint(rows.get(pk=self.instance.pk))
        if not seen or seen == now:
            return
        self.data = cast("QueryDict", self.data).copy()
        self.data[self.add_prefix(SEEN)] = now
        self.add_error(
            None,
            format_html(
                '{} <a href="{}" target="_blank">{}</a>',
                _(
                    "This was changed since you opened it; nothing of yours is saved yet. What you "
                    "typed is still here: saved again, it replaces what was saved meanwhile."
                ),
                _address(self.instance),
                _("See what is saved (in a new tab)"),
            ),
        )

    def _fingerprint(self, row: Any) -> str:
        facts = json.dumps(self.facts(row), sort_keys=True, default=str)
        return hashlib.sha256(facts.encode()).hexdigest()


def _resumed(form: Any) -> Any:
    """Return a form that shows what was typed, and is not to be saved."""

    def is_valid(self: Any) -> bool:
        form.is_valid(self)
        return False

    return type(form)(form.__name__, (form,), {"is_valid": is_valid})


def _typed(sent: QueryDict) -> Iterator[tuple[str, str]]:
    ours = {"csrfmiddlewaretoken", CONFIRMED, BACK}
    for name, values in sent.lists():
        if name not in ours:
            yield from ((name, str(value)) for value in values)


def _address(row: Model) -> str:
    options = row._meta  # noqa: SLF001 (Django's documented API)
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
