"""The field of an agreement's first or last day."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.actions.days import check_day
from accounts.errors import Refused
from accounts.models.certificate import FIRST_DAY, LAST_DAY


class DayField(forms.DateField):
    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is None:
            return
        try:
            check_day(value, field="")
        except Refused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        between = {"min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}
        return {**super().widget_attrs(widget), **between}
