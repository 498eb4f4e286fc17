"""A desk of its own for what is measured: an embedded PostgreSQL and Redis that end with it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@contextmanager
def prepared_desk(*, demo: bool) -> Iterator[Run]:
    """Return a way to run this Python with arguments, on an empty desk or on that of the demo."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "VAR_DIR": f"{folder}/var",
            "DEMO": "1" if demo else "0",
            "DJANGO_SETTINGS_MODULE": "msa.settings",
        }
        embedded = [sys.executable, "-m", "msa.embedded"]
        subprocess.run([*embedded, "prepare"], env=environment, check=True)

        def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
            command = [*embedded, "exec", "--", sys.executable, *arguments]
            return subprocess.run(command, env=environment, check=True, **options)

        yield run
