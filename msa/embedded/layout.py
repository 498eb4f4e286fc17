"""Where the stack keeps its things: everything under one folder, `var/` unless a test says other.

Unix sockets are the exception: their path has a short limit, and the URLs that carry it know no
escapes, so a folder with a long or unusual name gets a short stand-in for them.
"""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from msa.embedded.errors import CannotRunError

PROJECT = Path(__file__).resolve().parents[2]

# Every account can pass through it, and only root can put something there.
OUTSIDE = Path("/var/lib")

# The kernel takes 107 bytes; PostgreSQL appends 14, its lock file five more.
LONGEST_SOCKET_FOLDER = 85

# What stands in a URL of libpq, redis-py and kombu alike without an escape.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")


@dataclass(frozen=True)
class Layout:
    """The names inside the folder `root`, an absolute path."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def static(self) -> Path:
        return self.root / "static"

    @property
    def mailbox(self) -> Path:
        return self.root / "mail"

    @property
    def secret_key(self) -> Path:
        return self.root / "secret_key"

    @property
    def lock(self) -> Path:
        """Locked by the one process that started the stores of this folder."""
        return self.root / "lock"

    @property
    def users(self) -> Path:
        """Locked, shared, by every command that uses the stores."""
        return self.root / "users"

    @property
    def running(self) -> Path:
        """What other commands need to know of the holder of the lock; gone after a clean stop."""
        return self.root / "running.json"

    @property
    def prepared(self) -> Path:
        """The fingerprint of code, settings and database that the preparation has seen."""
        return self.root / "prepared"

    @property
    def people(self) -> Path:
        """The sign-in table of the demo, printed at each start."""
        return self.root / "people.txt"

    @property
    def sockets(self) -> Path:
        folder = self.root / "sockets"
        text = str(folder)
        if len(os.fsencode(text)) <= LONGEST_SOCKET_FOLDER and PLAIN_PATH.fullmatch(text):
            return folder
        return Path(tempfile.gettempdir()) / f"msa-{os.geteuid()}-{self.digest}"

    @property
    def outside(self) -> Path:
        """For the case that root must run PostgreSQL as an account that cannot reach `root`."""
        return OUTSIDE / f"msa-desk-{self.digest}"

    @property
    def digest(self) -> str:
        """Tells this folder's servers from those of another one."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def create(self) -> None:
        """Make the folders that servers and children expect, closed to every other account."""
        for folder in (self.root, self.redis, self.logs, self.media, self.sockets):
            create_private(folder)


def create_private(folder: Path) -> None:
    """Make `folder` with mode 0700; refuse one that somebody else put in its place."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotRunError(
            f"{folder} belongs to another account; remove it, or use that account."
        )
    folder.chmod(0o700)
