"""The story of `make run`: stores, preparation, the product, and a clean end."""

import http.client
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from msa.embedded.environment import Address, address, application_environment, is_busy
from msa.embedded.errors import CannotRunError, StopAskedError
from msa.embedded.layout import Layout
from msa.embedded.lock import FolderLock
from msa.embedded.preparation import Preparation
from msa.embedded.services import Patience, Service, product_services
from msa.embedded.stores import Running, Stores
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts

# Django starts in one second; a machine under load may take twenty times that.
ANSWER_SECONDS = 60.0

# The web processes of a supervisor that was killed notice it within a second and let the port go.
PORT_SECONDS = 5.0


def run(layout: Layout, person: Mapping[str, str], terminal: Terminal) -> int:
    """Start everything and stay until somebody asks for an end; return the exit status."""
    with Interrupts() as interrupts:
        try:
            with _held(layout) as lock:
                _Run(layout, person, terminal, interrupts, lock).go()
        except StopAskedError:
            terminal.say("Stopped.")
    return 0


def prepare(layout: Layout, person: Mapping[str, str], terminal: Terminal) -> int:
    """Take the steps of the preparation and end; for containers and deployments."""
    with Interrupts() as interrupts, _held(layout) as lock:
        stores = Stores(layout, person, terminal, interrupts)
        try:
            stores.start()
            environment = application_environment(layout, person, stores.urls)
            lock.tell({"pid": os.getpid(), "environment": stores.urls})
            Preparation(layout, environment, terminal, interrupts).run()
        finally:
            stores.stop()
    return 0


@dataclass
class _Run:
    layout: Layout
    person: Mapping[str, str]
    terminal: Terminal
    interrupts: Interrupts
    lock: FolderLock
    services: list[Service] = field(default_factory=list)

    def go(self) -> None:
        where = address(self.person)
        self._wait_for_port(where)
        stores = Stores(self.layout, self.person, self.terminal, self.interrupts)
        try:
            self.terminal.say("Getting PostgreSQL and Redis ready …")
            stores.start()
            environment = application_environment(self.layout, self.person, stores.urls)
            self._tell(where, environment)
            Preparation(self.layout, environment, self.terminal, self.interrupts).run()
            self._start_services(where, environment)
            self._wait_for_answer(where)
            self._welcome(where)
            self._watch(stores)
        finally:
            self._stop(stores)

    def _wait_for_port(self, where: Address) -> None:
        patience = PORT_SECONDS if self.lock.follows_crash else 0.0
        deadline = time.monotonic() + patience
        while is_busy(where.host, where.port):
            if time.monotonic() >= deadline:
                raise CannotRunError(
                    f"Port {where.port} is in use by another program; stop that, or choose "
                    f"another: PORT={where.port + 1} make run."
                )
            self.interrupts.pause()

    def _tell(self, where: Address, environment: Mapping[str, str]) -> None:
        named = {"DATABASE_URL", "REDIS_URL", "EMAIL_HOST", "EMAIL_PORT", "BASE_URL"}
        shared = {name: value for name, value in environment.items() if name in named}
        self.lock.tell({"pid": os.getpid(), "address": where.url, "environment": shared})

    def _start_services(self, where: Address, environment: Mapping[str, str]) -> None:
        self.terminal.say("Starting web, worker and beat …")
        with_mailbox = not self.person.get("EMAIL_HOST")
        for service in product_services(
            self.layout, self.terminal, environment, where, with_mailbox=with_mailbox
        ):
            self.services.append(service)
            service.start()

    def _wait_for_answer(self, where: Address) -> None:
        web = next(service for service in self.services if service.recipe.name == "web")
        deadline = time.monotonic() + ANSWER_SECONDS
        while (answer := _answer(where)) != "200 OK":
            ended = web.child is not None and web.child.status is not None
            if ended or time.monotonic() > deadline:
                said = web.child.last_line if web.child is not None and ended else answer
                raise CannotRunError(
                    f"The web server did not get ready ({said}); its log is {web.recipe.log}."
                )
            self.interrupts.pause(0.1)

    def _welcome(self, where: Address) -> None:
        self.terminal.say(f"\nMSA Desk is at {where.url}\n")
        if self.layout.people.exists():
            self.terminal.say(self.layout.people.read_text())
        if not self.person.get("EMAIL_HOST"):
            self.terminal.say(f"The mail it sends is at {where.url}/mailbox/")
        self.terminal.say(f"Logs are in {self.layout.logs}. Ctrl-C stops it.\n")

    def _watch(self, stores: Stores) -> None:
        patience = {one.server.name: Patience() for one in stores.running}
        while True:
            for one in stores.running:
                if one.child.status is not None:
                    self._revive(stores, one, patience[one.server.name])
            for service in self.services:
                service.look_after()
            self.interrupts.pause()

    def _revive(self, stores: Stores, one: Running, patience: Patience) -> None:
        pause = patience.after(one.child.age_seconds)
        self.terminal.say(
            f"{one.server.name} {one.child.ending}; starting it again in {pause:g} s "
            f"(log: {one.child.recipe.log})."
        )
        self.interrupts.pause(pause)
        stores.revive(one)

    def _stop(self, stores: Stores) -> None:
        """In the reverse order of the start: who uses a store ends before it."""
        self.terminal.say("Stopping …")
        while self.services:
            self.services.pop().stop()
        stores.stop()


@contextmanager
def _held(layout: Layout) -> Iterator[FolderLock]:
    """Hold the folder's lock, with what should lie in the folder made."""
    lock = FolderLock(layout)
    lock.prepare()
    if not lock.take():
        raise CannotRunError(_who_holds(lock))
    try:
        layout.create()
        yield lock
    finally:
        lock.free()


def _who_holds(lock: FolderLock) -> str:
    facts = lock.told() or {}
    process = f" (process {facts['pid']})" if "pid" in facts else ""
    if "address" in facts:
        return f"MSA Desk already runs from this folder, at {facts['address']}{process}."
    return f"Another command of this folder uses its database{process}; wait until it has ended."


def _answer(where: Address) -> str:
    """Return what the web server says of itself, in a few words."""
    connection = http.client.HTTPConnection(*where.local, timeout=5)
    try:
        connection.request("GET", "/health/ready", headers={"Host": urlsplit(where.url).netloc})
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    else:
        return f"{response.status} {response.reason}"
    finally:
        connection.close()
