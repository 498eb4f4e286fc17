"""`python -m msa.embedded run`, `… prepare` and `… exec -- COMMAND…`.

Everything is kept in `var/` of the project, or in the folder that `VAR_DIR` names. Ends with 0,
with 1 and one sentence when something is in the way, with 130 when asked to stop before it was
done, and `exec` with the status of its command.
"""

import argparse
import errno
import os
import sys
from pathlib import Path

from msa.embedded.command import execute
from msa.embedded.errors import CannotRunError, StopAskedError
from msa.embedded.layout import PROJECT, Layout
from msa.embedded.supervisor import prepare, run
from msa.embedded.terminal import Terminal

# What the system says of a place rather than of a mistake of ours.
_ENVIRONMENTAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE}


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    layout = Layout(Path(os.environ.get("VAR_DIR") or PROJECT / "var").resolve())
    try:
        match options.action:
            case "run":
                return run(layout, os.environ, Terminal())
            case "prepare":
                return prepare(layout, os.environ, Terminal())
            case _:
                return execute(layout, os.environ, Terminal(sys.stderr), options.command)
    except CannotRunError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in _ENVIRONMENTAL:
            raise
        print(f"{error.filename or layout.root}: {error.strerror}.", file=sys.stderr)
        return 1
    except StopAskedError:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m msa.embedded")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("run", help="start everything and stay")
    actions.add_parser("prepare", help="migrate, load catalogues and demo, collect files; then end")
    execution = actions.add_parser("exec", help="run a command with the database at hand")
    execution.add_argument("command", nargs="+", help="the command and its arguments, after --")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
