"""Fields that show stored values as people write them: hours, texts by language, groups.

A group of values that the database keeps as one JSON object is a `PartsField`: one labelled field
for each key, so that nobody edits JSON. Fields clean to the JSON form; models check the rest.
"""

import json
import zoneinfo
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.hours import WEEKDAY_LABELS, hours_text, read_hours
from accounts.worktime import WEEKDAYS

OFFICE = "office"  # in a programme's hours of a TAM: that day's hours of the office

# The time zone database's places; what else it has are old names and offsets without a clock.
_CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


class HoursField(forms.CharField):
    """The opening windows of one day, such as 09:00–13:00, 14:00–18:00; empty: closed.

    Cleans to the JSON form `[["09:00", "13:00"], ["14:00", "18:00"]]`, in order of time. With
    `may_follow_office` the word “office” stands for whatever the office's hours are.
    """

    widget = AdminTextInputWidget({"class": "vTextField vHoursField"})

    def __init__(self, *, may_follow_office: bool = False, **options: Any) -> None:
        self.may_follow_office = may_follow_office
        super().__init__(**{"required": False, "max_length": 200, **options})

    def prepare_value(self, value: Any) -> Any:
        return hours_text(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return self._windows(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != self._normal(data)

    def _normal(self, data: Any) -> str:
        try:
            return hours_text(self._windows(data or ""))
        except ValidationError:
            return str(data)

    def _windows(self, text: str) -> list[list[str]] | str:
        text = text.strip()
        if self.may_follow_office and text.lower() in {OFFICE, _("office")}:
            return OFFICE
        return read_hours(text)


class PartsWidget(forms.MultiWidget):
    """The fields of a `PartsField`, each under its own label."""

    template_name = "accounts/admin/parts.html"

    def __init__(
        self, parts: Mapping[str, forms.Field], attrs: dict[str, Any] | None = None
    ) -> None:
        self.parts = parts
        self.wrong: frozenset[str] = frozenset()  # keys of the parts that the form refuses
        super().__init__({key: part.widget for key, part in parts.items()}, attrs)

    def decompress(self, value: Any) -> list[Any]:
        values = value if isinstance(value, Mapping) else {}
        return [part.prepare_value(values.get(key)) for key, part in self.parts.items()]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        # What names, describes or marks the group does not belong to each of its fields.
        own = {key: text for key, text in (attrs or {}).items() if not key.startswith("aria-")}
        context = super().get_context(name, value, own)
        widget = context["widget"]
        for (key, part), subwidget in zip(self.parts.items(), widget["subwidgets"], strict=True):
            if key in self.wrong:
                subwidget["is_wrong"] = True
                subwidget["attrs"]["aria-invalid"] = "true"
            subwidget["label"] = part.label
            subwidget["help_text"] = part.help_text
            subwidget["is_checkbox"] = isinstance(part.widget, forms.CheckboxInput)
            subwidget["is_group"] = part.widget.use_fieldset
        widget["described_by"] = (attrs or {}).get("aria-describedby")
        return context


class PartsField(forms.MultiValueField):
    """A JSON object with known keys, edited as one labelled field for each.

    With `sparse`, empty parts are left out, and an object without any is `nothing`. Errors begin
    with the label of the part they concern.
    """

    def __init__(
        self,
        parts: Mapping[str, forms.Field],
        *,
        sparse: bool = False,
        nothing: Any = None,
        **options: Any,
    ) -> None:
        self.keys = tuple(parts)
        self.widget: PartsWidget
        self.sparse = sparse
        self.nothing = nothing
        super().__init__(
            tuple(parts.values()), require_all_fields=False, widget=PartsWidget(parts), **options
        )

    def clean(self, value: Any) -> Any:
        if self.disabled and not isinstance(value, list):
            return value
        values: dict[str, Any] = {}
        problems: dict[str, list[str]] = {}
        written = value or [None] * len(self.keys)
        for key, part, text in zip(self.keys, self.fields, written, strict=True):
            try:
                values[key] = part.clean(text)
            except ValidationError as error:
                problems[key] = [f"{part.label}: {message}" for message in error.messages]
        self.widget.wrong = frozenset(problems)
        if problems:
            raise ValidationError([message for lines in problems.values() for message in lines])
        return self.assembled(values)

    def assembled(self, values: dict[str, Any]) -> Any:
        """Return what the database keeps, of the cleaned parts."""
        if not self.sparse:
            return values
        kept = {key: value for key, value in values.items() if value not in self.empty_values}
        if not kept and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return kept or self.nothing


def week_field(*, may_follow_office: bool = False, **options: Any) -> PartsField:
    """Return the field of a week: the hours of each day from Monday on; empty: closed."""
    days: dict[str, forms.Field] = {
        day: HoursField(label=WEEKDAY_LABELS[day], may_follow_office=may_follow_office)
        for day in WEEKDAYS
    }
    return PartsField(days, sparse=True, **options)


def texts_field(*, long: bool = False, **options: Any) -> PartsField:
    """Return the field of a text in each language of the product; none may be missing."""
    widget = AdminTextareaWidget(attrs={"rows": 3}) if long else AdminTextInputWidget()
    texts: dict[str, forms.Field] = {
        code: forms.CharField(label=name, widget=widget) for code, name in settings.LANGUAGES
    }
    return PartsField(texts, **options)


class PlainJSON(json.JSONEncoder):
    """JSON as people read it: indented, letters of every language as they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2, "ensure_ascii": False})


class TimeZoneSelect(forms.Select):
    """Choose from the world's time zones by continent; typing a letter jumps to a place."""

    def optgroups(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> list[Any]:
        known = {zone for _continent, zones in _zones() for zone in zones} | {"UTC"}
        own = [(zone, zone) for zone in value if zone and zone not in known]
        self.choices = [
            *own,
            ("UTC", "UTC"),
            *((continent, [(z, _place(z)) for z in zones]) for continent, zones in _zones()),
        ]
        return super().optgroups(name, value, attrs)


@lru_cache(maxsize=1)
def _zones() -> tuple[tuple[str, tuple[str, ...]], ...]:
    names = sorted(zoneinfo.available_timezones())
    return tuple(
        (continent, tuple(name for name in names if name.startswith(f"{continent}/")))
        for continent in _CONTINENTS
    )


def _place(zone: str) -> str:
    return zone.partition("/")[2].replace("_", " ").replace("/", " / ")
