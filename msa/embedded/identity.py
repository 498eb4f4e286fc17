"""Which account PostgreSQL runs under: it refuses to be root, and root need not open its files.

As an ordinary account everything is as it is. As root a user namespace of its own, in which root is
called otherwise and its files stay root's. Where the kernel refuses that (most containers), an
existing unprivileged account.
"""

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from msa.embedded.errors import CannotRunError
from msa.embedded.processes import SAME_IDENTITY, launcher

# Asked in this order; every Linux system has one of them.
UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody", "daemon")

_WAY_OUT = "run `make` as an ordinary user, or set DATABASE_URL."


@dataclass(frozen=True)
class Identity:
    """How a server is started (`word`, as in `launch.py`) and who owns its files."""

    word: str
    user: int
    group: int

    @property
    def is_other_account(self) -> bool:
        return self.word.startswith("account:")

    def create_private(self, folder: Path) -> None:
        """Make `folder`, for this identity alone; its parent belongs to the caller alone."""
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, self.user, self.group)


def choose_identity(*, other_account: bool) -> Identity:
    """Return root's identity by preference, `other_account` where the data belongs to one already.

    Raises CannotRunError where root has no other account to hand.
    """
    if os.geteuid() != 0:
        return Identity(SAME_IDENTITY, os.geteuid(), os.getegid())
    account = _unprivileged_account()
    namespace = f"namespace:{account.pw_uid}"
    if not other_account and _works(namespace):
        return Identity(namespace, 0, 0)
    other = f"account:{account.pw_uid}:{account.pw_gid}"
    if _works(other):
        return Identity(other, account.pw_uid, account.pw_gid)
    raise CannotRunError(
        "PostgreSQL does not run as root, and here root cannot take another account; " + _WAY_OUT
    )


def _unprivileged_account() -> pwd.struct_passwd:
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotRunError(
        "PostgreSQL does not run as root, and no unprivileged account exists here; " + _WAY_OUT
    )


def _works(word: str) -> bool:
    command = [*launcher(word, signal.SIGKILL), "/bin/sh", "-c", ":"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
