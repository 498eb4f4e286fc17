"""A desk whose clock the test holds: `python -m tests.browser.stage PORT LINES`.

The whole product in one process: every page is served at the instant on the stage, and time passes
only when the test says so; then everything that the beat does is done at that instant.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from msa.embedded.layout import PROJECT
from tests.browser.desk import free_port
from tests.stores import embedded_folder

_CONTROL: Final = "/the-clock/"
_READY: Final = "The curtain is up."


@dataclass(frozen=True)
class Stage:
    """A running stage; `let_time_pass` is the only way in which it gets later."""

    url: str

    def let_time_pass(self, until: str) -> None:
        """Go on to an instant (ISO 8601 with its offset), and let the beat look there once."""
        request = urllib.request.Request(self.url + _CONTROL, data=until.encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 204


@contextmanager
def raised_stage(folder: Path, lines: Iterable[dict[str, Any]]) -> Iterator[Stage]:
    """Play `lines` on an empty desk of its own, and open it at the instant of the last one."""
    with embedded_folder(folder) as layout:
        port = free_port()
        story = folder / "story.json"
        story.write_text(json.dumps(list(lines)))
        environment = {
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(layout.root),
            "PORT": str(port),
            "DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "msa.settings",
        }
        embedded = [sys.executable, "-m", "msa.embedded"]
        subprocess.run([*embedded, "prepare"], cwd=PROJECT, env=environment, check=True)
        process = subprocess.Popen(
            [*embedded, "exec", "--", sys.executable, "-m", __name__, str(port), str(story)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                assert process.stdout is not None
                said = process.stdout.readline()
                assert said == f"{_READY}\n", said
                yield Stage(f"http://localhost:{port}")
            finally:
                process.terminate()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its own name)
        """Say nothing: the test sees what comes back."""


class _Theatre:
    """The application behind a clock of its own."""

    def __init__(self, application: Callable[..., Iterable[bytes]], instant: datetime) -> None:
        self.application = application
        self.instant = instant

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from msa import clock

        if environ["PATH_INFO"] == _CONTROL:
            length = int(environ["CONTENT_LENGTH"])
            self.go_on(datetime.fromisoformat(environ["wsgi.input"].read(length).decode()))
            start_response("204 No Content", [])
            return []
        with clock.at(self.instant):
            return self.application(environ, start_response)

    def go_on(self, until: datetime) -> None:
        """Do at an instant all that the beat does every few seconds."""
        from msa import clock, tasks

        self.instant = until
        with clock.at(until):
            for name in _ticking():
                getattr(tasks, name)()
            tasks.relay_outbox()


def _ticking() -> list[str]:
    """Name the tasks of every tick, the mail left out: nobody here takes letters."""
    from msa.celery import TICK, app

    schedule = app.conf.beat_schedule.values()
    names = [line["task"].rpartition(".")[2] for line in schedule if line["schedule"] == TICK]
    return [name for name in names if name != "send_mail"]


def _open(port: int, story: Path) -> None:
    from msa.wsgi import application
    from tests.browser.people import play

    lines = json.loads(story.read_text())
    play(lines)
    theatre = _Theatre(application, datetime.fromisoformat(lines[-1]["at"]))
    theatre.go_on(theatre.instant)
    server = make_server("127.0.0.1", port, theatre, _Server, _Quiet)
    sys.stdout.write(f"{_READY}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _open(int(sys.argv[1]), Path(sys.argv[2]))
