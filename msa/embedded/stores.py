"""PostgreSQL and Redis of one folder, for whoever holds its lock; or those the person names.

`DATABASE_URL` and `REDIS_URL` each stand for themselves: one may be a real server while the other
is embedded.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg
import redis

from msa.embedded.errors import CannotRunError
from msa.embedded.layout import Layout
from msa.embedded.postgres import Postgres
from msa.embedded.processes import Child
from msa.embedded.redis_server import Redis
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts

# A fresh database with the demo takes 100 MB, its write-ahead log grows by as much under load.
ENOUGH_FREE_BYTES = 300_000_000

# A server that is there answers within a second, across a continent too.
CONNECT_SECONDS = 5


@dataclass
class Running:
    """An embedded server and the child that is it at the moment."""

    server: Postgres | Redis
    child: Child


@dataclass
class Stores:
    """What the application keeps its data in. Start it only with the folder's lock in hand."""

    layout: Layout
    environment: Mapping[str, str]
    terminal: Terminal
    interrupts: Interrupts
    durable: bool = True
    running: list[Running] = field(default_factory=list)

    @property
    def urls(self) -> dict[str, str]:
        """The variables that lead to the stores."""
        return {
            "DATABASE_URL": self.environment.get("DATABASE_URL") or self._postgres.url,
            "REDIS_URL": self.environment.get("REDIS_URL") or self._redis.url,
        }

    def start(self) -> None:
        """See that what the person names answers, start what is embedded, and wait for it.

        Raises CannotRunError with a sentence; what was started is in `running` even then.
        """
        self._refuse_unreachable()
        servers: list[Postgres | Redis] = []
        if not self.environment.get("REDIS_URL"):
            servers.append(self._redis)
        if not self.environment.get("DATABASE_URL"):
            servers.append(self._postgres)
        if servers:
            refuse_full_disk(self.layout.root)
        for server in servers:
            self.running.append(Running(server, server.start()))
        for one in self.running:
            one.server.wait(one.child, self.interrupts.pause)

    def revive(self, one: Running) -> None:
        """Start an embedded server again that has ended, and wait for it."""
        one.child.sweep()
        one.child = one.server.start()
        one.server.wait(one.child, self.interrupts.pause)

    def stop(self) -> None:
        while self.running:
            self.running.pop().child.stop()

    @cached_property
    def _postgres(self) -> Postgres:
        return Postgres(self.layout, self.terminal, durable=self.durable)

    @cached_property
    def _redis(self) -> Redis:
        return Redis(self.layout, self.terminal)

    def _refuse_unreachable(self) -> None:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
            if url := self.environment.get(name):
                refuse_unreachable_database(name, url)
        if url := self.environment.get("REDIS_URL"):
            refuse_unreachable_redis(url)


def refuse_unreachable_database(variable: str, url: str) -> None:
    """Raise CannotRunError unless a server answers at `url`; the sentence keeps the password."""
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0].strip(" .")
        raise CannotRunError(
            f"The database that {variable} names does not answer: {reason}."
        ) from error
    except psycopg.Error as error:
        raise CannotRunError(
            f"{variable} is not an address of PostgreSQL; it reads like "
            "postgresql://NAME:PASSWORD@HOST:5432/DATABASE."
        ) from error


def refuse_unreachable_redis(url: str) -> None:
    """Raise CannotRunError unless a server answers at `url`."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS) as client:
            client.ping()
    except ValueError as error:
        raise CannotRunError(
            "REDIS_URL is not an address of Redis; it reads like redis://HOST:6379."
        ) from error
    except redis.RedisError as error:
        reason = str(error).strip(" .")
        raise CannotRunError(
            f"The Redis that REDIS_URL names does not answer: {reason}."
        ) from error


def refuse_full_disk(folder: Path, enough_bytes: int = ENOUGH_FREE_BYTES) -> None:
    """Raise CannotRunError when the disk of `folder`, which exists, has less than that free."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < enough_bytes:
        raise CannotRunError(
            f"The disk of {folder} has only {free_bytes // 1_000_000} MB free and "
            f"{enough_bytes // 1_000_000} MB are needed; make room, or move the folder."
        )
