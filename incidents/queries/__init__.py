"""What the portal reads: lists by whose turn it is, and what an agreement allows now."""

from incidents.queries.agreements import (
    contract_year_start,
    days_until_end,
    entitlements_of,
    filing_refusals,
    filings_left,
    quota_of,
    validity_of,
)
from incidents.queries.hours import (
    DayHours,
    Hours,
    Opening,
    SpecialDay,
    coming_days,
    day_names,
    line_hours,
    next_special_days,
    opening,
    tam_week,
    weekly_hours,
)
from incidents.queries.lists import (
    Row,
    Turn,
    count_by_turn,
    incidents_by_turn,
    latest_clocks,
    rows,
)

__all__ = [
    "DayHours",
    "Hours",
    "Opening",
    "Row",
    "SpecialDay",
    "Turn",
    "coming_days",
    "contract_year_start",
    "count_by_turn",
    "day_names",
    "days_until_end",
    "entitlements_of",
    "filing_refusals",
    "filings_left",
    "incidents_by_turn",
    "latest_clocks",
    "line_hours",
    "next_special_days",
    "opening",
    "quota_of",
    "rows",
    "tam_week",
    "validity_of",
    "weekly_hours",
]
