"""What the person sees, and the files that keep what the children say."""

import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# One file and its predecessor per child: a week of a busy desk, never a full disk.
LONGEST_LOG_BYTES = 10_000_000

_NAME_WIDTH = 8


class Terminal:
    """Whole lines from several threads, one at a time."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            try:
                print(text, file=self._stream, flush=True)
            except (OSError, ValueError):
                # The terminal was closed; the log files go on, and SIGHUP ends the run.
                return

    def line(self, name: str, text: str) -> None:
        """One line of the child called `name`."""
        self.say(f"{name:<{_NAME_WIDTH}} | {text}")


class LogFile:
    """Appends lines; past its limit it becomes `NAME.1` and starts anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, line: str) -> None:
        try:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            if self._file.tell() > LONGEST_LOG_BYTES:
                self._turn_over()
        except OSError:
            # A full disk must not stop the reader: a child blocks when nobody reads its pipe.
            return

    def _turn_over(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._path.open("ab")
