"""The list of points by which the customer is asked (SPEC 6, 19.9).

Points are numbered through the incident, so that “point 3” means one thing on the phone.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Refused
from accounts.models import User
from incidents.actions.case import Case
from incidents.models import Incident, Message, Point

# Points in one message: a longer list is a form to attach.
POINTS_MOST: Final = 20
# Characters of a point: a sentence or two; what is longer belongs into the words around the list.
POINT_LENGTH: Final = 500

_MARK: Final = re.compile(r"^\s*(?:[-*•–]|\d+[.)])\s+")


def points_in(typed: str) -> list[str]:
    """Return the points that stand in a text, one a line, without dashes or numbers before them."""
    lines = (" ".join(_MARK.sub("", line).split()) for line in typed.splitlines())
    return [line for line in lines if line]


def check_points(points: Sequence[str]) -> None:
    """Raise `Refused` for a list that nobody would read to its end."""
    if len(points) > POINTS_MOST:
        raise Refused(
            _("At most %(count)d points go with one message.") % {"count": POINTS_MOST},
            field="points",
        )
    if any(len(point) > POINT_LENGTH for point in points):
        raise Refused(
            _("A point has at most %(count)d characters.") % {"count": POINT_LENGTH},
            field="points",
        )


def next_number(case: Case) -> int:
    last: int | None = case.incident.points.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def with_points(text: str, points: Sequence[str], first: int) -> str:
    """Return the words of a message followed by its points, numbered from `first` on."""
    listed = "\n".join(f"{number}. {point}" for number, point in enumerate(points, first))
    return "\n\n".join(filter(None, [text.rstrip(), listed]))


def ask_for(case: Case, question: Message, points: Sequence[str], first: int) -> None:
    """List the points of a question, which is of the same incident."""
    Point.objects.bulk_create(
        Point(
            customer_id=case.incident.customer_id,
            incident=case.incident,
            question=question,
            number=number,
            text=point,
        )
        for number, point in enumerate(points, first)
    )


def answerable(case: Case, answers: Mapping[int, str]) -> list[Point]:
    """Return the points that `answers` names by key, in order.

    Raises `Conflict` where one has been answered, or is asked for no more, in the meantime.
    """
    if not answers:
        return []
    points = list(
        case.incident.points.filter(pk__in=list(answers))
        .select_related("answered_in__author")
        .order_by("number", "id")
    )
    if len(points) != len(answers):
        raise Conflict(_("This point is not asked for."))
    for point in points:
        if point.answered_in is not None:
            raise Conflict(
                _("%(name)s has answered point %(number)d in the meantime. Your words stay below.")
                % {"name": point.answered_in.author.name, "number": point.number}
            )
        if point.dropped_at is not None:
            raise Conflict(
                _("Point %(number)d is not asked for any more. Your words stay below.")
                % {"number": point.number}
            )
    return points


def with_answers(text: str, points: Sequence[Point], answers: Mapping[int, str]) -> str:
    """Return the words of an answer, followed by each point as a quotation and what answers it."""
    answered = [quoted(point, answers[point.pk]) for point in points]
    return "\n\n".join(filter(None, [text.rstrip(), *answered]))


def quoted(point: Point, answer: str) -> str:
    return f"> {point.number}. {point.text}\n\n{answer.strip()}"


def tick(points: Sequence[Point], answers: Mapping[int, str], message: Message) -> None:
    """Note what was answered, and in which message."""
    if not points:
        return
    for point in points:
        point.answer = answers[point.pk].strip()
        point.answered_in = message
    Point.objects.bulk_update(points, ["answer", "answered_in"])


def drop_open(case: Case) -> None:
    """Ask for nothing any more: the question was taken back, or the incident is closed."""
    case.incident.points.filter(answered_in=None, dropped_at=None).update(dropped_at=case.at)


@transaction.atomic
def drop_point(
    *,
    incident: Incident,
    actor: User,
    point: Point,
    at: datetime,
) -> Incident:
    """Ask for one point no more; whose move it is stays as it was.

    Doing so twice is once. Raises `Conflict` when it has been answered.
    """
    case = Case.open(incident, at=at)
    found = case.incident.points.select_related("answered_in__author").get(pk=point.pk)
    if found.answered_in is not None:
        raise Conflict(
            _("%(name)s has answered point %(number)d in the meantime.")
            % {"name": found.answered_in.author.name, "number": found.number}
        )
    if not case.incident.is_open:
        raise Conflict(_("This incident is closed."))
    if found.dropped_at is None:
        found.dropped_at = at
        found.save(update_fields=["dropped_at"])
        case.record("point_dropped", actor=actor, data={"number": found.number})
    return case.finish()
