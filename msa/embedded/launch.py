"""The first moments of a child, in the child: who it is, and that it dies with its parent.

Run as a script of its own (`python -I -S launch.py PARENT SIGNAL IDENTITY COMMAND…`), because code
between fork and exec must not run in a parent that has threads. IDENTITY is one of

- `same`: as the parent;
- `namespace:UID`: a user namespace in which the caller's account is called UID. For a server that
  refuses to run as root; its files stay root's and nothing need be made readable;
- `account:UID:GID`: that account.

Ends with status 126 when the identity cannot be had, 127 when the command cannot be started.
"""

import ctypes
import os
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def main(parent: int, signal_number: int, identity: str, command: list[str]) -> None:
    try:
        _become(identity)
    except OSError as error:
        print(f"The identity {identity} cannot be had: {error.strerror}.", file=sys.stderr)
        sys.exit(126)
    _die_with_parent(parent, signal_number)
    try:
        os.execv(command[0], command)  # noqa: S606 - a shell is what must not be between
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}.", file=sys.stderr)
        sys.exit(127)


def _become(identity: str) -> None:
    kind, *numbers = identity.split(":")
    if kind == "namespace":
        _enter_namespace(int(numbers[0]))
    elif kind == "account":
        os.setgroups([])
        os.setgid(int(numbers[1]))
        os.setuid(int(numbers[0]))


def _enter_namespace(inner: int) -> None:
    """Order matters: the kernel takes a group map only after setgroups is given up."""
    outer_user, outer_group = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inner} {outer_user} 1")
    Path("/proc/self/gid_map").write_text(f"{inner} {outer_group} 1")


def _die_with_parent(parent: int, signal_number: int) -> None:
    """After the identity, since a change of credentials clears the request."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
