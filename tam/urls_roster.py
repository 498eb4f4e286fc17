"""Addresses of the roster: who is responsible when, duty shifts, absences, coverage."""

from django.urls import path

from tam.views import (
    roster,
    roster_absences,
    roster_coverage,
    roster_shifts,
    roster_swaps,
)

urlpatterns = [
    path("roster/", roster.roster, name="roster"),
    path("roster/history/", roster.history, name="roster-history"),
    path("roster/shifts/new/", roster_shifts.new_shift, name="roster-new-shift"),
    path("roster/shifts/<int:pk>/", roster_shifts.shift, name="roster-shift"),
    path(
        "roster/shifts/<int:pk>/removal/",
        roster_shifts.shift_removal,
        name="roster-shift-removal",
    ),
    path("roster/shifts/<int:pk>/swap/", roster_swaps.new_swap, name="roster-new-swap"),
    path("roster/patterns/new/", roster_shifts.new_pattern, name="roster-new-pattern"),
    path("roster/patterns/<int:pk>/end/", roster_shifts.pattern_end, name="roster-pattern-end"),
    path("roster/swaps/", roster_swaps.swaps, name="roster-swaps"),
    path("roster/swaps/<int:pk>/answer/", roster_swaps.swap_answer, name="roster-swap-answer"),
    path("roster/absences/", roster_absences.absences, name="roster-absences"),
    path("roster/absences/new/", roster_absences.new_absence, name="roster-new-absence"),
    path("roster/absences/<int:pk>/", roster_absences.absence, name="roster-absence"),
    path(
        "roster/absences/<int:pk>/removal/",
        roster_absences.absence_removal,
        name="roster-absence-removal",
    ),
    path("coverage/", roster_coverage.coverage, name="coverage"),
]
