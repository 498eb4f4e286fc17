"""`python -m tests.incidents.inbound.soak --mails 10000`: the whole of what the suite samples.

`--measure` reads the hostile mails and as many mutated ones in a process of its own with 256 MB at
the most, and prints the slowest and the peak; `test_soak` runs that.
"""

import argparse
import os
import resource
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from time import process_time
from typing import IO

MEMORY = 256 * 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    if options.measure:
        return measure(options.mails)
    import pytest

    os.environ["SOAK_MAILS"] = str(options.mails)
    return pytest.main(
        ["tests/incidents/inbound/test_soak.py", "-q", "-s", "-p", "no:cacheprovider"]
    )


def measure(mails: int) -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from incidents.inbound.authentication import domain_verdict, sender_of
    from incidents.inbound.automatic import why_automatic
    from incidents.inbound.bounces import read_bounce
    from incidents.inbound.contents import contents_of
    from incidents.inbound.parsing import Unreadable, parse_file
    from incidents.inbound.quoting import new_text
    from tests.incidents.inbound.corpus import HOSTILE
    from tests.incidents.inbound.mutations import mutated

    def read(file: IO[bytes]) -> None:
        try:
            mail = parse_file(file)
            sender = sender_of(mail)
            domain_verdict(mail, sender)
            why_automatic(mail, sender)
            read_bounce(mail)
            new_text(contents_of(mail).text)
        except Unreadable:
            return

    slowest, peak = ("", 0.0), 0
    for name, make in HOSTILE.items():
        with TemporaryFile() as file:
            file.write(make())
            forget_peak()
            began = process_time()
            read(file)
        slowest = max(slowest, (name, process_time() - began), key=lambda each: each[1])
        peak = max(peak, peak_megabytes())
    for number, raw in enumerate(mutated(mails, seed=1)):
        began = process_time()
        read(BytesIO(raw))
        slowest = max(slowest, (f"mutated {number}", process_time() - began), key=lambda e: e[1])
    sys.stdout.write(f"{slowest[0]}|{slowest[1]:.2f}|{max(peak, peak_megabytes())}\n")
    return 0


def forget_peak() -> None:
    """Count from now: making a mail of 24 MB takes more than reading it."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes() -> int:
    """Return what this process has held at the most; `ru_maxrss` would count its parent's, too."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    sys.exit(main())
