"""Child processes: each in a group of its own, read by a thread, and dead when the stack is."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from msa.embedded.terminal import LogFile, Terminal

# Enough for a request or a task to end; whoever takes longer is killed and loses nothing by it.
STOP_SECONDS = 15.0

# After an end the last lines are still in the pipe; an orphan may hold it open for ever.
DRAIN_SECONDS = 1.0

SAME_IDENTITY = "same"

_LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))


@dataclass(frozen=True)
class Recipe:
    """How a child is started. `command[0]` is an absolute path; `identity` as in `launch.py`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    shown: bool = True
    identity: str = SAME_IDENTITY
    stop_signal: signal.Signals = signal.SIGTERM


class Child:
    """A running process made by a recipe.

    Make it in the main thread: the kernel ends a child when the thread that made it ends.
    """

    def __init__(self, recipe: Recipe, terminal: Terminal) -> None:
        self.recipe = recipe
        self._started = time.monotonic()
        self.last_line = ""
        self._terminal = terminal
        self._process = subprocess.Popen(
            launcher(recipe.identity, recipe.stop_signal) + list(recipe.command),
            env=dict(recipe.environment),
            cwd=recipe.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, name=recipe.name, daemon=True)
        self._reader.start()

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def age_seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self._started

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        status = self._process.poll()
        if status is None:
            return "is running"
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask it to end, wait `seconds`, then kill it and what it left behind."""
        if self.status is None:
            self._process.send_signal(self.recipe.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.sweep()

    def sweep(self) -> None:
        """Kill what is left of its process group; children of a killed process do not linger."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(DRAIN_SECONDS)

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            raise AssertionError("a child is always started with a pipe")
        with stream, LogFile(self.recipe.log) as log:
            self._copy(stream, log)

    def _copy(self, stream: IO[bytes], log: LogFile) -> None:
        for raw in stream:
            line = raw.decode(errors="replace").rstrip()
            if line and not line[0].isspace():  # indented lines add to the one before
                self.last_line = line
            log.write(line)
            if self.recipe.shown:
                self._terminal.line(self.recipe.name, line)


def launcher(identity: str, on_parent_death: signal.Signals) -> list[str]:
    """Return the words before a command that give it `identity` and end it with this process."""
    return [*_LAUNCHER, str(os.getpid()), str(int(on_parent_death)), identity]
