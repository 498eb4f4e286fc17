"""A customer's trends as charts, each with the same figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from incidents.states import SEVERITY_LABELS
from tam.charts import Bar, Chart, Part, bar_chart
from tam.queries.trends import Month, Trends, Week

HOUR: Final = timedelta(hours=1)
WHOLE: Final = 100  # per cent
DAYS_A_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Key:
    """One colour of a chart, in words."""

    css: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with its legend, what it says in a sentence, and its figures as a table."""

    title: str
    summary: str
    chart: Chart
    keys: Sequence[Key]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def charts_of(trends: Trends) -> list[Drawing]:
    return [
        _filed_and_closed(trends.weeks),
        _answered_in_time(trends.months),
        _vendor_time(trends.months),
    ]


def _filed_and_closed(weeks: Sequence[Week]) -> Drawing:
    """Return what was filed week by week, the most severe at the foot, and what was closed."""
    filed = sum(sum(week.filed.values()) for week in weeks)
    closed = sum(week.closed for week in weeks)
    severities = [(severity, str(label)) for severity, label in SEVERITY_LABELS.items()]
    bars = [
        Bar(
            label=_month_begun(week.first_day),
            parts=[
                Part(
                    week.filed[severity],
                    f"chart-severity-{severity}",
                    f"{_day(week.first_day)} · {label}: {week.filed[severity]}",
                )
                for severity, label in severities
            ],
        )
        for week in weeks
    ]
    return Drawing(
        title=_("Filed and closed by week"),
        summary=_("In %(weeks)d weeks %(filed)d were filed and %(closed)d closed.")
        % {"weeks": len(weeks), "filed": filed, "closed": closed},
        chart=bar_chart(bars, line=[week.closed for week in weeks]),
        keys=[
            *(Key(f"key-severity-{severity}", label) for severity, label in severities),
            Key("key-line", _("Closed")),
        ],
        columns=[_("Week from"), *(label for _severity, label in severities), _("Closed")],
        rows=[
            (
                _day(week.first_day),
                [*(str(week.filed[severity]) for severity, _label in severities), str(week.closed)],
            )
            for week in weeks
        ],
    )


def _answered_in_time(months: Sequence[Month]) -> Drawing:
    met, judged = sum(month.met for month in months), sum(month.judged for month in months)
    return Drawing(
        title=_("First response in time by month"),
        summary=_("%(met)d of %(judged)d first responses were in time.")
        % {"met": met, "judged": judged},
        chart=bar_chart([_of_answers(month) for month in months], top=WHOLE, unit="%"),
        keys=[
            Key("key-met", _("In time")),
            Key("key-late", _("Answered late")),
            Key("key-missed", _("Not answered")),
        ],
        columns=[_("Month"), _("In time"), _("Answered late"), _("Not answered")],
        rows=[
            (_month(month.first_day), [str(month.met), str(month.late), str(month.missed)])
            for month in months
        ],
    )


def _of_answers(month: Month) -> Bar:
    label = _month(month.first_day)
    parts = [
        (month.met, "chart-met", _("In time")),
        (month.late, "chart-late", _("Answered late")),
        (month.missed, "chart-missed", _("Not answered")),
    ]
    share = WHOLE / month.judged if month.judged else 0
    return Bar(
        label=label,
        parts=[
            Part(count * share, css, f"{label} · {words}: {count}") for count, css, words in parts
        ],
        note=f"{month.met * WHOLE // month.judged}" if month.met else "",
    )


def _vendor_time(months: Sequence[Month]) -> Drawing:
    hours = [None if month.vendor_time is None else month.vendor_time / HOUR for month in months]
    texts = ["–" if one is None else _hours(one) for one in hours]
    bars = [
        Bar(
            label=_month(month.first_day),
            parts=[Part(value or 0, "chart-brand", f"{_month(month.first_day)} · {text}")],
        )
        for month, value, text in zip(months, hours, texts, strict=True)
    ]
    return Drawing(
        title=_("Median time on our side, in hours"),
        summary=_("Hours that a closed incident was on our side, by the month of closing."),
        chart=bar_chart(bars),
        keys=[Key("key-brand", _("Hours, half of them shorter, half longer"))],
        columns=[_("Month"), _("Hours")],
        rows=[(_month(month.first_day), [text]) for month, text in zip(months, texts, strict=True)],
    )


def _hours(value: float) -> str:
    return number_format(round(value, 1), 1)


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def _month_begun(monday: date) -> str:
    """Return the month that begins in the week, to stand below it; empty where none does."""
    sunday = monday + timedelta(days=DAYS_A_WEEK - 1)
    return _month(sunday) if sunday.day <= DAYS_A_WEEK else ""


def _month(day: date) -> str:
    return date_format(day, "N")
