"""`manage.py verify_journal`: is the journal as it was written? (SPEC 19.2, docs/evidence.md)."""

from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.tenancy import staff_transaction
from incidents.evidence.verification import Head, Verification


class Command(BaseCommand):
    help = (
        "Verifies the journal's chains: numbers, hashes, links, heads, texts and files. Prints a "
        "line for each finding and ends with 1 if there is any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("references", nargs="*", metavar="INC-…", help="only these incidents")
        parser.add_argument(
            "--heads", action="store_true", help="print each chain's reference, length and head"
        )
        parser.add_argument(
            "--against",
            metavar="FILE",
            help="heads printed by an earlier run: each chain must still run through its own",
        )

    def handle(
        self, *, references: list[str], heads: bool, against: str | None, **_options: Any
    ) -> None:
        printed = _read_heads(against) if against else {}
        verification = Verification(
            references, printed, self._print_head if heads else lambda _head: None
        )
        began = perf_counter()
        found = 0
        with staff_transaction():
            for finding in verification.findings():
                self.stdout.write(str(finding))
                found += 1
        took = perf_counter() - began
        self.stdout.write(
            f"{verification.incidents} incidents, {verification.entries} entries,"
            f" {verification.erased} with an erased text; findings: {found};"
            f" {took:.1f} s, {verification.entries / took:.0f} entries/s"
        )
        if found:
            raise SystemExit(1)

    def _print_head(self, head: Head) -> None:
        self.stdout.write(f"{head.reference} {head.length} {head.hash}")


def _read_heads(name: str) -> dict[str, Head]:
    """Return the heads of an earlier run's output; its other lines are passed over."""
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8: {error.reason}.") from error
    heads = {}
    for line in lines:
        match line.split():
            case [str(reference), length, str(digest)] if length.isdecimal():
                heads[reference] = Head(reference, int(length), digest)
    if not heads:
        raise CommandError(f"{name} holds no heads; expected lines as --heads prints them.")
    return heads
