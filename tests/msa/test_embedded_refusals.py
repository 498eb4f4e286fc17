"""What the embedded stack refuses and in which words, and the settings it hands to the product."""

import io
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from msa.embedded.environment import address, application_environment
from msa.embedded.errors import CannotRunError
from msa.embedded.lock import FolderLock
from msa.embedded.stores import (
    Stores,
    refuse_full_disk,
    refuse_unreachable_database,
    refuse_unreachable_redis,
)
from msa.embedded.supervisor import run
from msa.embedded.terminal import Terminal
from msa.embedded.waiting import Interrupts
from tests.stores import embedded_folder


@pytest.fixture
def layout(tmp_path):
    with embedded_folder(tmp_path / "var") as layout:
        yield layout


def test_a_second_run_is_refused_with_the_address_of_the_first(layout):
    lock = FolderLock(layout)
    assert lock.take() is True
    lock.tell({"pid": 4711, "address": "http://localhost:8000", "environment": {}})
    with pytest.raises(CannotRunError) as refusal:
        run(layout, {}, Terminal(io.StringIO()))
    lock.free()
    assert str(refusal.value) == (
        "MSA Desk already runs from this folder, at http://localhost:8000 (process 4711)."
    )


def test_a_busy_port_is_a_sentence_and_nothing_is_started(layout):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotRunError) as refusal:
            run(layout, {"PORT": str(port)}, Terminal(io.StringIO()))
    assert str(refusal.value) == (
        f"Port {port} is in use by another program; stop that, or choose another: "
        f"PORT={port + 1} make run."
    )
    assert sorted(path.name for path in layout.logs.iterdir()) == []


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_a_sentence(text):
    with pytest.raises(CannotRunError) as refusal:
        address({"PORT": text})
    assert str(refusal.value) == f"PORT is '{text}'; it must be a number from 1 to 65535."


def test_a_full_disk_is_a_sentence(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=12_000_000))
    with pytest.raises(CannotRunError) as refusal:
        refuse_full_disk(Path("/srv/var"))
    assert str(refusal.value) == (
        "The disk of /srv/var has only 12 MB free and 300 MB are needed; "
        "make room, or move the folder."
    )


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_an_unreachable_database_is_a_sentence_without_the_password():
    port = closed_port()
    with pytest.raises(CannotRunError) as refusal:
        refuse_unreachable_database("DATABASE_URL", f"postgresql://me:secret@127.0.0.1:{port}/msa")
    assert str(refusal.value) == (
        "The database that DATABASE_URL names does not answer: connection failed: connection to "
        f'server at "127.0.0.1", port {port} failed: Connection refused.'
    )


def test_an_address_of_another_database_is_a_sentence():
    with pytest.raises(CannotRunError) as refusal:
        refuse_unreachable_database("DATABASE_URL", "mysql://localhost/msa")
    assert str(refusal.value) == (
        "DATABASE_URL is not an address of PostgreSQL; it reads like "
        "postgresql://NAME:PASSWORD@HOST:5432/DATABASE."
    )


def test_an_unreachable_redis_is_a_sentence():
    port = closed_port()
    with pytest.raises(CannotRunError) as refusal:
        refuse_unreachable_redis(f"redis://127.0.0.1:{port}")
    assert str(refusal.value) == (
        "The Redis that REDIS_URL names does not answer: "
        f"Error 111 connecting to 127.0.0.1:{port}. Connection refused."
    )


def test_an_address_of_something_else_is_no_redis():
    with pytest.raises(CannotRunError) as refusal:
        refuse_unreachable_redis("http://localhost")
    assert str(refusal.value) == (
        "REDIS_URL is not an address of Redis; it reads like redis://HOST:6379."
    )


def test_named_servers_are_asked_before_any_is_started(layout):
    url = f"redis://127.0.0.1:{closed_port()}"
    stores = Stores(layout, {"REDIS_URL": url}, Terminal(io.StringIO()), Interrupts())
    with pytest.raises(CannotRunError):
        stores.start()
    assert stores.running == []


def test_the_secret_is_made_once_and_is_nobody_elses(layout):
    urls = {"DATABASE_URL": "postgresql:///msa", "REDIS_URL": "unix:///redis.sock"}
    first = application_environment(layout, {}, urls)["SECRET_KEY"]
    second = application_environment(layout, {}, urls)["SECRET_KEY"]
    assert (len(first), first == second) == (64, True)
    assert layout.secret_key.stat().st_mode & 0o777 == 0o600


def test_what_the_person_sets_wins(layout):
    urls = {"DATABASE_URL": "postgresql:///msa", "REDIS_URL": "unix:///redis.sock"}
    person = {"SECRET_KEY": "mine", "EMAIL_HOST": "mail.example", "PORT": "8123", "DEBUG": ""}
    found = application_environment(layout, person, urls)
    names = ("SECRET_KEY", "EMAIL_HOST", "DEBUG", "BASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    assert {name: found[name] for name in names} == {
        "SECRET_KEY": "mine",
        "EMAIL_HOST": "mail.example",
        "DEBUG": "0",
        "BASE_URL": "http://localhost:8123",
        "DATABASE_OWNER_URL": "postgresql:///msa",
        "REDIS_URL": "unix:///redis.sock",
    }
    assert "EMAIL_PORT" not in found
