"""`python -m msa.embedded exec -- COMMAND…`: one command with the stores at hand.

It uses those that another process of the folder has started, or starts them and stops them after
the command. Whoever started them for a command waits for the others that use them meanwhile;
`make run` does not, because it ends when a person says so.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msa.embedded.environment import application_environment
from msa.embedded.errors import CannotRunError, StopAskedError
from msa.embedded.layout import Layout
from msa.embedded.lock import FolderLock
from msa.embedded.processes import SAME_IDENTITY, launcher
from msa.embedded.stores import Stores
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts


def execute(
    layout: Layout, person: Mapping[str, str], terminal: Terminal, command: Sequence[str]
) -> int:
    """Run the command, Ctrl-C going to it and not to the stores; return its exit status."""
    program = _found(command[0], person)
    with Interrupts() as interrupts, _environment(layout, person, terminal, interrupts) as found:
        environment = {**found, "PATH": _path(person)}
        process = subprocess.Popen(
            [*launcher(SAME_IDENTITY, signal.SIGTERM), program, *command[1:]], env=environment
        )
        while process.poll() is None:
            try:
                interrupts.pause()
            except StopAskedError:
                if interrupts.forget() is not signal.SIGINT:
                    process.terminate()
        return process.returncode if process.returncode >= 0 else 128 - process.returncode


@contextmanager
def _environment(
    layout: Layout, person: Mapping[str, str], terminal: Terminal, interrupts: Interrupts
) -> Iterator[dict[str, str]]:
    """Yield the product's variables; the stores they lead to answer while this is open."""
    lock = FolderLock(layout)
    lock.prepare()
    with layout.users.open("a") as users:
        _wait_for(users, fcntl.LOCK_SH, interrupts)
        while not lock.take():
            if facts := lock.told():
                merged = {**facts["environment"], **person}
                yield application_environment(layout, merged, _urls(merged))
                return
            interrupts.pause()  # its holder has not started them yet
        stores = Stores(layout, person, terminal, interrupts)
        try:
            layout.create()
            stores.start()
            lock.tell({"pid": os.getpid(), "environment": stores.urls})
            yield application_environment(layout, person, stores.urls)
            _wait_for(users, fcntl.LOCK_EX, interrupts)
        finally:
            stores.stop()
            lock.free()


def _urls(merged: Mapping[str, str]) -> dict[str, str]:
    return {name: merged[name] for name in ("DATABASE_URL", "REDIS_URL")}


def _wait_for(file: IO[str], operation: int, interrupts: Interrupts) -> None:
    while True:
        try:
            fcntl.flock(file, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            interrupts.pause()
        else:
            return


def _path(person: Mapping[str, str]) -> str:
    """Put the programs of this Python's environment first."""
    return os.pathsep.join((str(Path(sys.executable).parent), person.get("PATH") or os.defpath))


def _found(name: str, person: Mapping[str, str]) -> str:
    program = shutil.which(name, path=_path(person))
    if program is None:
        raise CannotRunError(f"There is no command {name}.")
    return str(Path(program).absolute())
