"""The embedded PostgreSQL: a server on a Unix socket, with its data in one folder.

Only the programs of the packaged server are used. Its own Python interface opens every parent
directory to the world when root, and takes a stale `postmaster.pid` for a running server.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql

from msa.embedded.errors import CannotRunError
from msa.embedded.home import MAJOR_VERSION, Home, find_home
from msa.embedded.layout import Layout
from msa.embedded.processes import STOP_SECONDS, Child, Recipe, launcher
from msa.embedded.terminal import Terminal

DATABASE = "msa"
SUPERUSER = "postgres"

# Recovery after a crash replays at most the log since the last checkpoint; this is far more.
READY_SECONDS = 120.0

# `initdb` needs one second; a machine that takes this long has another trouble.
INITDB_SECONDS = 120

# A few people, two workers and a test run; each connection costs some megabytes.
_MODEST = {"max_connections": "80", "shared_buffers": "128MB"}

# For a database that is thrown away: faster, and a killed server may forget its last second.
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Plain `C` would break lower-casing of É and Ж and Russian stemming.
_INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=trust",  # the socket's folder is closed to every other account
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C.UTF-8",
)

# The person's PG* and LC_* variables must reach neither the server nor `initdb`.
_CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}


class Postgres:
    name = "postgres"

    def __init__(self, layout: Layout, terminal: Terminal, *, durable: bool = True) -> None:
        self._layout = layout
        self._terminal = terminal
        self._durable = durable

    @property
    def url(self) -> str:
        """The application's database, as libpq URL, for the owner of everything."""
        return self._url(DATABASE)

    def start(self) -> Child:
        """Start the server, and make its data folder first where there is none. Does not wait."""
        if self._home.data.exists():
            self._refuse_other_version()
            self._end_leftovers()
        else:
            self._initialise()
        return Child(self._recipe(), self._terminal)

    def wait(self, child: Child, pause: Callable[[], None]) -> None:
        """Return when the server answers and has the database; CannotRunError when it cannot."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self._ensure_database()
            except psycopg.OperationalError as error:
                if child.status is not None or time.monotonic() > deadline:
                    raise CannotRunError(
                        f"PostgreSQL did not start ({child.last_line or error}); "
                        f"its log is {child.recipe.log}."
                    ) from error
            else:
                return
            pause()

    @cached_property
    def _home(self) -> Home:
        return find_home(self._layout)

    @property
    def _title(self) -> str:
        """Stands in the title of every process of this server, which anybody may read."""
        return f"msa-{self._layout.digest}"

    def _url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self._home.sockets}&user={SUPERUSER}"

    def _initialise(self) -> None:
        """Beside its place first, so that an interrupted start leaves no half a database."""
        home = self._home
        unfinished = home.data.with_name(f"{home.data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        home.identity.create_private(unfinished)
        try:
            subprocess.run(
                [
                    *launcher(home.identity.word, signal.SIGKILL),
                    str(home.programs / "initdb"),
                    f"--pgdata={unfinished}",
                    *_INITDB_OPTIONS,
                    *(() if self._durable else ("--no-sync",)),
                ],
                env=_CLEAN_ENVIRONMENT,
                cwd=home.data.parent,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,  # Ctrl-C is for the supervisor
                text=True,
                timeout=INITDB_SECONDS,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise CannotRunError(
                f"PostgreSQL could not make its database: {_reason(error)}."
            ) from error
        unfinished.rename(home.data)

    def _refuse_other_version(self) -> None:
        found = (self._home.data / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise CannotRunError(
                f"The database in {self._home.data} was made by PostgreSQL {found}, and this is "
                f"PostgreSQL {MAJOR_VERSION}; dump it with the old one, or move it away."
            )

    def _end_leftovers(self) -> None:
        """Wait for processes of a server whose supervisor was killed, then forget its pid file.

        The caller holds the lock of the folder, so whatever runs here is an orphan. The file must
        go, because its number may meanwhile be another program's; it must not go sooner, because
        it is what keeps two servers off the same data.
        """
        deadline = time.monotonic() + STOP_SECONDS
        while left := self._processes():
            overdue = time.monotonic() > deadline
            for pid in left:
                _send(pid, signal.SIGKILL if overdue else signal.SIGINT)
            time.sleep(0.1)
        (self._home.data / "postmaster.pid").unlink(missing_ok=True)

    def _processes(self) -> list[int]:
        """Find this folder's server processes: the main one by its words, others by title."""
        words = {f"--cluster-name={self._title}", f"postgres: {self._title}:"}
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # it ended meanwhile
            if any(word in line.replace("\0", " ") for word in words):
                found.append(int(entry.name))
        return found

    def _recipe(self) -> Recipe:
        home = self._home
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(home.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **_MODEST,
            **({} if self._durable else _FORGETFUL),
        }
        return Recipe(
            name=self.name,
            command=[
                str(home.programs / "postgres"),
                "-D",
                str(home.data),
                f"--cluster-name={self._title}",
                *(f"--{name.replace('_', '-')}={value}" for name, value in settings.items()),
            ],
            environment=_CLEAN_ENVIRONMENT,
            folder=home.data,
            log=self._layout.logs / "postgres.log",
            shown=False,
            identity=home.identity.word,
            stop_signal=signal.SIGINT,  # "fast": sessions are ended, nothing is lost
        )

    def _ensure_database(self) -> None:
        with psycopg.connect(
            self._url("postgres"), autocommit=True, connect_timeout=5
        ) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if found.fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def _reason(error: subprocess.SubprocessError) -> str:
    """Return the first line that `initdb` said of its failure, or how it failed."""
    lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
    return lines[0].strip(" .")


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended meanwhile, which is what was wanted
