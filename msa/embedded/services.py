"""The four processes of the product, and the rule by which one that ended is started again."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from msa.embedded.environment import Address
from msa.embedded.layout import PROJECT, Layout
from msa.embedded.processes import Child, Recipe
from msa.embedded.terminal import Terminal

# A process that fails at once is tried again after 1, 2, 4, … and at most this many seconds.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

# One that ran this long has recovered; its next end counts as the first.
HEALTHY_SECONDS = 60.0

# Pages wait for the database more than they calculate; the pool behind them holds twelve.
THREADS = 8

# The demo's background work keeps one core busy for moments only.
WORKERS = 2


class Patience:
    """How long to wait before the next start of something that keeps ending."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_SECONDS

    def after(self, ran_seconds: float) -> float:
        """Return the pause, in seconds, after a life of `ran_seconds`."""
        if ran_seconds >= HEALTHY_SECONDS:
            self._next = FIRST_PAUSE_SECONDS
        pause = self._next
        self._next = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return pause


@dataclass
class Service:
    """One process of the product: its recipe and, once started, its child."""

    recipe: Recipe
    terminal: Terminal
    patience: Patience
    child: Child | None = None
    due: float | None = None

    def start(self) -> None:
        self.child = Child(self.recipe, self.terminal)
        self.due = None

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()

    def look_after(self) -> None:
        """Say that it ended, and start it again when its pause is over."""
        if self.child is None or self.child.status is None:
            return
        if self.due is None:
            self.child.sweep()
            pause = self.patience.after(self.child.age_seconds)
            self.due = time.monotonic() + pause
            self.terminal.say(
                f"{self.recipe.name} {self.child.ending}; starting it again in {pause:g} s "
                f"(log: {self.recipe.log})."
            )
        elif time.monotonic() >= self.due:
            self.start()


def product_services(
    layout: Layout,
    terminal: Terminal,
    environment: Mapping[str, str],
    address: Address,
    *,
    with_mailbox: bool,
) -> list[Service]:
    """Return the services in the order of their start; the mailbox is the demo's mail server."""
    commands = {"mailbox": _mailbox(layout, environment)} if with_mailbox else {}
    commands |= {
        "web": _web(address, environment),
        "worker": _worker(),
        "beat": _beat(),
    }
    return [
        Service(
            Recipe(
                name=name,
                command=[sys.executable, "-m", *command],
                environment=environment,
                folder=PROJECT,
                log=layout.logs / f"{name}.log",
            ),
            terminal,
            Patience(),
        )
        for name, command in commands.items()
    ]


def _mailbox(layout: Layout, environment: Mapping[str, str]) -> list[str]:
    listen = f"{environment['EMAIL_HOST']}:{environment['EMAIL_PORT']}"
    handler = ["-c", "aiosmtpd.handlers.Mailbox", str(layout.mailbox)]
    return ["aiosmtpd", "-n", "-l", listen, *handler]


def _web(address: Address, environment: Mapping[str, str]) -> list[str]:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return [
        "gunicorn",
        "msa.wsgi",
        f"--bind={host}:{address.port}",
        f"--workers={environment['WEB_CONCURRENCY']}",
        f"--threads={THREADS}",
        "--graceful-timeout=10",
        "--log-level=warning",
        "--no-control-socket",
    ]


def _worker() -> list[str]:
    return [
        *("celery", "-A", "msa", "--quiet", "worker"),
        f"--concurrency={WORKERS}",
        "--loglevel=WARNING",
        "--without-gossip",
        "--without-mingle",
    ]


def _beat() -> list[str]:
    return [
        *("celery", "-A", "msa", "--quiet", "beat"),
        "--pidfile=",  # the folder's lock already keeps a second one away
        "--loglevel=WARNING",
    ]
