"""A customer's trends, and the charts that draw them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from incidents.actions.answering import accept, withdraw
from incidents.actions.deadlines import sweep
from incidents.actions.responding import offer_solution, respond
from tam.charts import Bar, Part, bar_chart
from tam.queries.trends import trends_of
from tests.conftest import MONDAY_NINE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CRITICAL = "product-crash-or-loss"  # severity 1: half an hour
HIGH = "product-malfunction"  # severity 2: four hours


def trends(cast, at, user=None):
    return trends_of(cast.acme, user or cast.tom, at, "Europe/Paris")


@pytest.mark.django_db
class TestTrends:
    def test_there_is_nothing_to_draw(self, cast):
        found = trends(cast, MONDAY_NINE)
        assert found.is_empty is True
        assert (len(found.weeks), found.weeks[0].first_day, found.weeks[-1].first_day) == (
            26,
            date(2025, 9, 8),
            date(2026, 3, 2),
        )
        assert [month.first_day for month in found.months] == [
            date(2025, 10, 1),
            date(2025, 11, 1),
            date(2025, 12, 1),
            date(2026, 1, 1),
            date(2026, 2, 1),
            date(2026, 3, 1),
        ]

    def test_weeks_are_those_of_the_office(self, cast):
        sunday_night = datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC)  # 23:59:59 in Paris
        cast.file(HIGH, sunday_night)
        cast.file(CRITICAL, sunday_night + timedelta(seconds=1))
        gone = cast.file(HIGH, MONDAY_NINE)
        withdraw(incident=gone, actor=cast.alice, text="", at=MONDAY_NINE + MINUTE)
        cast.file(HIGH, MONDAY_NINE, by=cast.olga)
        found = trends(cast, MONDAY_NINE + HOUR)
        assert [(week.filed, week.closed) for week in found.weeks[-2:]] == [
            ({1: 0, 2: 1, 3: 0, 4: 0}, 0),
            ({1: 1, 2: 1, 3: 0, 4: 0}, 1),
        ]

    def test_answers_by_the_month_in_which_they_were_judged(self, cast):
        for at, answered_after in (
            (MONDAY_NINE, MINUTE),
            (MONDAY_NINE + DAY, HOUR),
            (MONDAY_NINE + 2 * DAY, None),
        ):
            incident = cast.file(CRITICAL, at)
            sweep(at=at + 31 * MINUTE)
            if answered_after is not None:
                incident.refresh_from_db()
                respond(incident=incident, actor=cast.tom, text="Seen.", at=at + HOUR)
        in_time = cast.file(CRITICAL, MONDAY_NINE + 3 * DAY)
        respond(incident=in_time, actor=cast.tom, text="Seen.", at=MONDAY_NINE + 3 * DAY + MINUTE)
        march = trends(cast, MONDAY_NINE + 4 * DAY).months[-1]
        assert (march.met, march.late, march.missed, march.judged) == (1, 2, 1, 4)

    def test_the_median_of_the_time_on_our_side(self, cast):
        for spent in (1, 2, 9):
            incident = cast.file(HIGH, MONDAY_NINE)
            at = MONDAY_NINE + spent * HOUR
            offer_solution(incident=incident, actor=cast.tom, text="So.", at=at)
            accept(incident=incident, actor=cast.alice, text="", at=at + 5 * HOUR)
        [march] = trends(cast, MONDAY_NINE + DAY).months[-1:]
        assert march.vendor_time == 2 * HOUR

    def test_only_what_the_person_sees(self, cast):
        cast.file(HIGH, MONDAY_NINE)
        assert trends(cast, MONDAY_NINE + HOUR, user=cast.erik).is_empty is True

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same(self, cast, count, django_assert_num_queries):
        for _number in range(count):
            cast.file(HIGH, MONDAY_NINE)
        with django_assert_num_queries(4):
            trends(cast, MONDAY_NINE + HOUR)


class TestCharts:
    def test_the_axis_starts_at_zero_and_ends_at_a_round_number(self):
        chart = bar_chart([Bar("Jan", [Part(7, "a", "seven")])])
        assert [(line.text, line.y) for line in chart.grid] == [
            ("0", "222.0"),
            ("2", "169.5"),
            ("4", "117.0"),
            ("6", "64.5"),
            ("8", "12.0"),
        ]

    def test_parts_stand_on_each_other_and_nothing_is_drawn_of_nothing(self):
        parts = [Part(4, "low", "4"), Part(0, "none", "0"), Part(2, "high", "2")]
        chart = bar_chart([Bar("Jan", parts, note="6")], line=[8])
        assert [(part.css, part.y, part.height) for part in chart.rectangles] == [
            ("low", "117.0", "105.0"),
            ("high", "64.5", "52.5"),
        ]
        assert (chart.line, [note.text for note in chart.notes]) == ("296.0,12.0", ["6"])

    def test_a_given_top_is_kept(self):
        chart = bar_chart([Bar("Jan", [])], top=100, unit="%")
        assert [line.text for line in chart.grid] == ["0%", "25%", "50%", "75%", "100%"]

    @pytest.mark.parametrize(
        ("value", "top"), [(0, "4"), (0.5, "4"), (4, "4"), (5, "8"), (41, "80"), (900, "2000")]
    )
    def test_round_numbers(self, value, top):
        assert bar_chart([Bar("Jan", [Part(value, "a", "")])]).grid[-1].text == top

    def test_no_locale_gets_into_an_attribute(self):
        chart = bar_chart([Bar(str(number), [Part(1, "a", "")]) for number in range(3)])
        assert [(part.x, part.width) for part in chart.rectangles] == [
            ("67.3", "116.1"),
            ("238.0", "116.1"),
            ("408.6", "116.1"),
        ]
