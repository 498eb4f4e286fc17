"""What must have happened before the product is started: schema, catalogues, files, demo.

Every step may be repeated. All are passed over when neither the code, nor the settings, nor the
migrations applied to the database differ from those of the last time, so that a warm start costs
no start of Django.
"""

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from msa.embedded.errors import CannotRunError
from msa.embedded.layout import PROJECT, Layout
from msa.embedded.processes import Child, Recipe
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts

# The demo, the longest step, takes some seconds; a step that takes this long hangs.
STEP_SECONDS = 600.0

# What the steps read; tests and documents change nothing.
_CODE = (
    "accounts",
    "demo",
    "healthcheck",
    "incidents",
    "locale",
    "msa",
    "programmes",
    "reports",
    "static",
    "tam",
    "templates",
    "manage.py",
    "requirements.lock",
)
_DERIVED = {".pyc", ".mo"}

# The settings that a step writes into the database or reaches it by.
_SETTINGS = ("DATABASE_", "REDIS_", "DEMO", "MAIL_DOMAIN", "VENDOR_NAME")


@dataclass(frozen=True)
class Step:
    """A command, and what it does in the words of a person: "Doing failed"."""

    name: str
    doing: str
    arguments: tuple[str, ...]


def _manage(name: str, doing: str, *options: str) -> Step:
    return Step(name, doing, (str(PROJECT / "manage.py"), name, *options))


_STEPS = (
    _manage("migrate", "Bringing the database up to date", "--no-input"),
    _manage("load_programmes", "Loading the programmes"),
    _manage("load_categories", "Loading the categories"),
    Step("translations", "Compiling the translations", ("-m", "msa.translations", "compile")),
    _manage("collectstatic", "Collecting the static files", "--no-input"),
    _manage("load_demo", "Loading the demo"),
    _manage("check", "Checking the settings", "--database", "default", "--fail-level", "ERROR"),
)
_PEOPLE = _manage("demo_people", "Listing the people of the demo")


@dataclass
class Preparation:
    layout: Layout
    environment: Mapping[str, str]
    terminal: Terminal
    interrupts: Interrupts

    def run(self) -> None:
        """Take all steps unless nothing differs; CannotRunError names the one that failed."""
        if self._seen() == self._fingerprint():
            return
        self.layout.prepared.unlink(missing_ok=True)
        with_demo = self.environment.get("DEMO") != "0"
        for step in _STEPS:
            if with_demo or step.name != "load_demo":
                self.terminal.say(f"{step.doing} …")
                self._take(step)
        self.layout.people.unlink(missing_ok=True)
        if with_demo:
            self._take(_PEOPLE)
            self._log(_PEOPLE).replace(self.layout.people)
        self.layout.prepared.write_text(self._fingerprint())

    def _take(self, step: Step) -> None:
        log = self._log(step)
        log.unlink(missing_ok=True)
        child = Child(
            Recipe(
                name=step.name,
                command=[sys.executable, *step.arguments],
                environment=self.environment,
                folder=PROJECT,
                log=log,
                shown=False,
            ),
            self.terminal,
        )
        try:
            while child.status is None and child.age_seconds < STEP_SECONDS:
                self.interrupts.pause()
        finally:
            succeeded = child.status == 0
            child.stop()
        if not succeeded:
            raise CannotRunError(
                f"{step.doing} failed ({child.last_line or child.ending}); its log is {log}."
            )

    def _log(self, step: Step) -> Path:
        return self.layout.logs / f"{step.name}.log"

    def _seen(self) -> str | None:
        try:
            return self.layout.prepared.read_text()
        except FileNotFoundError:
            return None

    def _fingerprint(self) -> str:
        facts = [
            _applied_migrations(self.environment["DATABASE_OWNER_URL"]),
            str(self.layout.static.exists()),
            *(
                f"{name}={value}"
                for name, value in sorted(self.environment.items())
                if name.startswith(_SETTINGS)
            ),
            *_code_stamps(),
        ]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _applied_migrations(url: str) -> str:
    """Return what tells one state of the schema from another; one taken back counts too."""
    with psycopg.connect(url) as connection:
        if connection.execute("select to_regclass('django_migrations')").fetchone() == (None,):
            return "none"
        return str(connection.execute("select count(*), max(id) from django_migrations").fetchone())


def _code_stamps() -> list[str]:
    stamps = []
    for name in _CODE:
        top = PROJECT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.suffix not in _DERIVED and path.is_file():
                found = path.stat()
                stamps.append(f"{path} {found.st_size} {found.st_mtime_ns}")
    return stamps
