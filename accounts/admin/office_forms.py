"""The forms of an office: its hours and reachability, and its closed and special days."""

from datetime import date
from typing import Any, ClassVar, Final

import holidays
from django import forms
from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import ModelForm, date_input
from accounts.admin.fields import HoursField, TimeZoneSelect, week_field
from accounts.admin.preview import SeenForm
from accounts.models import Certificate, Office, OfficeDay
from accounts.terms import MINUTES_MOST, SEVERITIES, TargetUnit

ACKNOWLEDGEMENTS: Final = tuple(f"acknowledge_{severity}" for severity in SEVERITIES)
ELAPSED_SEVERITIES: Final = frozenset({1, 2})  # the others' times are working time (SPEC 11)


def lock_offices(offices: QuerySet[Office]) -> None:
    """Lock offices after their certificates: filing locks them in that order too."""
    for rows in (Certificate.objects.filter(office__in=offices), offices):
        list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk"))


def _minutes(severity: int) -> forms.IntegerField:
    """Return the field of the time in which an escalation at a severity is to be acknowledged."""
    unit = TargetUnit.ELAPSED if severity in ELAPSED_SEVERITIES else TargetUnit.WORKING
    return forms.IntegerField(
        label=format_lazy(
            gettext_lazy("Minutes to acknowledge, severity {severity}"), severity=severity
        ),
        required=False,
        min_value=1,
        max_value=MINUTES_MOST,
        help_text=format_lazy(
            gettext_lazy("Counted {unit}. Empty: such an escalation goes up no level by itself."),
            unit=unit.label,
        ),
    )


class OfficeForm(SeenForm):
    week = week_field(
        label=gettext_lazy("Weekly hours"),
        error_messages={
            "required": gettext_lazy("Give at least one day hours: this office would never open.")
        },
        help_text=gettext_lazy(
            "Such as 09:00–13:00, 14:00–18:00; empty: closed. A night shift is two windows, up to "
            "24:00 and from 00:00 of the next day. Running deadlines in working time move with a "
            "change."
        ),
    )

    acknowledge_1 = _minutes(1)
    acknowledge_2 = _minutes(2)
    acknowledge_3 = _minutes(3)
    acknowledge_4 = _minutes(4)

    class Meta:
        model = Office
        fields = (
            "name",
            "timezone",
            "country",
            "subdivision",
            "week",
            "phone",
            "msa_phone",
            "email",
            "workload_by_person",
        )
        widgets: ClassVar[dict[str, Any]] = {"timezone": TimeZoneSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for severity, minutes in self.instance.acknowledge_minutes.items():
            self.initial[f"acknowledge_{severity}"] = minutes

    def lock(self) -> None:
        lock_offices(Office.objects.filter(pk=self.instance.pk))

    def facts(self, row: Office) -> Any:
        days = row.days.order_by("date").values_list("date", "kind", "name", "windows")
        fields = [getattr(row, name) for name in OfficeForm.Meta.fields]
        return [fields, row.acknowledge_minutes, list(days)]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook after `clean`
        self.instance.acknowledge_minutes = {
            str(severity): minutes
            for severity in SEVERITIES
            if (minutes := self.cleaned_data.get(f"acknowledge_{severity}"))
        }

    def clean_country(self) -> str:
        country = str(self.cleaned_data["country"]).upper()
        if country and country not in holidays.list_supported_countries():
            self.add_error("country", _("No public holidays are known for this country."))
        return country

    def clean_subdivision(self) -> str:
        region = str(self.cleaned_data["subdivision"]).upper()
        country = self.cleaned_data.get("country")
        regions = holidays.list_supported_countries().get(country or "", [])
        if country and region and region not in regions:
            self.add_error(
                "subdivision",
                _("No region of %(country)s; known are %(regions)s.")
                % {"country": country, "regions": ", ".join(regions) or "–"},
            )
        return region


class OfficeDayForm(ModelForm):
    windows = HoursField(label=gettext_lazy("Special hours"))

    class Meta:
        model = OfficeDay
        fields = ("date", "kind", "name", "windows")
        widgets: ClassVar[dict[str, Any]] = {"date": date_input()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("kind") == OfficeDay.Kind.SPECIAL:
            if not cleaned.get("windows") and "windows" not in self.errors:
                self.add_error("windows", _("Give the hours, or choose “Closed”."))
        else:
            cleaned["windows"] = []  # closing a day removes its special hours (SPEC 9)
        self._refuse_second(cleaned.get("date"))
        return cleaned

    def _refuse_second(self, day: date | None) -> None:
        """Refuse a date that the office has already, among the rows of past years too."""
        if day is None:
            return
        same = OfficeDay.objects.filter(office=self.instance.office_id, date=day)
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("date", _("This date stands among the office's days already."))
