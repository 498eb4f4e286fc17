"""The plan of an office's line by week and month, and its history (SPEC 10)."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import Office, User
from accounts.worktime import WEEKDAYS, local_date
from incidents.views.request import Request
from tam.access import may_plan
from tam.models import RosterChange, ShiftSwap
from tam.queries.roster import changes_of, patterns_of, planned_days, swaps_of
from tam.views.guards import staff_only
from tam.views.roster_pages import chosen_office, day_of, offices_of

VIEWS: Final = ("week", "month")
A_DAY: Final = timedelta(days=1)
# Days back and ahead of today that the address may name: what is older stands in the history, and
# what is later than the longest plan is empty.
SHOWN: Final = 400
CHANGES_PAGE: Final = 50  # changes on a page of the history: some weeks of one office


@require_GET
@staff_only
def roster(request: Request) -> HttpResponse:
    """Show an office's line by days, a week or a month of them."""
    offices = offices_of(request)
    office = chosen_office(request, offices)
    if office is None:
        return render(request, "tam/roster/none.html", {"title": _("Roster")})
    period = _period(request, office)
    context = {
        "office": office,
        "offices": offices,
        "period": period,
        "days": planned_days(office, period.first, period.last, request.at),
        "patterns": [
            (pattern, weekday_names(pattern.weekdays))
            for pattern in patterns_of(office, period.today)
        ],
        "waiting": _waiting(request.user),
        "plans": may_plan(request.user, office),
    }
    with timezone.override(ZoneInfo(office.timezone)):  # a plan is its office's
        return render(request, "tam/roster/roster.html", context)


@require_GET
@staff_only
def history(request: Request) -> HttpResponse:
    """Show what was changed in the plans of the offices that the person sees, newest first."""
    offices = offices_of(request)
    named = request.GET.get("office", "")
    shown = [office for office in offices if not named or str(office.pk) == named]
    page = Paginator(changes_of(shown, request.user), CHANGES_PAGE).get_page(
        request.GET.get("page")
    )
    people = _people_before(page.object_list)
    context = {
        "offices": offices,
        "named": named,
        "page": page,
        "changes": [_change(row, people) for row in page.object_list],
    }
    return render(request, "tam/roster/history.html", context)


def weekday_names(keys: Sequence[str]) -> str:
    """Return weekdays in short words, Monday first."""
    names = (str(WEEKDAYS_ABBR[number]) for number, key in enumerate(WEEKDAYS) if key in keys)
    return ", ".join(names)


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are shown, and the addresses of what lies beside them."""

    view: str
    first: date
    last: date
    today: date
    title: str
    previous: str
    next: str
    now: str
    other: str

    @property
    def blanks(self) -> range:
        """Days of the first week before the first that is shown."""
        return range(self.first.weekday())


def _period(request: Request, office: Office) -> Period:
    today = local_date(request.at, office.timezone)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "week"
    day = day_of(request.GET.get("day", "")) or today
    day = min(max(day, today - SHOWN * A_DAY), today + SHOWN * A_DAY)
    if view == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
        title = f"{date_format(first, 'DATE_FORMAT')} – {date_format(last, 'DATE_FORMAT')}"
    else:
        first = day.replace(day=1)
        last = day.replace(day=monthrange(day.year, day.month)[1])
        title = date_format(first, "YEAR_MONTH_FORMAT")

    def address(shown: date, of: str = view) -> str:
        return f"{reverse('roster')}?office={office.pk}&view={of}&day={shown.isoformat()}"

    return Period(
        view=view,
        first=first,
        last=last,
        today=today,
        title=title,
        previous=address(first - A_DAY),
        next=address(last + A_DAY),
        now=address(today),
        other=address(day if view == "month" else max(first, min(today, last)), _other(view)),
    )


def _other(view: str) -> str:
    return "month" if view == "week" else "week"


def _waiting(user: User) -> list[ShiftSwap]:
    """Return the swaps that wait for this person's own answer."""
    return [swap for swap in swaps_of(user) if swap.asked_of == user]


@dataclass(frozen=True, slots=True)
class Change:
    """A change as the history shows it: from when until when, and what was before."""

    row: RosterChange
    since: datetime | None
    until: datetime | None
    before: dict[str, Any] | None
    pattern: str  # the weekdays and times of a pattern


def _people_before(rows: Any) -> dict[int, str]:
    """Return the names of those whose shifts were given to others. One query."""
    keys = {row.data.get("before", {}).get("person") for row in rows}
    return dict(User.objects.filter(pk__in=keys - {None}).values_list("pk", "name"))


def _change(row: RosterChange, people: dict[int, str]) -> Change:
    before = row.data.get("before")
    if before:
        before = {
            "since": parse_datetime(before["starts_at"]),
            "until": parse_datetime(before["ends_at"]),
            "person": people.get(before.get("person", 0), ""),
        }
    since, until = (parse_datetime(row.data.get(name, "")) for name in ("starts_at", "ends_at"))
    return Change(
        row=row,
        since=since,
        until=until,
        before=before,
        pattern=_pattern(row.data) if "weekdays" in row.data else "",
    )


def _pattern(data: dict[str, Any]) -> str:
    return f"{weekday_names(data['weekdays'])} · {data['starts']}–{data['ends']}"
