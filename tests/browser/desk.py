"""The whole product, as `make run` starts it: web, worker, beat, mail, stores, and the demo."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msa.embedded.layout import PROJECT, Layout
from msa.embedded.processes import SAME_IDENTITY, launcher
from tests.stores import embedded_folder

# A mail that no wake has sent is sent with the next tick, every 15 s; on a busy machine, where the
# demo's own mails are still being sent, a few ticks later.
MAIL_SECONDS = 120.0

PASSWORD: Final = "northlight"  # everybody's in the demo, and in `people`

# What `msa.embedded` gives each child to end is 15 s; there are six, and they end within one.
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Desk:
    """A running desk: its address and, for commands of its own, its environment."""

    url: str
    environment: dict[str, str]

    def run(self, *command: str) -> None:
        """Run a command of this Python with the desk's database at hand."""
        subprocess.run(
            [sys.executable, "-m", "msa.embedded", "exec", "--", sys.executable, *command],
            cwd=PROJECT,
            env=self.environment,
            check=True,
        )


@contextmanager
def running_desk(folder: Path) -> Iterator[Desk]:
    """Start a desk that keeps everything in `folder`; on leaving it ends and removes all.

    It ends with this process too, whatever becomes of it.
    """
    with embedded_folder(folder) as layout:
        port = free_port()
        environment = _environment(layout, port)
        process = subprocess.Popen(
            [*launcher(SAME_IDENTITY, signal.SIGTERM), sys.executable, "-m", "msa.embedded", "run"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                _wait_until_ready(process)
                yield Desk(f"http://localhost:{port}", environment)
            finally:
                _end(process)


def _environment(layout: Layout, port: int) -> dict[str, str]:
    """Return an environment without the person's own settings: stores and mail are the desk's."""
    return {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(layout.root),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "DJANGO_SETTINGS_MODULE": "msa.settings",
    }


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    """Read what it says until it serves; it says why when it does not."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Logs are in "):
            return
    raise AssertionError("".join(said))


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()  # its children die with it


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
