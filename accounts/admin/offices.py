"""Offices with their hours and days, the calendars that were in force, and duty shifts (SPEC 9)."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.actions.acknowledging import keep_former_minutes
from accounts.actions.certificates import reissue
from accounts.actions.offices import (
    adopt_public_holidays,
    check_on_duty,
    revise_calendar,
    save_shift,
)
from accounts.admin.base import (
    KeptAdmin,
    ModelForm,
    ReadOnlyAdmin,
    TabularInline,
    WhenFilter,
    administrator,
    reception,
)
from accounts.admin.office_forms import (
    ACKNOWLEDGEMENTS,
    OfficeDayForm,
    OfficeForm,
    lock_offices,
)
from accounts.admin.preview import SEEN, PreviewedAdmin
from accounts.errors import Refused
from accounts.hours import hours_text, week_text
from accounts.models import CalendarRevision, Certificate, DutyShift, Office, OfficeDay
from accounts.worktime import local_date

ADD_HOLIDAYS = "_add_public_holidays"  # the button that saves and adds them
NEWEST_REVISIONS = 5  # named on an office's page; the rest stand in a list of their own

News = tuple[int, str]  # a message's level and text


class OfficeDayInline(TabularInline):
    """Closed and special days from this year on; earlier ones stay in force unseen."""

    model = OfficeDay
    form = OfficeDayForm
    fields = ("date", "kind", "name", "windows", "origin")
    readonly_fields = ("origin",)
    ordering = ("date",)
    extra = 1

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(date__year__gte=reception(request).year)

    @admin.display(description=gettext_lazy("origin"))
    def origin(self, day: OfficeDay) -> str:
        return _("Public holiday") if day.public_holiday else "–"


@admin.register(Office)
class OfficeAdmin(PreviewedAdmin):
    form = OfficeForm
    inlines = (OfficeDayInline,)
    actions = ("add_public_holidays",)
    list_display = ("name", "timezone", "hours_in_short", "country", "msa_phone", "certificates")
    search_fields = ("name", "country")
    readonly_fields = ("public_holidays", "revisions")
    instead_of_deleting = gettext_lazy("Give its certificates another office and let it rest.")
    fieldsets = (
        (None, {"fields": ("name", "timezone", SEEN)}),
        (gettext_lazy("Hours"), {"fields": ("week", "revisions")}),
        (
            gettext_lazy("Public holidays"),
            {"fields": ("country", "subdivision", "public_holidays")},
        ),
        (gettext_lazy("Reachable at"), {"fields": ("msa_phone", "phone", "email")}),
        (gettext_lazy("Escalations"), {"fields": ACKNOWLEDGEMENTS}),
        (gettext_lazy("Workload"), {"fields": ("workload_by_person",)}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(certificate_total=Count("certificates"))

    @admin.display(description=gettext_lazy("weekly hours"))
    def hours_in_short(self, office: Office) -> str:
        return week_text(office.week)

    @admin.display(description=gettext_lazy("certificates"), ordering="certificate_total")
    def certificates(self, office: Any) -> int:
        return int(office.certificate_total)

    @admin.display(description=gettext_lazy("closed days"))
    def public_holidays(self, office: Office) -> str:  # noqa: ARG002 (Django's signature)
        return format_html(
            '<button type="submit" class="button" name="{}" value="1">{}</button>',
            ADD_HOLIDAYS,
            _("Save and add the public holidays of this and next year"),
        )

    @admin.display(description=gettext_lazy("in force since"))
    def revisions(self, office: Office) -> str:
        newest = office.revisions.select_related("changed_by").order_by("-number")
        rows = (
            [
                (
                    reverse("admin:accounts_calendarrevision_change", args=[revision.pk]),
                    revision_text(revision),
                )
                for revision in newest[:NEWEST_REVISIONS]
            ]
            if office.pk
            else []
        )
        return format_html_join("", '<p><a href="{}">{}</a></p>', rows) or "–"

    @admin.action(description=gettext_lazy("Add the public holidays of this and next year"))
    def add_public_holidays(self, request: HttpRequest, queryset: Any) -> None:
        offices = Office.objects.filter(pk__in=[office.pk for office in queryset])
        lock_offices(offices)
        news: list[News] = []
        with self.weighed(request, Certificate.objects.filter(office__in=offices)):
            for office in offices:
                news += [self._adopt(request, office), *self._revise(request, office)]
        self._tell(request, news)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        office: Office = form.instance
        certificates = Certificate.objects.filter(office=office.pk)
        news: list[News] = []
        with self.weighed(request, certificates):
            keep_former_minutes(office=office, at=reception(request))
            office.save()
            super().save_related(request, form, formsets, change)
            if ADD_HOLIDAYS in request.POST:
                news.append(self._adopt(request, office))
            news += self._revise(request, office)
        reissue(certificates=certificates, actor=administrator(request), at=reception(request))
        self._tell(request, news)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        if ADD_HOLIDAYS in request.POST:
            return redirect(reverse("admin:accounts_office_change", args=[obj.pk]))
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        if ADD_HOLIDAYS in request.POST:
            return redirect(request.get_full_path())
        return super().response_change(request, obj)

    def _adopt(self, request: HttpRequest, office: Office) -> News:
        year = local_date(reception(request), office.timezone).year
        if not office.country:
            text = _("%(office)s has no country, from which public holidays would come.")
            return messages.WARNING, text % {"office": office}
        try:
            added = adopt_public_holidays(office=office, years=[year, year + 1])
        except Refused as refusal:
            return messages.ERROR, f"{office}: {refusal}"
        if added:
            told = ngettext(
                "%(count)d public holiday added.", "%(count)d public holidays added.", added
            )
            self.log_change(request, office, told % {"count": added})
        text = ngettext(
            "%(office)s: %(count)d public holiday added.",
            "%(office)s: %(count)d public holidays added.",
            added,
        )
        return messages.SUCCESS, text % {"office": office, "count": added}

    def _revise(self, request: HttpRequest, office: Office) -> list[News]:
        revision = revise_calendar(
            office=office, actor=administrator(request), at=reception(request)
        )
        if revision is None:
            return []
        text = _("The calendar of %(office)s is in force as revision %(number)d.")
        return [(messages.INFO, text % {"office": office, "number": revision.number})]

    def _tell(self, request: HttpRequest, news: list[News]) -> None:
        for level, text in news:
            self.message_user(request, text, level)


def revision_text(revision: CalendarRevision) -> str:
    when = date_format(localtime(revision.changed_at), "DATETIME_FORMAT")
    if revision.changed_by is None:
        return _("Revision %(number)d of %(when)s") % {"number": revision.number, "when": when}
    return _("Revision %(number)d of %(when)s by %(name)s") % {
        "number": revision.number,
        "when": when,
        "name": revision.changed_by,
    }


@admin.register(CalendarRevision)
class CalendarRevisionAdmin(ReadOnlyAdmin):
    list_display = ("office", "number", "changed_at", "changed_by", "hours_in_short")
    list_display_links = ("office", "number")
    list_select_related = ("office", "changed_by")
    list_filter = (("office", admin.RelatedOnlyFieldListFilter),)
    date_hierarchy = "changed_at"
    ordering = ("-changed_at", "-pk")
    fields = (
        "office",
        "number",
        "changed_at",
        "changed_by",
        "time_zone",
        "hours_in_short",
        "closed_days",
        "special_days",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("time zone"))
    def time_zone(self, revision: CalendarRevision) -> str:
        return str(revision.calendar["timezone"])

    @admin.display(description=gettext_lazy("weekly hours"))
    def hours_in_short(self, revision: CalendarRevision) -> str:
        return week_text(revision.calendar["week"]) or "–"

    @admin.display(description=gettext_lazy("closed days"))
    def closed_days(self, revision: CalendarRevision) -> str:
        days = [(f"{day} {name}".strip(),) for day, name in revision.calendar["closed"].items()]
        return format_html_join("", "<p>{}</p>", days) or "–"

    @admin.display(description=gettext_lazy("special days"))
    def special_days(self, revision: CalendarRevision) -> str:
        days = revision.calendar["special"].items()
        return (
            format_html_join("", "<p>{} {}</p>", [(day, hours_text(w)) for day, w in days]) or "–"
        )


class DutyShiftForm(ModelForm):
    class Meta:
        model = DutyShift
        fields = ("office", "person", "starts_at", "ends_at")
        labels: ClassVar[dict[str, Any]] = {
            "office": gettext_lazy("Office"),
            "person": gettext_lazy("Duty manager"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "office": gettext_lazy("Whose priority line the person answers."),
            "person": gettext_lazy(
                "Sees the office's incidents during the shift, and afterwards those they handled."
            ),
            "starts_at": gettext_lazy("In your own time zone."),
            "ends_at": gettext_lazy(
                "In your own time zone. Whoever follows starts at this instant."
            ),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("person"):
            try:
                check_on_duty(cleaned["person"])
            except Refused as refusal:
                self.add_error("person", str(refusal))
        starts_at = cleaned.get("starts_at", self.instance.starts_at)
        if starts_at and cleaned.get("ends_at") and cleaned["ends_at"] <= starts_at:
            self.add_error("ends_at", _("The shift ends before it begins."))
        return cleaned


@admin.register(DutyShift)
class DutyShiftAdmin(KeptAdmin):
    """Shifts to come are planned; one that has begun can only end earlier or later (SPEC 10)."""

    form = DutyShiftForm
    list_display = ("person", "office", "starts_at", "ends_at")
    list_select_related = ("person", "office")
    list_filter = (
        WhenFilter,
        ("office", admin.RelatedOnlyFieldListFilter),
        ("person", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("person__name", "office__name")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at",)
    autocomplete_fields = ("office", "person")
    fields = ("office", "person", "starts_at", "ends_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        begun = obj is not None and obj.starts_at <= reception(request)
        return ("office", "person", "starts_at") if begun else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        over = obj is not None and obj.ends_at <= reception(request)
        return not over and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        begun = obj is not None and obj.starts_at <= reception(request)
        return not begun and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        save_shift(shift=obj)
