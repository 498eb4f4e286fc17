"""`manage.py evidence INC-…`: one incident's evidence as a file and as a PDF (docs/evidence.md)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.tenancy import staff_transaction
from incidents.evidence.document import as_file, evidence_of
from incidents.evidence.sheet import sheet_of
from incidents.models import Incident


class Command(BaseCommand):
    help = (
        "Writes an incident's evidence, without internal notes; prints the file if none is named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", metavar="INC-…")
        parser.add_argument("--json", metavar="FILE", help="the file that can be checked")
        parser.add_argument("--pdf", metavar="FILE", help="the same for reading")
        parser.add_argument(
            "--language", choices=[code for code, _name in settings.LANGUAGES], default="en"
        )

    def handle(self, *, reference: str, language: str, **options: Any) -> None:
        with staff_transaction():
            incident = Incident.objects.filter(reference=reference).first()
            if incident is None:
                raise CommandError(f"There is no incident {reference}.")
            evidence = evidence_of(incident)
        file: str | None = options["json"]
        pdf: str | None = options["pdf"]
        if file:
            _write(file, as_file(evidence))
        if pdf:
            _write(pdf, sheet_of(evidence, language))
        if not file and not pdf:
            self.stdout.write(as_file(evidence).decode(), ending="")


def _write(name: str, content: bytes) -> None:
    try:
        Path(name).write_bytes(content)
    except OSError as error:
        raise CommandError(f"{name} cannot be written: {error.strerror}.") from error
