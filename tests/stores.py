"""PostgreSQL and Redis for one run of the tests: embedded and forgetful, or those named."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from msa.embedded.layout import Layout
from msa.embedded.stores import Stores
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts


@dataclass
class StoresForTests:
    """Start it in the controller only; what it leads to is in `urls` (`DATABASE_URL`, `REDIS_URL`).

    The servers end with the process that started them, whatever becomes of it.
    """

    layout: Layout
    stores: Stores

    @classmethod
    def start(cls) -> Self:
        """Return stores that answer; CannotRunError, a sentence, when they cannot be had."""
        layout = Layout(Path(tempfile.mkdtemp(prefix="msa-tests-")).resolve())
        layout.create()
        started = cls(layout, Stores(layout, os.environ, Terminal(), Interrupts(), durable=False))
        try:
            started.stores.start()
        except BaseException:
            started.stop()
            raise
        return started

    @property
    def urls(self) -> dict[str, str]:
        return self.stores.urls

    def stop(self) -> None:
        """End the servers and remove every file of theirs."""
        self.stores.stop()
        _remove(self.layout)


@contextmanager
def embedded_folder(root: Path) -> Iterator[Layout]:
    """Lay out `root` for servers of a test of their own, and remove what they leave elsewhere."""
    layout = Layout(root)
    layout.create()
    try:
        yield layout
    finally:
        _remove(layout)


def _remove(layout: Layout) -> None:
    for folder in (layout.root, layout.outside, layout.sockets):
        shutil.rmtree(folder, ignore_errors=True)


def stores_in(root: Path) -> Stores:
    """Return forgetful stores of a folder, not started: their URLs are known beforehand."""
    return Stores(Layout(root), dict(os.environ), Terminal(), Interrupts(), durable=False)
