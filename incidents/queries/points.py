"""What the customer was asked for, point by point (SPEC 19.9)."""

from collections.abc import Iterable

from incidents.models import Incident, Point


def points_of(incident: Incident) -> list[Point]:
    """Return all that was ever asked for, in order, with who answered; one query."""
    asked = incident.points.select_related("answered_in__author")
    return list(asked.order_by("number", "id"))


def open_points(incident: Incident) -> list[Point]:
    """Return what is still asked for; of a closed incident nothing is."""
    return still_open(incident, points_of(incident))


def still_open(incident: Incident, points: Iterable[Point]) -> list[Point]:
    if not incident.is_open:
        return []
    return [point for point in points if point.answered_in is None and point.dropped_at is None]
