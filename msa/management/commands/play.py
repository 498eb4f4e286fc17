"""`manage.py play`: play scenarios (docs/scenarios.md)."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from msa import clock
from msa.scenarios.batch import rehearse_all
from msa.scenarios.lines import ScenarioError, read
from msa.scenarios.stage import perform, rehearse


class Command(BaseCommand):
    help = "Plays a scenario: people act at given instants; what falls due is fired between."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="JSON Lines, - for standard input.")
        parser.add_argument("--rollback", action="store_true", help="Leave no trace.")
        parser.add_argument("--report", metavar="FILE", help="Write the report, - to print it.")
        parser.add_argument(
            "--batch", metavar="FILE", help='Lines of {"scenario": [...]}, each rolled back.'
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if bool(options["file"]) == bool(options["batch"]):
            raise CommandError("Name either a scenario or --batch FILE.")
        try:
            with _target(options["report"]) as out:
                if options["batch"]:
                    _play_batch(options["batch"], out)
                else:
                    _play_one(options["file"], out, rollback=options["rollback"])
        except ScenarioError as error:
            raise CommandError(str(error)) from error
        except UnicodeDecodeError as error:
            raise CommandError(f"The file is not UTF-8: {error.reason}.") from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error


def _play_one(name: str, out: IO[str] | None, *, rollback: bool) -> None:
    with _source(name) as source:
        lines = read(source, now=clock.now())
    result = rehearse(lines) if rollback else perform(lines)
    if out:
        for incident in result["incidents"]:
            print(json.dumps(incident), file=out)
        print(json.dumps({"refused": result["refused"]}), file=out)


def _play_batch(name: str, out: IO[str] | None) -> None:
    with _source(name) as source:
        for result in rehearse_all(_scenarios(source)):
            if out:
                print(json.dumps(result), file=out, flush=True)


def _scenarios(source: IO[str]) -> Iterator[object]:
    for number, text in enumerate(source):
        try:
            yield json.loads(text)["scenario"]
        except (ValueError, KeyError, TypeError) as error:
            raise ScenarioError(number, 'expected {"scenario": [...]}.') from error


@contextmanager
def _source(name: str) -> Iterator[IO[str]]:
    if name == "-":
        yield sys.stdin
        return
    with Path(name).open(encoding="utf-8") as file:
        yield file


@contextmanager
def _target(name: str | None) -> Iterator[IO[str] | None]:
    if not name:
        yield None
    elif name == "-":
        yield sys.stdout
    else:
        with Path(name).open("w", encoding="utf-8") as file:
            yield file
