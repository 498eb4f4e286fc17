"""`manage.py demo_people`: who signs in to the demo, and how."""

import unicodedata
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.tenancy import staff_transaction
from msa import demo


class Command(BaseCommand):
    help = "Prints the demo's people with their roles and the password they share."

    def handle(self, *_: Any, **_options: Any) -> None:
        with staff_transaction():
            rows = [
                (
                    user.name,
                    str(user.role_label),
                    user.customer.name if user.customer else str(user.office or ""),
                    user.language,
                    user.email,
                )
                for user in demo.people()
            ]
        if not rows:
            return
        widths = [max(_columns(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            cells = [
                text + " " * (width - _columns(text))
                for text, width in zip(row, widths, strict=True)
            ]
            self.stdout.write("  ".join(cells).rstrip())
        self.stdout.write(f"Everyone's password: {demo.PASSWORD}")
        if not settings.STAFF_SECOND_FACTOR:
            self.stdout.write("No second factor is asked for here (STAFF_SECOND_FACTOR=0).")


def _columns(text: str) -> int:
    """Return how wide a terminal writes a text: Chinese characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
