"""`manage.py what_if`: a past period under other hours, days or targets (docs/what-if.md)."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model, QuerySet

from accounts.models import Certificate, Office
from accounts.tenancy import staff_transaction
from msa import clock
from msa.scenarios.history import History, Period, history_of, incidents_in
from msa.scenarios.lines import ScenarioError
from msa.what_if.change import Change, ChangeError
from msa.what_if.comparison import Comparison, compare
from msa.what_if.printed import as_data, as_text
from msa.what_if.written import (
    UnreadableError,
    calendar_file,
    read_days,
    read_openings,
    read_week,
    targets_file,
)

NAMED_MOST = 20  # names that a refusal lists: enough to see how they are written

AnyModel = TypeVar("AnyModel", bound=Model)


class Command(BaseCommand):
    help = "Plays a past period again under other hours, days or targets; changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", required=True, metavar="DATE")
        parser.add_argument(
            "--until", dest="last", required=True, metavar="DATE", help="Inclusive."
        )
        parser.add_argument("--office", nargs="+", metavar="NAME", help="All, if none is named.")
        parser.add_argument("--certificate", nargs="+", metavar="NUMBER", help="Only these.")
        parser.add_argument("--calendar", metavar="FILE", help="A calendar in place of all.")
        parser.add_argument(
            "--week", metavar="HOURS", help='Such as "mon-thu 09:00-18:00; fri 09:00-13:00".'
        )
        parser.add_argument("--close", nargs="+", default=[], metavar="DATE")
        parser.add_argument(
            "--open", nargs="+", default=[], metavar="DATE[=HOURS]", help="2026-07-18=09:00-13:00"
        )
        parser.add_argument(
            "--targets",
            metavar="FILE",
            help='{"3": {"response": {"minutes": 240, "unit": "working"}, "call_required": true}}',
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--export", metavar="FILE", help="Write the period as a scenario.")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            change = _change(options)
            with staff_transaction():
                history, comparison = _compared(change, options)
            if options["export"]:
                _export(history, Path(options["export"]))
        except (UnreadableError, ChangeError, ScenarioError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_data(comparison), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(as_text(comparison)))


def _change(options: Mapping[str, Any]) -> Change:
    openings = "\n".join(day.replace("=", " ", 1) for day in options["open"])
    return Change(
        calendar=calendar_file(Path(options["calendar"])) if options["calendar"] else None,
        week=read_week(options["week"]) if options["week"] else None,
        closed=read_days(" ".join(options["close"])),
        opened=read_openings(openings),
        targets=targets_file(Path(options["targets"])) if options["targets"] else {},
    )


def _compared(change: Change, options: Mapping[str, Any]) -> tuple[History, Comparison]:
    period = _period(options)
    offices = _named(Office.objects.all(), "office", "name", options["office"])
    certificates = None
    if options["certificate"]:
        certificates = _named(
            Certificate.objects.all(), "certificate", "number", options["certificate"]
        )
    incidents = incidents_in(period, offices=offices, certificates=certificates)
    history = history_of(incidents, period=period, at=clock.now())
    return history, compare(history, change, incidents)


def _period(options: Mapping[str, Any]) -> Period:
    first, last = _day(options["first"], "--from"), _day(options["last"], "--until")
    if last < first:
        raise CommandError(f"--until {last} lies before --from {first}.")
    return Period(first, last)


def _day(text: str, option: str) -> date:
    days = read_days(text)
    if len(days) != 1:
        raise CommandError(f"{option}: expected one date, such as 2026-07-01.")
    return days[0]


def _named(
    rows: QuerySet[AnyModel], label: str, field: str, names: Sequence[str] | None
) -> list[AnyModel]:
    """Return the rows of some names, all for None; refuses a name that there is not."""
    if names is None:
        return list(rows)
    found = {getattr(row, field): row for row in rows.filter(**{f"{field}__in": names})}
    for name in names:
        if name not in found:
            known = ", ".join(rows.order_by(field).values_list(field, flat=True)[:NAMED_MOST])
            raise CommandError(f"There is no {label} “{name}”; there are: {known or 'none'}.")
    return [found[name] for name in names]


def _export(history: History, path: Path) -> None:
    try:
        with path.open("w", encoding="utf-8") as file:
            for line in history.lines:
                print(json.dumps(line, ensure_ascii=False), file=file)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
