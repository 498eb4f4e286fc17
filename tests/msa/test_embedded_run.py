"""The whole of `make run`, once: a first start, killed processes, a clean end, a warm start."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from msa.embedded.layout import PROJECT, Layout
from tests.stores import embedded_folder

# The first start takes eight seconds on two idle cores; tests beside it may take the cores.
PATIENCE_SECONDS = 90.0


@pytest.fixture
def layout(tmp_path):
    with embedded_folder(tmp_path / "var") as layout:
        yield layout


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_run_survives_kills_and_starts_warm(layout, port):
    with running(layout, port) as first:
        lines = until_ready(first)
        assert "Bringing the database up to date …" in lines
        assert f"MSA Desk is at http://localhost:{port}" in lines
        assert health(port) == 200

        for name in ("gunicorn", "postgres", "redis-server"):
            kill_and_await_another(first.pid, name)
            wait_until(lambda: health(port) == 200)

        first.send_signal(signal.SIGINT)
        rest, _ = first.communicate(timeout=PATIENCE_SECONDS)
        assert (first.returncode, rest.splitlines()[-1]) == (0, "Stopped.")
        assert children_of(first.pid) == {}

    with running(layout, port) as second:
        assert until_ready(second)[:2] == [
            "Getting PostgreSQL and Redis ready …",
            "Starting web, worker and beat …",
        ]
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=PATIENCE_SECONDS)
        assert second.returncode == 0


@contextmanager
def running(layout: Layout, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run in an environment of its own, and end with certainty: the children die with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "msa.embedded", "run"],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(layout.root),
            "PORT": str(port),
            "DEMO": "0",
            "WEB_CONCURRENCY": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def until_ready(process: subprocess.Popen[str]) -> list[str]:
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("Logs are in "):
            return lines
    raise AssertionError("\n".join(lines))


def health(port: int) -> int:
    """Return the status of the answer, 0 when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def kill_and_await_another(parent: int, name: str) -> None:
    """Kill the child of `parent` whose command line has `name`, and wait for its successor."""
    (victim,) = named_children(parent, name)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: named_children(parent, name) not in ([], [victim]))


def named_children(parent: int, name: str) -> list[int]:
    return [pid for pid, words in children_of(parent).items() if name in words]


def children_of(parent: int) -> dict[int, str]:
    """Return the command lines of the living children of `parent`, by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, above = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if int(above) == parent and state != "Z":
            found[int(entry.name)] = words
    return found


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
