"""The lock of a folder, and what its holder tells other commands."""

import fcntl
import json
from collections.abc import Mapping
from typing import IO, Any

from msa.embedded.layout import Layout, create_private


class FolderLock:
    """One holder at a time for a folder; the kernel gives it free when the holder dies.

    `follows_crash` says, once taken, that the holder before did not live to free it.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._file: IO[str] | None = None
        self.follows_crash = False

    def prepare(self) -> None:
        """Make the folder that the lock lies in."""
        create_private(self._layout.root)

    def take(self) -> bool:
        """Return whether the lock is ours now."""
        file = self._layout.lock.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        self.follows_crash = self.told() is not None
        self._forget()
        return True

    def free(self) -> None:
        """Take back what was told, and let others have the lock."""
        if self._file is not None:
            self._forget()
            self._file.close()
            self._file = None

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Write what other commands need to know of the holder; readable by its account only."""
        unfinished = self._layout.running.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(facts))
        unfinished.replace(self._layout.running)

    def told(self) -> dict[str, Any] | None:
        """Return what the holder has told; None before it has, or when there is none."""
        try:
            facts: dict[str, Any] = json.loads(self._layout.running.read_text())
        except FileNotFoundError:
            return None
        return facts

    def _forget(self) -> None:
        self._layout.running.unlink(missing_ok=True)
