"""`manage.py load_categories [FILE]`: categories from their file into the database."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.actions.programmes import Loaded
from incidents.actions.categories import load_categories
from incidents.categories import CategoryError, read_categories
from msa import clock


class Command(BaseCommand):
    help = "Load the categories of a file: all of them or, on any mistake, none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            metavar="FILE",
            nargs="?",
            type=Path,
            default=settings.BASE_DIR / "programmes" / "categories.toml",
            help="a TOML file with a table for each category (default: programmes/categories.toml)",
        )

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        try:
            outcomes = load_categories(categories=read_categories(file), actor=None, at=clock.now())
        except CategoryError as error:
            raise CommandError(str(error)) from error
        counts = Counter(outcomes)
        self.stdout.write(", ".join(f"{counts[kind]} {kind}" for kind in Loaded if counts[kind]))
