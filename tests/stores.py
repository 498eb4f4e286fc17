"""PostgreSQL and Redis for the tests: embedded and forgetful, or those that the person names."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msa.embedded.layout import Layout
from msa.embedded.stores import Stores
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts

__all__ = ["Stores", "discard", "embedded_folder", "stores_in"]


def stores_in(root: Path) -> Stores:
    """Return forgetful stores of a folder, not started: their URLs are known beforehand.

    Started in the controller only, they end with it, whatever becomes of it.
    """
    return Stores(Layout(root), dict(os.environ), Terminal(), Interrupts(), durable=False)


def discard(stores: Stores) -> None:
    """End the servers and remove every file of theirs."""
    stores.stop()
    _remove(stores.layout)


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
