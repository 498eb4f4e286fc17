"""`manage.py load_programmes [DIR]`: programme editions from their files into the database."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.actions.programmes import Loaded, load_programmes
from accounts.programmes import ProgrammeError, read_programmes
from accounts.tenancy import staff_transaction
from msa import clock


class Command(BaseCommand):
    help = "Load the programme editions of a folder: all of them or, on any mistake, none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "directory",
            metavar="DIR",
            nargs="?",
            type=Path,
            default=settings.BASE_DIR / "programmes",
            help="a folder with one TOML file for each edition (default: programmes)",
        )

    def handle(self, *_args: Any, directory: Path, **_options: Any) -> None:
        try:
            editions = read_programmes(directory)
            with staff_transaction():
                outcomes = load_programmes(editions=editions, actor=None, at=clock.now())
        except ProgrammeError as error:
            raise CommandError(str(error)) from error
        counts = Counter(outcomes)
        self.stdout.write(", ".join(f"{counts[kind]} {kind}" for kind in Loaded if counts[kind]))
