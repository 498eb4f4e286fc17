"""The variables of the product's processes: the person's own, and ours where those say nothing.

README.md lists them all; `msa/settings.py` reads them.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from msa.embedded.errors import CannotRunError
from msa.embedded.layout import PROJECT, Layout

DEFAULT_PORT = 8000
DEFAULT_MAIL_PORT = 8025

_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Address:
    """Where the web server listens, and where a person finds it."""

    host: str
    port: int
    url: str

    @property
    def local(self) -> tuple[str, int]:
        """Where this machine reaches it."""
        return ("127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host, self.port)  # noqa: S104


def address(person: Mapping[str, str]) -> Address:
    """Read `HOST`, `PORT` and `BASE_URL`; CannotRunError when the port is none."""
    host = person.get("HOST") or "127.0.0.1"
    text = person.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST_PORT:
        raise CannotRunError(f"PORT is {text!r}; it must be a number from 1 to {_HIGHEST_PORT}.")
    port = int(text)
    return Address(host, port, (person.get("BASE_URL") or f"http://localhost:{port}").rstrip("/"))


def application_environment(
    layout: Layout, person: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, str]:
    """Return what `manage.py`, the web server, the workers and the beat start with."""
    ours = {
        "SECRET_KEY": _secret_key(layout, person),
        "DEBUG": "0",
        "INSECURE_COOKIES": "1",  # plain HTTP on the person's own machine
        "STAFF_SECOND_FACTOR": "0",  # so that everybody of the demo's cast gets in at once
        "BASE_URL": address(person).url,
        "DATABASE_OWNER_URL": urls["DATABASE_URL"],
        "DATABASE_ROLE": "msa_app",
        "MEDIA_ROOT": str(layout.media),
        "STATIC_ROOT": str(layout.static),
        "MAILBOX_DIR": str(layout.mailbox),
        "WEB_CONCURRENCY": "2",
        "PYTHONUNBUFFERED": "1",
        # On one's own machine and with messages as JSON, root is no danger to the worker.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    if not person.get("EMAIL_HOST"):
        ours |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(_free_port(DEFAULT_MAIL_PORT))}
    given = {name: value for name, value in person.items() if value}
    return {**ours, **given, **urls, "PYTHONPATH": _python_path(person)}


def is_busy(host: str, port: int) -> bool:
    """Whether another program listens there; CannotRunError when nobody could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise CannotRunError(
                f"Port {port} is for root only; choose another: PORT=8000 make run."
            ) from error
        except socket.gaierror as error:
            raise CannotRunError(f"HOST is {host!r}, which is no address.") from error
        except OSError:
            return True
    return False


def _secret_key(layout: Layout, person: Mapping[str, str]) -> str:
    """Return the person's, or one made once for this folder and kept from every other account."""
    if given := person.get("SECRET_KEY"):
        return given
    if not layout.secret_key.exists():
        unfinished = layout.secret_key.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(32))
        unfinished.replace(layout.secret_key)
    return layout.secret_key.read_text()


def _free_port(wanted: int) -> int:
    """Return the wanted port, or any other that nobody listens on."""
    if not is_busy("127.0.0.1", wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _python_path(person: Mapping[str, str]) -> str:
    """Put the project first, so that a command finds it from wherever it is started."""
    return os.pathsep.join(filter(None, (str(PROJECT), person.get("PYTHONPATH"))))
