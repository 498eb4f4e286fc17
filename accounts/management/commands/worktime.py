"""`manage.py worktime --batch FILE`: working time for many questions at once (SPEC 9)."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.worktime import Calendar, CalendarError, NeverOpensAgain, due, elapsed

MOST_MINUTES = 100 * 366 * 24 * 60  # a century of working time: more is a slip of the pen


class QuestionError(ValueError):
    """A line that cannot be understood, with a sentence for people."""


class Command(BaseCommand):
    help = (
        "Answers questions about working time, one JSON object a line: n, office (a calendar), "
        "op, start, and either minutes (op due) or end (op elapsed). Prints n with the due time "
        "or the working seconds between. Fractions of seconds are cut off."
    )
    requires_system_checks: list[str] = []  # it needs neither database nor settings of ours

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch", required=True, metavar="FILE", help="the questions; - reads standard input"
        )

    def handle(self, *, batch: str, **_options: Any) -> None:
        for number, line in enumerate(_lines(batch), start=1):
            if not line.strip():
                continue
            try:
                answer = _answer(line)
            except (QuestionError, CalendarError, NeverOpensAgain) as error:
                raise CommandError(f"line {number}: {error}") from error
            self.stdout.write(json.dumps(answer))


def _lines(batch: str) -> Iterable[bytes]:
    return sys.stdin.buffer if batch == "-" else _lines_of(Path(batch))


def _lines_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _answer(line: bytes) -> dict[str, object]:
    """Return the answer to one question; raises QuestionError or CalendarError."""
    question = _parsed(line)
    office = question.get("office")
    if not isinstance(office, dict):
        raise QuestionError("office: expected a calendar.")
    calendar = Calendar.from_data(office)
    start = _instant(question, "start")
    match question.get("op"):
        case "due":
            result: object = _in_text(due(calendar, start, _minutes(question)))
        case "elapsed":
            result = _seconds_between(calendar, start, _instant(question, "end"))
        case _:
            raise QuestionError("op: expected due or elapsed.")
    return {"n": question.get("n"), "result": result}


def _parsed(line: bytes) -> dict[str, object]:
    try:
        question = json.loads(line.strip())
    except json.JSONDecodeError as error:
        raise QuestionError(
            f"expected a JSON object ({error.msg} at column {error.colno})."
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise QuestionError("expected a JSON object in UTF-8.") from error
    if not isinstance(question, dict):
        raise QuestionError("expected a JSON object.")
    return question


def _instant(question: dict[str, object], key: str) -> datetime:
    expected = f"{key}: expected an instant with its offset, such as 2026-03-02T09:00:00Z."
    try:
        instant = datetime.fromisoformat(str(question.get(key))).replace(microsecond=0)
        in_utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):  # overflow: a date at the very ends of Python's calendar
        raise QuestionError(expected) from None
    if instant.tzinfo is None:
        raise QuestionError(expected)
    return in_utc


def _minutes(question: dict[str, object]) -> timedelta:
    minutes = question.get("minutes")
    if type(minutes) is not int or not 0 <= minutes <= MOST_MINUTES:
        raise QuestionError(f"minutes: expected a whole number from 0 to {MOST_MINUTES}.")
    return timedelta(minutes=minutes)


def _seconds_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    if end < start:
        raise QuestionError("end: expected an instant that is not before start.")
    return elapsed(calendar, start, end) // timedelta(seconds=1)


def _in_text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
