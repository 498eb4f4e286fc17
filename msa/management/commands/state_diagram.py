"""`manage.py state_diagram`: the incident's states as a Mermaid diagram."""

from typing import Any

from django.core.management.base import BaseCommand

from incidents.models import state_diagram


class Command(BaseCommand):
    help = "Prints the states and transitions of an incident, from the code itself."

    def handle(self, *_: Any, **_options: Any) -> None:
        self.stdout.write(state_diagram())
