"""The forms of the plan: shifts, patterns, swaps, absences."""

from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import DutyShift, Office, Role, ShiftPattern, User
from accounts.worktime import WEEKDAYS

if TYPE_CHECKING:  # generic to the type checker only
    ModelChoiceField = forms.ModelChoiceField[Any]
else:
    from django.forms import ModelChoiceField

MINUTES: Final = "%Y-%m-%dT%H:%M"
SHIFTS_OFFERED: Final = 200  # in return for one's own: twelve weeks of a large line


def local_times() -> forms.DateTimeInput:
    return forms.DateTimeInput(format=MINUTES, attrs={"type": "datetime-local"})


def local_day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def local_time() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


def duty_managers(office: Office) -> QuerySet[User]:
    """Return who can be put on a line; the office's own people first."""
    own = Case(When(office=office, then=Value(0)), default=Value(1), output_field=IntegerField())
    people = User.objects.filter(role=Role.DUTY_MANAGER, is_active=True)
    return people.order_by(own, "name", "pk")


class PlanForm(forms.Form):
    """A change of the plan: taken once, and saved when what it does has been shown."""

    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, zone: str, initial: Any = None) -> None:
        self.zone = zone
        local = {name: self._on_the_clock(value) for name, value in (initial or {}).items()}
        super().__init__(data, initial={"submission": uuid4(), **local})
        for field in self.fields.values():
            if isinstance(field, forms.DateTimeField):
                field.help_text = self.zone

    def full_clean(self) -> None:
        """Read local times in the zone of the plan."""
        with timezone.override(ZoneInfo(self.zone)):
            super().full_clean()

    @property
    def digest(self) -> str:
        """Tell what was typed from anything else that could be."""
        names = sorted(set(self.fields) - {"submission", "previewed"})
        typed = [(name, str(self.cleaned_data.get(name))) for name in names]
        return sha256(repr((type(self).__name__, typed)).encode()).hexdigest()

    @property
    def key(self) -> UUID:
        """Return by what a valid form is taken once; with other words it is another change."""
        return uuid5(self.cleaned_data["submission"] or uuid4(), self.digest)

    @property
    def is_to_be_saved(self) -> bool:
        """Whether what a valid form does was shown as it is now typed, and is wanted."""
        return self.data.get("step") == "save" and self.cleaned_data["previewed"] == self.digest

    def show(self) -> None:
        """Let the next sending be of what is now shown."""
        self.data = {**_listed(self.data), "previewed": self.digest}

    def _on_the_clock(self, value: Any) -> Any:
        """Return an instant as the wall clock of the zone shows it, anything else as it is."""
        if isinstance(value, datetime):
            return timezone.make_naive(value, ZoneInfo(self.zone))
        return value


class ShiftForm(PlanForm):
    person = forms.ModelChoiceField(User.objects.none(), label=_("Duty manager"))
    starts_at = forms.DateTimeField(
        label=pgettext_lazy("stretch of time", "From"), widget=local_times()
    )
    ends_at = forms.DateTimeField(label=_("Until"), widget=local_times())

    def __init__(
        self,
        data: Any = None,
        *,
        office: Office,
        initial: Any = None,
        shift: DutyShift | None = None,
        at: datetime,
    ) -> None:
        self.shift, self.begun = shift, shift is not None and shift.starts_at <= at
        if shift is not None:
            initial = {
                "person": shift.person_id,
                "starts_at": shift.starts_at,
                "ends_at": shift.ends_at,
            }
        super().__init__(data, zone=office.timezone, initial=initial)
        self.fields["person"].queryset = duty_managers(office)  # type: ignore[attr-defined]
        if self.begun:
            del self.fields["person"], self.fields["starts_at"]

    def planned(self) -> tuple[User, datetime, datetime]:
        """Return who is on the line, from when until when, from a valid form."""
        if self.shift is not None and self.begun:
            return self.shift.person, self.shift.starts_at, self.cleaned_data["ends_at"]
        cleaned = self.cleaned_data
        return cleaned["person"], cleaned["starts_at"], cleaned["ends_at"]


class PatternForm(PlanForm):
    person = forms.ModelChoiceField(User.objects.none(), label=_("Duty manager"))
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"),
        choices=[(key, DAY_NAMES[number]) for number, key in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("On which a shift begins."),
    )
    starts = forms.TimeField(label=pgettext_lazy("stretch of time", "From"), widget=local_time())
    ends = forms.TimeField(
        label=_("Until"),
        widget=local_time(),
        help_text=_("Not after the time at which it begins: on the next day."),
    )
    every_weeks = forms.IntegerField(
        label=_("Every … weeks"),
        min_value=1,
        max_value=12,
        help_text=_("1: every week; 2: every other week. Weeks count from that of the first day."),
    )
    first_day = forms.DateField(label=_("First day"), widget=local_day())
    last_day = forms.DateField(label=_("Last day"), required=False, widget=local_day())

    def __init__(self, data: Any = None, *, office: Office, today: date) -> None:
        self.office = office
        super().__init__(data, zone=office.timezone, initial={"every_weeks": 1, "first_day": today})
        self.fields["person"].queryset = duty_managers(office)  # type: ignore[attr-defined]
        self.fields["starts"].help_text = office.timezone

    def pattern(self) -> ShiftPattern:
        """Return the pattern, not yet saved, from a valid form."""
        names = ("person", "weekdays", "starts", "ends", "every_weeks", "first_day", "last_day")
        return ShiftPattern(office=self.office, **{name: self.cleaned_data[name] for name in names})


class ShiftChoice(ModelChoiceField):
    """Shifts by whose they are and when, in each office's own time."""

    def label_from_instance(self, obj: Any) -> str:
        zone = ZoneInfo(obj.office.timezone)
        since, until = (timezone.localtime(at, zone) for at in (obj.starts_at, obj.ends_at))
        day = date_format(since, "D j M")
        hours = f"{since:%H:%M}–{until:%H:%M}"
        return f"{obj.person.name} · {obj.office.name} · {day} {hours}"


class SwapForm(PlanForm):
    asked_of = forms.ModelChoiceField(User.objects.none(), label=_("Colleague"))
    in_return = ShiftChoice(
        DutyShift.objects.none(),
        label=_("In return for"),
        required=False,
        empty_label=_("Nothing in return"),
        help_text=_("One of the colleague's own shifts, which becomes yours."),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, data: Any = None, *, shift: DutyShift, at: datetime) -> None:
        super().__init__(data, zone=shift.office.timezone)
        colleagues = duty_managers(shift.office).exclude(pk=shift.person_id)
        self.fields["asked_of"].queryset = colleagues  # type: ignore[attr-defined]
        offered = (
            DutyShift.objects.filter(person__in=colleagues.order_by(), starts_at__gt=at)
            .select_related("person", "office")
            .order_by("starts_at", "pk")
        )
        keys = list(offered.values_list("pk", flat=True)[:SHIFTS_OFFERED])
        self.fields["in_return"].queryset = offered.filter(pk__in=keys)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        colleague, shift = cleaned.get("asked_of"), cleaned.get("in_return")
        if colleague and shift and shift.person_id != colleague.pk:
            self.add_error("in_return", _("This shift is not the colleague's whom you ask."))
        return cleaned


class AbsenceForm(PlanForm):
    person = forms.ModelChoiceField(User.objects.none(), label=_("Person"), empty_label=None)
    starts_at = forms.DateTimeField(
        label=pgettext_lazy("stretch of time", "From"), widget=local_times()
    )
    ends_at = forms.DateTimeField(label=_("Until"), widget=local_times())

    def __init__(
        self,
        data: Any = None,
        *,
        people: QuerySet[User],
        zone: str,
        at: datetime,
        initial: Any = None,
    ) -> None:
        super().__init__(data, zone=zone, initial=initial)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        begun = initial and initial.get("starts_at") and initial["starts_at"] <= at
        if (initial and "starts_at" in initial) or people.count() == 1:
            del self.fields["person"]
        if begun:
            del self.fields["starts_at"]


def _listed(data: Any) -> dict[str, Any]:
    """Return what was sent as a dict in which what may come several times is a list."""
    return {name: data.getlist(name) if name == "weekdays" else data[name] for name in data}
