"""The page's form: which past, and what would have been otherwise."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db.models import QuerySet
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import date_input
from accounts.admin.fields import week_field
from accounts.models import Office
from accounts.terms import MINUTES_MOST, SEVERITIES, TargetUnit
from accounts.worktime import local_date
from incidents.models import Incident
from msa.scenarios.history import Period, history_of, incidents_in
from msa.what_if.change import Change, ChangeError, Fields
from msa.what_if.comparison import Comparison, compare
from msa.what_if.written import UnreadableError, read_days, read_openings

# Each is played twice, at some 40 milliseconds a play: a dozen seconds, which people still wait
# for, and in which the thread that plays serves nobody else.
INCIDENTS_MOST = 150
FIRST_DAY = date(2000, 1, 1)  # before any incident; earlier years are slips of the pen

# Where a `ChangeError` shows.
FIELD_OF: Mapping[str, str] = {
    **{part: part for part in ("week", "closed", "opened")},
    **{
        f"targets.{severity}.{key}": f"{key}_{severity}"
        for severity in SEVERITIES
        for key in ("minutes", "unit")
    },
}


class WrittenField(forms.CharField):
    """A text that a function reads; what it cannot read is the field's error."""

    def __init__(self, read: Callable[[str], Any], **options: Any) -> None:
        self.read = read
        super().__init__(required=False, max_length=4000, **options)

    def clean(self, value: Any) -> Any:
        try:
            return self.read(super().clean(value))
        except UnreadableError as error:
            raise forms.ValidationError(str(error)) from error


class WhatIfForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("First day"), widget=date_input())
    last = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=date_input(),
        help_text=gettext_lazy("What was filed on these days, by each office's own clock."),
    )
    offices = forms.ModelMultipleChoiceField(
        Office.objects.all(),
        label=gettext_lazy("Offices"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("The change is made to each of them."),
    )
    week = week_field(
        required=False,
        label=gettext_lazy("Weekly hours"),
        help_text=gettext_lazy(
            "In place of the offices' own; empty: as they were. Certificates with hours of their "
            "own keep them."
        ),
    )
    closed = WrittenField(
        read_days,
        label=gettext_lazy("Closed days"),
        widget=AdminTextInputWidget(),
        help_text=gettext_lazy("Such as 2026-07-14, 2026-08-15."),
    )
    opened = WrittenField(
        read_openings,
        label=gettext_lazy("Open days"),
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "One a line, with its hours or the week's: 2026-07-18 09:00–13:00. A closed or "
            "special day becomes an ordinary one."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for severity in SEVERITIES:
            self.fields |= _target_fields(severity)

    @property
    def targets(self) -> list[dict[str, Any]]:
        """Return the bound fields of each severity, for the table."""
        return [
            {"severity": severity, "fields": [self[f"{name}_{severity}"] for name in _TARGET]}
            for severity in SEVERITIES
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and first < FIRST_DAY:
            self.add_error("first", _("This lies before any incident."))
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first."))
        if not self.errors:
            self._refuse_too_much(cleaned)
        return cleaned

    def compared(self, *, at: datetime) -> Comparison | None:
        """Play the period twice; None, with the error beside its field, for an impossible change.

        To be called when the form is valid.
        """
        incidents, period = self._incidents(self.cleaned_data), self._period(self.cleaned_data)
        history = history_of(incidents, period=period, at=at)
        try:
            return compare(history, self._change(), incidents)
        except ChangeError as error:
            self.add_error(FIELD_OF.get(error.part), str(error))
            return None

    def _refuse_too_much(self, cleaned: Mapping[str, Any]) -> None:
        count = self._incidents(cleaned).count()
        if count > INCIDENTS_MOST:
            text = _(
                "%(count)d incidents were filed then; this page plays at most %(most)d. Choose "
                "fewer days or offices, or run %(command)s on the server."
            )
            command = f"manage.py what_if --from {cleaned['first']} --until {cleaned['last']}"
            values = {"count": count, "most": INCIDENTS_MOST, "command": command}
            self.add_error("last", text % values)

    def _period(self, cleaned: Mapping[str, Any]) -> Period:
        return Period(cleaned["first"], cleaned["last"])

    def _incidents(self, cleaned: Mapping[str, Any]) -> QuerySet[Incident]:
        return incidents_in(self._period(cleaned), offices=cleaned["offices"])

    def _change(self) -> Change:
        cleaned = self.cleaned_data
        return Change(
            week=cleaned["week"],
            closed=cleaned["closed"],
            opened=cleaned["opened"],
            targets={
                str(severity): target
                for severity in SEVERITIES
                if (target := _target(cleaned, severity))
            },
        )


def last_month(at: datetime) -> dict[str, Any]:
    """Return the form's first values: the month before, at all offices."""
    this = local_date(at, "UTC").replace(day=1)
    last = date.fromordinal(this.toordinal() - 1)
    return {"first": last.replace(day=1), "last": last, "offices": Office.objects.all()}


_TARGET = ("minutes", "unit", "call")

AS_IT_WAS: tuple[str, LazyText] = ("", gettext_lazy("as it was"))
CALLS = [AS_IT_WAS, ("yes", gettext_lazy("required")), ("no", gettext_lazy("not required"))]


def _target_fields(severity: int) -> dict[str, forms.Field]:
    """Return what may be otherwise at one severity; empty: as it was."""
    named = {"severity": severity}
    minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MINUTES_MOST,
        label=_("Minutes of severity %(severity)d") % named,
        widget=forms.NumberInput(attrs={"class": "vIntegerField"}),
    )
    unit = forms.ChoiceField(
        required=False,
        choices=[AS_IT_WAS, *TargetUnit.choices],
        label=_("Counting of severity %(severity)d") % named,
    )
    call = forms.ChoiceField(
        required=False, choices=CALLS, label=_("Call at severity %(severity)d") % named
    )
    return {f"minutes_{severity}": minutes, f"unit_{severity}": unit, f"call_{severity}": call}


def _target(cleaned: Mapping[str, Any], severity: int) -> Fields:
    target: Fields = {}
    given = {key: cleaned[f"{key}_{severity}"] for key in ("minutes", "unit")}
    if response := {key: value for key, value in given.items() if value}:
        target["response"] = response
    if call := cleaned[f"call_{severity}"]:
        target["call_required"] = call == "yes"
    return target
