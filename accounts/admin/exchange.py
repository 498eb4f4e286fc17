"""Import and export in the administrators' lists: a file, what it would do, and the confirmation.

A file that was read is kept for its reader between the two steps; confirming reads it again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.results import Result
from import_export.tmp_storages import CacheStorage

from accounts.admin.base import ModelAdmin, administrator, reception
from accounts.admin.history import imported
from accounts.admin.preview import CONFIRMED, Unconfirmed
from accounts.errors import Conflict, Refused
from accounts.exchange import BYTES_MOST, ROWS_MOST, Rows, read_table, written
from accounts.exchange.files import NUMBER
from accounts.exchange.rows import CHANGED, NEW, UNCHANGED

SHOWN_MOST: Final = 200  # rows and errors on a page; the counts tell how many there are in all
LOGGED_AT_ONCE: Final = 500  # entries of the history in one statement
TOKEN, NAME = "token", "name"

_SAID: Final = {
    NEW: gettext_lazy("New"),
    CHANGED: gettext_lazy("Changed"),
    UNCHANGED: gettext_lazy("Unchanged"),
}


class KeptFile(CacheStorage):  # type: ignore[misc]  # the library has no types
    """A file between reading and confirming."""

    CACHE_LIFETIME = 3600  # seconds: an hour to read what it does; it names people
    CACHE_PREFIX = "import-"


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("Nothing is imported before you have read what it would do."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a cell, or with a row as a whole."""

    row: str
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file does, or did: how many rows of each kind, and the first of them."""

    result: Result

    @property
    def counts(self) -> list[tuple[str, LazyText, int]]:
        return [(kind, label, self.result.totals[kind]) for kind, label in _SAID.items()]

    @property
    def wrong(self) -> list[Wrong]:
        return [
            Wrong(row.values[0], "" if column == NON_FIELD_ERRORS else column, message)
            for row in self._wrong_rows[:SHOWN_MOST]
            for column, lines in row.error_dict.items()
            for message in lines
        ]

    @property
    def wrong_rows(self) -> int:
        return len(self._wrong_rows)

    @property
    def rows(self) -> list[Any]:
        """The first rows that do something."""
        doing = (row for row in self.result.rows if row.import_type in {NEW, CHANGED})
        return [
            {
                "number": row.row_values[NUMBER],
                "kind": row.import_type,
                "said": _SAID[row.import_type],
                "name": row.object_repr,
                "changes": row.changes,
            }
            for row, _place in zip(doing, range(SHOWN_MOST), strict=False)
        ]

    @property
    def doing(self) -> int:
        return int(self.result.totals[NEW] + self.result.totals[CHANGED])

    @property
    def more(self) -> int:
        return max(self.doing - SHOWN_MOST, 0)

    @property
    def wrong_more(self) -> int:
        return max(self.wrong_rows - SHOWN_MOST, 0)

    @property
    def _wrong_rows(self) -> list[Any]:
        return cast("list[Any]", self.result.invalid_rows)


class ExchangeAdmin(ModelAdmin):
    """A list with import and export; `rows_class` says how a row reads and what it does."""

    change_list_template = "admin/exchange_change_list.html"
    rows_class: ClassVar[type[Rows]]
    import_title: ClassVar[LazyText]
    import_says: ClassVar[LazyText]

    def get_urls(self) -> list[Any]:
        guard = self.admin_site.admin_view
        return [
            path("import/", guard(self.import_view), name=self._route("import")),
            path("export/", guard(self.export_view), name=self._route("export")),
            *super().get_urls(),
        ]

    def exported(self, queryset: Any) -> Any:
        """Return the rows that a file shows of the rows in the list, with all that it needs."""
        raise NotImplementedError

    def weighing(self, request: HttpRequest) -> Callable[[Any], AbstractContextManager[None]]:  # noqa: ARG002
        """Return what weighs the effect of a change of certificates, as `Rows.import_data` asks."""
        return lambda _certificates: nullcontext()

    def export_view(self, request: HttpRequest) -> HttpResponse:
        rows = self.rows_class()
        listed = self.get_changelist_instance(request).get_queryset(request)
        dataset = rows.export(self.exported(listed))
        response = HttpResponse(written(dataset), content_type="text/csv; charset=utf-8")
        name = f"{self.rows_class.__name__.removesuffix('Rows').lower()}s.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self._page(request, FileForm())
        if TOKEN in request.POST:
            return self._confirm(request)
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form)
        file = form.cleaned_data["file"]
        if file.size > BYTES_MOST:
            return self._refuse(request, form, _too_large())
        return self._try(request, form, file.read(), file.name)

    def _try(self, request: HttpRequest, form: FileForm, data: bytes, name: str) -> HttpResponse:
        """Read a file and tell what it would do; nothing of that stays."""
        rows = self._rows(request)
        effect, result = None, None
        try:
            result = rows.import_data(
                self._dataset(data), dry_run=True, weigh=self.weighing(request)
            )
        except Unconfirmed as change:
            effect, result = change.effect, rows.result
        except Refused as refusal:
            return self._refuse(request, form, refusal)
        outcome = Outcome(cast("Result", result))
        if outcome.wrong_rows or not outcome.doing:
            return self._page(request, form, outcome=outcome, name=name)
        token = uuid4().hex
        self._kept(request, token).save(data)
        return self._page(request, form, outcome=outcome, effect=effect, token=token, name=name)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        """Do what was told, once: the file that was kept goes with it."""
        kept = self._kept(request, request.POST[TOKEN])
        name = request.POST.get(NAME, "")
        data = kept.read()
        if data is None:
            return self._refuse(request, FileForm(), _gone())
        rows = self._rows(request)
        try:
            with transaction.atomic():
                result = rows.import_data(self._dataset(data), weigh=self.weighing(request))
        except Unconfirmed as change:
            outcome = Outcome(cast("Result", rows.result))
            more = {"token": request.POST[TOKEN], "name": name, "read_another": True}
            return self._page(request, FileForm(), outcome=outcome, effect=change.effect, **more)
        except IntegrityError:
            return self._refuse(request, FileForm(), _beaten())
        except Refused as refusal:
            return self._refuse(request, FileForm(), refusal)
        outcome = Outcome(result)
        if outcome.wrong_rows:
            return self._page(request, FileForm(), outcome=outcome, name=name)
        self._log(request, result, name)
        kept.remove()
        text = _("Imported: %(new)d new, %(changed)d changed, %(unchanged)d unchanged.")
        totals = {"new": NEW, "changed": CHANGED, "unchanged": UNCHANGED}
        counts = {key: result.totals[kind] for key, kind in totals.items()}
        self.message_user(request, text % counts, messages.SUCCESS)
        return redirect(reverse(f"admin:{self._route('changelist')}"))

    def _rows(self, request: HttpRequest) -> Rows:
        return self.rows_class(actor=administrator(request), at=reception(request))

    def _dataset(self, data: bytes) -> Any:
        columns = self.rows_class.names()
        return read_table(data, columns=columns, required=self.rows_class.names(required=True))

    def _kept(self, request: HttpRequest, token: str) -> KeptFile:
        """Return the place of a file: nobody else's, and of no other list."""
        return KeptFile(name=f"{self._route('import')}-{administrator(request).pk}-{token}")

    def _log(self, request: HttpRequest, result: Result, name: str) -> None:
        content_type = ContentType.objects.get_for_model(self.rows_class.model)
        entries = [
            LogEntry(
                user_id=administrator(request).pk,
                content_type=content_type,
                object_id=str(row.instance.pk),
                object_repr=str(row.instance)[:200],
                action_flag=ADDITION if row.import_type == NEW else CHANGE,
                change_message=imported(row, name),
            )
            for row in result.rows
            if row.instance is not None
        ]
        LogEntry.objects.bulk_create(entries, batch_size=LOGGED_AT_ONCE)

    def _refuse(self, request: HttpRequest, form: FileForm, refusal: Refused) -> HttpResponse:
        if form.is_bound:
            form.add_error("file", str(refusal))
            return self._page(request, form)
        return self._page(request, form, refusal=str(refusal))

    def _page(self, request: HttpRequest, form: FileForm, **more: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": str(self.import_title),
            "says": self.import_says,
            "opts": self.opts,
            "form": form,
            "columns": self.rows_class.columns,
            "rows_most": ROWS_MOST,
            "export": reverse(f"admin:{self._route('export')}"),
            "confirmed": CONFIRMED,
            "at": reception(request),
            **more,
        }
        return TemplateResponse(request, "admin/import.html", context)

    def _route(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"


def _too_large() -> Refused:
    text = _("The file is larger than %(most)d MB: split it.")
    return Refused(text % {"most": BYTES_MOST // 1024**2})


def _gone() -> Refused:
    return Refused(
        _("This file was imported already, or read more than an hour ago: choose it again.")
    )


def _beaten() -> Refused:
    return Conflict(
        _("Somebody else saved at this very moment; nothing is imported. Choose the file again.")
    )
