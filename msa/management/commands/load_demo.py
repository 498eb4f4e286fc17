"""`manage.py load_demo`: the demo's customers, people and incidents, always relative to today."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from msa import clock, demo
from msa.scenarios.lines import ScenarioError


class Command(BaseCommand):
    help = "Loads the demo, unless there are customers already."

    def handle(self, *_: Any, **_options: Any) -> None:
        try:
            count = demo.load(now=clock.now())
        except (ScenarioError, demo.DemoError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} incidents" if count else "There are customers already.")
