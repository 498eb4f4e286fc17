"""The embedded stack: real servers in folders of their own, and real signals."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from msa.embedded import preparation, terminal
from msa.embedded.errors import CannotRunError, StopAskedError
from msa.embedded.identity import choose_identity
from msa.embedded.layout import PROJECT, Layout
from msa.embedded.lock import FolderLock
from msa.embedded.preparation import Preparation, Step
from msa.embedded.processes import Child, Recipe, launcher
from msa.embedded.services import Patience, Service
from msa.embedded.stores import Stores
from msa.embedded.terminal import LogFile, Terminal
from msa.embedded.waiting import Interrupts
from tests.stores import embedded_folder

# No wait in this file should come near it; it turns a hang into a failure.
PATIENCE_SECONDS = 30.0


@pytest.fixture
def layout(tmp_path):
    with embedded_folder(tmp_path / "var") as layout:
        yield layout


@pytest.fixture
def stores(layout):
    """Servers that do not wait for the disk; a test that kills one makes it durable first."""
    stores = Stores(layout, {}, Terminal(io.StringIO()), Interrupts(), durable=False)
    yield stores
    stores.stop()


def remember(stores: Stores, fact: str) -> None:
    with psycopg.connect(stores.urls["DATABASE_URL"]) as connection:
        connection.execute("create table if not exists facts (fact text)")
        connection.execute("insert into facts values (%s)", [fact])


def remembered(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [fact for (fact,) in connection.execute("select fact from facts order by 1")]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def kill(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: child.status is not None)


def start_child(layout: Layout, *command: str, stream: io.StringIO | None = None) -> Child:
    recipe = Recipe(
        name="child",
        command=command,
        environment={"PATH": os.defpath},
        folder=layout.root,
        log=layout.logs / "child.log",
        shown=stream is not None,
    )
    return Child(recipe, Terminal(stream or io.StringIO()))


def start_command(layout: Layout, *command: str) -> subprocess.Popen[str]:
    """Start `exec` for the folder of `layout`, with an environment that names no servers."""
    named = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}
    inherited = {name: value for name, value in os.environ.items() if name not in named}
    return subprocess.Popen(
        [sys.executable, "-m", "msa.embedded", "exec", "--", *command],
        cwd=PROJECT,
        env={**inherited, "VAR_DIR": str(layout.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


SAY_FACTS = (
    "import os, psycopg\n"
    "with psycopg.connect(os.environ['DATABASE_URL']) as connection:\n"
    "    print(*connection.execute('select fact from facts').fetchone())\n"
)


# ---- servers ----


def test_data_outlive_a_stop(stores, layout):
    stores.start()
    remember(stores, "kept")
    pids = [one.child.pid for one in stores.running]
    stores.stop()

    assert [Path(f"/proc/{pid}").exists() for pid in pids] == [False, False]
    assert (layout.postgres.exists() or layout.outside.exists()) is True

    stores.start()
    assert remembered(stores.urls["DATABASE_URL"]) == ["kept"]


def test_the_database_knows_letters_beyond_ascii(stores):
    stores.start()
    with psycopg.connect(stores.urls["DATABASE_URL"]) as connection:
        row = connection.execute(
            "select lower('ÉЖ'), to_tsvector('russian', 'Обновления')::text,"
            " current_setting('server_encoding'), current_setting('listen_addresses')"
        ).fetchone()
    assert row == ("éж", "'обновлен':1", "UTF8", "")


def test_killed_servers_come_back_with_their_data(stores):
    stores.durable = True
    stores.start()
    remember(stores, "kept")
    for one in stores.running:
        kill(one.child)
        assert one.child.ending == "was ended by SIGKILL"
        stores.revive(one)

    assert remembered(stores.urls["DATABASE_URL"]) == ["kept"]
    with redis.Redis.from_url(stores.urls["REDIS_URL"]) as client:
        assert client.ping() is True


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(stores):
    stores.start()
    remember(stores, "kept")
    postgres = next(one for one in stores.running if one.server.name == "postgres")
    data = Path(postgres.child.recipe.folder)
    stores.stop()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n/nowhere\n\n")

    stores.start()
    assert remembered(stores.urls["DATABASE_URL"]) == ["kept"]


def test_an_interrupted_first_start_is_begun_anew(stores, layout):
    unfinished = layout.postgres.with_name("postgres.new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")

    stores.start()
    remember(stores, "kept")
    assert remembered(stores.urls["DATABASE_URL"]) == ["kept"]


def test_data_of_another_version_are_refused_in_a_sentence(stores, layout):
    layout.postgres.mkdir()
    (layout.postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(CannotRunError) as refusal:
        stores.start()
    assert str(refusal.value) == (
        f"The database in {layout.postgres} was made by PostgreSQL 17, and this is PostgreSQL 18; "
        "dump it with the old one, or move it away."
    )


def test_postgres_never_runs_as_root():
    identity = choose_identity(other_account=False)
    done = subprocess.run(
        [*launcher(identity.word, signal.SIGKILL), "/usr/bin/id", "-u"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) != 0


def test_a_long_folder_gets_a_short_place_for_its_sockets(tmp_path):
    plain = Layout(Path("/srv/desk/var"))
    long = Layout(tmp_path / ("long" * 25))
    spaced = Layout(Path("/srv/my desk/var"))
    assert plain.sockets == Path("/srv/desk/var/sockets")
    assert long.sockets.parent == spaced.sockets.parent == Path(os.environ.get("TMPDIR", "/tmp"))
    assert long.sockets != spaced.sockets


# ---- commands beside a run ----


def test_a_command_uses_the_stores_that_run(stores, layout):
    lock = FolderLock(layout)
    assert lock.take() is True
    stores.start()
    remember(stores, "shared")
    lock.tell({"pid": os.getpid(), "environment": stores.urls})

    said, complained = start_command(layout, "python", "-c", SAY_FACTS).communicate(timeout=30)
    lock.free()
    assert (said, complained) == ("shared\n", "")


def test_a_killed_command_leaves_a_folder_that_starts_at_once(stores, layout):
    first = start_command(layout, "sleep", "60")
    told = layout.root / "running.json"
    wait_until(told.exists)
    first.kill()
    first.communicate(timeout=30)

    second = start_command(layout, "sh", "-c", "echo $DATABASE_ROLE; exit 7")
    said, complained = second.communicate(timeout=60)
    assert (said, complained, second.returncode) == ("msa_app\n", "", 7)
    assert told.exists() is False


def test_a_command_that_is_not_there_is_a_sentence(layout):
    done = start_command(layout, "no-such-command")
    said, complained = done.communicate(timeout=30)
    assert (said, complained, done.returncode) == (
        "",
        "There is no command no-such-command.\n",
        1,
    )


# ---- children ----


def test_lines_of_a_child_carry_its_name_and_stay_in_its_log(layout):
    stream = io.StringIO()
    child = start_child(layout, "/bin/sh", "-c", "echo one; echo two >&2", stream=stream)
    wait_until(lambda: child.status is not None)
    child.stop()
    assert stream.getvalue() == "child    | one\nchild    | two\n"
    assert child.recipe.log.read_text() == "one\ntwo\n"
    assert child.ending == "ended with status 0"


def test_a_child_that_will_not_stop_is_killed_with_its_children(layout):
    child = start_child(layout, "/bin/sh", "-c", 'trap "" TERM; sleep 60 & echo $!; wait; wait')
    wait_until(lambda: child.last_line)
    grandchild = Path("/proc") / child.last_line
    child.stop(seconds=0.1)
    assert child.ending == "was ended by SIGKILL"
    wait_until(lambda: not grandchild.exists() or "Z" in (grandchild / "stat").read_text())


def test_a_service_that_ends_is_announced_and_started_again(layout):
    stream = io.StringIO()
    recipe = Recipe("web", ["/bin/sleep", "60"], {}, layout.root, layout.logs / "web.log")
    service = Service(recipe, Terminal(stream), Patience())
    service.start()
    killed = running_child(service)
    kill(killed)
    wait_until(lambda: running_child(service) is not killed)

    assert running_child(service).status is None
    assert stream.getvalue() == (
        f"web was ended by SIGKILL; starting it again in 1 s (log: {recipe.log}).\n"
    )
    service.stop()


def running_child(service: Service) -> Child:
    """Look after the service, as the supervisor does all the time, and return its child."""
    service.look_after()
    assert service.child is not None
    return service.child


def test_the_pause_before_a_new_start_doubles_has_a_limit_and_is_forgotten():
    patience = Patience()
    assert [patience.after(0.5) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert [patience.after(60.0), patience.after(0.5)] == [1, 2]


def test_a_log_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(terminal, "LONGEST_LOG_BYTES", 10)
    with LogFile(tmp_path / "web.log") as log:
        for line in ("first", "second", "third"):
            log.write(line)
    assert (tmp_path / "web.log.1").read_text() == "first\nsecond\n"
    assert (tmp_path / "web.log").read_text() == "third\n"


def test_a_signal_ends_a_pause_and_nothing_else():
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopAskedError):
            interrupts.pause(PATIENCE_SECONDS)
        assert interrupts.forget() is signal.SIGTERM
        interrupts.pause(0)


# ---- preparation ----


def test_steps_are_taken_once_and_again_when_the_schema_differs(stores, layout, monkeypatch):
    stores.start()
    trace = layout.root / "trace"
    code = f"open({str(trace)!r}, 'a').write('step ')"
    monkeypatch.setattr(preparation, "_STEPS", (Step("trace", "Tracing", ("-c", code)),))
    environment = {"DATABASE_OWNER_URL": stores.urls["DATABASE_URL"], "DEMO": "0"}
    prepared = Preparation(layout, environment, Terminal(io.StringIO()), Interrupts())
    prepared.run()
    prepared.run()
    assert trace.read_text() == "step "

    with psycopg.connect(stores.urls["DATABASE_URL"]) as connection:
        connection.execute("create table django_migrations (id bigint)")
    prepared.run()
    assert trace.read_text() == "step step "


def test_a_step_that_fails_is_a_sentence_with_its_log(stores, layout, monkeypatch):
    stores.start()
    step = Step("burn", "Burning the disk", ("-c", "raise SystemExit('It is wet.')"))
    monkeypatch.setattr(preparation, "_STEPS", (step,))
    environment = {"DATABASE_OWNER_URL": stores.urls["DATABASE_URL"], "DEMO": "0"}
    with pytest.raises(CannotRunError) as refusal:
        Preparation(layout, environment, Terminal(io.StringIO()), Interrupts()).run()
    assert str(refusal.value) == (
        f"Burning the disk failed (It is wet.); its log is {layout.logs / 'burn.log'}."
    )
    assert layout.prepared.exists() is False
