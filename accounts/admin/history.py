"""What the history of a row tells beside Django's sentence: each value before and after."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.translation import gettext, override

from accounts.hours import week_text
from accounts.worktime import WEEKDAYS

VALUES: Final = "values"  # beside Django's own keys, which `LogEntry` reads
VERSION: Final = "version"
VALUE_LENGTH_MOST: Final = 1000  # of one value in the history: enough for a week's hours


@dataclass(frozen=True, slots=True)
class Value:
    """A field's text before and after a change; empty: it had none."""

    label: str
    before: str
    after: str


def note_values(message: list[dict[str, Any]], form: Any, formsets: Sequence[Any] | None) -> None:
    """Add to Django's account of a change what the fields held before and hold now."""
    of_rows = iter(
        [_form_of(row, formset) for formset in formsets or () for row in _changed(formset)]
    )
    for part in message:
        changed = part.get("changed")
        if changed is None:
            continue
        changed_form = next(of_rows, None) if "object" in changed else form
        if changed_form is not None:
            changed[VALUES] = [list(value) for value in _values(changed_form)]


def note_version(message: list[dict[str, Any]], number: int) -> None:
    """Add that a version of a certificate was issued."""
    message.append({"issued": {VERSION: number}})


def imported(row: Any, file: str) -> str:
    """Return the message about a row of a file: what it changed, and which version it issued."""
    values = [["file", "", file[:VALUE_LENGTH_MOST]], *map(list, row.changes)]
    changed = {"fields": [name for name, _before, _after in row.changes], VALUES: values}
    message: list[dict[str, Any]] = [{"changed": changed} if row.changes else {"added": {}}]
    if not row.changes:
        message.append({"file": {VALUES: values}})
    if hasattr(row.instance, VERSION):
        note_version(message, row.instance.version)
    return json.dumps(message, ensure_ascii=False)


def noted_values(entry: LogEntry) -> list[Value]:
    return [
        Value(gettext(label), _readable(before), _readable(after))
        for part in _parts(entry)
        for label, before, after in (part.get("changed") or part.get("file") or {}).get(VALUES, ())
    ]


def noted_version(entry: LogEntry) -> int | None:
    """Return the number of the version that was issued by what the entry tells, if any."""
    for part in _parts(entry):
        if "issued" in part:
            return int(part["issued"][VERSION])
    return None


def _parts(entry: LogEntry) -> list[dict[str, Any]]:
    if not entry.change_message.startswith("["):
        return []  # a sentence
    try:
        parts = json.loads(entry.change_message)
    except json.JSONDecodeError:
        return []  # a sentence that begins like a list
    return [part for part in parts if isinstance(part, dict)]


def _changed(formset: Any) -> list[Model]:
    return [row for row, _fields in formset.changed_objects]


def _form_of(row: Model, formset: Any) -> Any:
    return next((form for form in formset.initial_forms if form.instance == row), None)


def _values(form: Any) -> Iterator[tuple[str, str, str]]:
    with override(None):  # labels and choices are kept as written in the code, and told translated
        for name in form.changed_data:
            field = form.fields.get(name)
            if field is None or name not in form.cleaned_data:
                continue
            if isinstance(field.widget, forms.PasswordInput):
                continue
            before = _text(field, form.initial.get(name, field.initial))
            after = _text(field, form.cleaned_data[name])
            if before != after:
                yield str(field.label or name), before, after


def _text(field: Any, value: Any) -> str:
    choices: Any = field  # its queryset may be none in the library's types, and is not here
    match field:
        case forms.ModelMultipleChoiceField():
            rows = choices.queryset.filter(pk__in=[getattr(row, "pk", row) for row in value or ()])
            text = ", ".join(sorted(str(row) for row in rows))
        case forms.ModelChoiceField() if value and not isinstance(value, Model):
            text = str(choices.queryset.filter(pk=value).first() or value)
        case forms.TypedChoiceField() if value is not None:
            text = str(dict(choices.choices).get(value, value))
        case _:
            text = _plain(value)
    return text[:VALUE_LENGTH_MOST]


def _plain(value: Any) -> str:
    match value:
        case None | "" | []:
            return ""
        case Mapping() if not value:
            return ""
        case bool():
            return "Yes" if value else "No"
        case datetime() | date():
            return value.isoformat()
        case Mapping() | list():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def _readable(text: str) -> str:
    """Return a value as its reader writes it: words in their language, a date in their order."""
    try:
        value = json.loads(text) if text.startswith("{") else date.fromisoformat(text)
    except ValueError:
        return gettext(text) if text else ""
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return week_text(value) if set(value) <= set(WEEKDAYS) else text
